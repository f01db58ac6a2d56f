//! Real processes, real sockets: one daemon of many starts, who is refused, hostile clients, the relay. The daemon here
//! is a mock, this very program run again.
#![cfg(target_os = "linux")]
#![allow(clippy::unwrap_used, clippy::disallowed_methods, missing_docs)] // reason: a test

#[path = "live/mock.rs"]
mod mock;
#[path = "live/refuse.rs"]
mod refuse;
#[path = "live/relay.rs"]
mod relay;
#[path = "live/scene.rs"]
mod scene;
#[path = "live/start.rs"]
mod start;
#[path = "live/talk.rs"]
mod talk;

const TESTS: &[(&str, fn())] = &[
    ("two_hundred_starts_give_one_daemon", start::two_hundred_starts_give_one_daemon),
    ("the_daemon_is_nobodys_child_and_takes_nothing_along", start::the_daemon_is_nobodys_child),
    ("what_a_killed_daemon_leaves_is_no_obstacle", start::what_a_killed_daemon_leaves),
    ("another_version_is_replaced_only_on_request", start::another_version),
    ("a_daemon_that_does_not_come_up_is_told", start::a_daemon_that_does_not_come_up),
    ("a_socket_of_systemd_is_taken_over", start::a_socket_of_systemd_is_taken_over),
    ("what_is_not_ours_is_not_taken_over", start::what_is_not_ours_is_not_taken_over),
    ("root_is_refused_by_another_users_daemon", refuse::root_is_refused),
    ("a_socket_that_another_user_serves_is_not_spoken_to", refuse::a_stranger_serves),
    ("each_hostile_client_ends_alone", refuse::each_hostile_client_ends_alone),
    ("a_question_has_its_answer_or_a_deadline", talk::a_question_has_its_answer_or_a_deadline),
    ("notifications_are_kept_while_a_question_is_open", talk::notifications_are_kept),
    ("a_thousand_clients_at_once_are_all_answered", talk::a_thousand_clients),
    ("a_daemon_that_takes_nobody_is_given_up", talk::a_daemon_that_takes_nobody),
    ("the_relay_starts_the_daemon_and_survives_its_end", relay::the_relay_survives),
    ("the_relay_ends_with_its_client", relay::the_relay_ends_with_its_client),
    ("the_relay_tells_a_client_that_does_not_speak", relay::a_client_that_does_not_speak),
    ("the_relay_ends_with_its_parent", relay::the_relay_ends_with_its_parent),
];

fn main() {
    let args: Vec<String> = std::env::args().skip(1).collect();
    let words: Vec<&str> = args.iter().map(String::as_str).collect();
    match words.as_slice() {
        ["daemon", "run"] => return mock::run(),
        ["start"] => return start::one(),
        ["rpc"] => return relay::rpc(),
        ["orphan"] => return relay::orphan(),
        ["listen"] => return refuse::listen(),
        _ => {}
    }
    if words.contains(&"--list") {
        for (name, _) in TESTS {
            println!("{name}: test");
        }
        return;
    }
    let asked: Vec<_> = words.iter().filter(|w| !w.starts_with('-')).collect();
    for (name, test) in
        TESTS.iter().filter(|(n, _)| asked.is_empty() || asked.iter().any(|a| n.contains(**a)))
    {
        test();
        println!("test {name} ... ok");
    }
    // What holds for root must hold for an ordinary user.
    if scene::is_root() && asked.is_empty() {
        let home = scene::scratch();
        let program = home.path().join("live");
        std::fs::copy(std::env::current_exe().unwrap(), &program).unwrap();
        std::os::unix::fs::chown(home.path(), Some(scene::NOBODY), Some(scene::NOBODY)).unwrap();
        let mut again = scene::command(&program);
        std::os::unix::process::CommandExt::uid(&mut again, scene::NOBODY);
        let status = again.env("TMPDIR", home.path()).status().unwrap();
        assert!(status.success(), "as an ordinary user");
    }
}
