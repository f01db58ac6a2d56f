//! Start, stop, and what a violent end leaves.
use crate::scene::{KEY, Scene, config, until};
use crate::wire::Client;
use crate::{Done, Test};
use envsplit_tests::exec;
use rustix::process::{Pid, Signal, kill_process};
use serde_json::json;
use std::process::Stdio;
use std::sync::atomic::{AtomicBool, AtomicU64, Ordering};
use std::time::Duration;

pub(crate) const TESTS: &[Test] = &[
    ("start_stop_restart_and_what_status_says", start_stop_restart),
    ("a_second_daemon_does_not_run", a_second_daemon),
    ("two_hundred_starts_are_one_daemon", two_hundred_starts),
    ("signals_end_it_and_the_socket_goes", signals),
    ("a_kill_under_load_leaves_nothing_in_the_way", killed_under_load),
    ("another_version_is_told_to_restart", another_version),
    ("it_ends_when_nobody_asks", idle_exit),
];

fn started(scene: &Scene) -> u64 {
    scene.json(&["daemon", "start", "--json"])["pid"].as_u64().unwrap()
}

fn start_stop_restart(scene: &Scene) -> Done {
    assert_eq!(scene.ask(&["daemon", "status"]).code, 3);
    let stopped = scene.ask(&["daemon", "stop"]);
    assert_eq!(stopped.code, 0, "{}", stopped.text());
    let first = started(scene);
    assert_eq!(started(scene), first, "a second start finds the first");
    let status = scene.ask(&["daemon", "status", "--json"]);
    assert_eq!(status.code, 0, "{}", status.text());
    assert_eq!(scene.status()["pid"], first);
    assert!(scene.ask(&["daemon", "status"]).text().contains("pid"));
    let second = scene.json(&["daemon", "restart", "--json"])["pid"].as_u64().unwrap();
    assert_ne!(first, second);
    assert!(!alive(first), "the first has ended");
    assert_eq!(scene.ask(&["daemon", "stop"]).code, 0);
    assert!(!alive(second) && !scene.socket().exists());
    assert_eq!(scene.ask(&["daemon", "status"]).code, 3);
    let logs = scene.ask(&["daemon", "logs"]);
    assert!(logs.code == 0 && logs.text().contains("ready"), "{}", logs.text());
    Ok(())
}

/// Whether it runs; who has ended and is not yet taken away does not.
fn alive(pid: u64) -> bool {
    std::fs::read_to_string(format!("/proc/{pid}/stat")).is_ok_and(|s| !s.contains(") Z "))
}

fn a_second_daemon(scene: &Scene) -> Done {
    let agent = scene.start();
    let second = scene.ask(&["daemon", "run"]);
    assert_eq!(second.code, 2, "{}", second.text());
    assert!(second.text().contains("daemon status"), "{}", second.text());
    assert_eq!(scene.status()["pid"], agent.pid(), "the first still answers");
    Ok(())
}

fn two_hundred_starts(scene: &Scene) -> Done {
    let start = || scene.command(&["daemon", "start", "--json"]).stdout(Stdio::piped()).spawn().unwrap();
    let all: Vec<_> = (0..200).map(|_| start()).collect();
    let mut pids = std::collections::BTreeSet::new();
    for child in all {
        let out = child.wait_with_output().unwrap();
        assert!(out.status.success(), "{out:?}");
        let said: serde_json::Value = serde_json::from_slice(&out.stdout).unwrap();
        pids.insert(said["pid"].as_u64().unwrap());
    }
    assert_eq!(pids.len(), 1, "{pids:?}");
    assert_eq!(daemons(), pids.into_iter().collect::<Vec<_>>());
    Ok(())
}

fn daemons() -> Vec<u64> {
    let all = std::fs::read_dir("/proc").unwrap().flatten();
    let pids = all.filter_map(|e| e.file_name().to_str()?.parse().ok());
    let runs = |pid: &u64| {
        let words = std::fs::read(format!("/proc/{pid}/cmdline")).unwrap_or_default();
        words.windows(11).any(|w| w == b"daemon\0run\0") && alive(*pid)
    };
    pids.filter(runs).collect()
}

fn signals(scene: &Scene) -> Done {
    for signal in [Signal::TERM, Signal::INT] {
        let mut agent = scene.start();
        let mut client = scene.client();
        agent.signal(Signal::HUP);
        client.call("status", &json!({})).unwrap();
        agent.signal(signal);
        assert_eq!(agent.code(), Some(0));
        assert!(!scene.socket().exists(), "the socket is left");
        assert!(client.ends(crate::wire::LIMIT), "the connection is left");
    }
    Ok(())
}

fn killed_under_load(scene: &Scene) -> Done {
    let rounds = std::env::var("ENVSPLIT_ROUNDS").ok().and_then(|s| s.parse().ok()).unwrap_or(25);
    let (end, answers) = (AtomicBool::new(false), AtomicU64::new(0));
    std::thread::scope(|scope| {
        for n in 0..4 {
            let (end, answers) = (&end, &answers);
            scope.spawn(move || {
                while !end.load(Ordering::Relaxed) {
                    let Ok(mut client) = Client::connect(&scene.socket()) else {
                        std::thread::yield_now();
                        continue;
                    };
                    let params = json!({"fresh": n == 0});
                    while client.call("report/get", &params).is_ok() && !end.load(Ordering::Relaxed) {
                        answers.fetch_add(1, Ordering::Relaxed);
                    }
                }
            });
        }
        // A failure ends the load, too.
        let ran = std::panic::catch_unwind(|| {
            for round in 0..rounds {
                let pid = started(scene);
                let before = answers.load(Ordering::Relaxed);
                scene.replace(".codex/config.toml", config(&format!("round{round}")));
                until("the load goes on", || answers.load(Ordering::Relaxed) > before + 20);
                if round % 5 == 4 {
                    journalled(scene, round);
                }
                kill_process(Pid::from_raw(i32::try_from(pid).unwrap()).unwrap(), Signal::KILL).unwrap();
                until("it is gone", || !alive(pid));
            }
        });
        end.store(true, Ordering::Relaxed);
        if let Err(why) = ran {
            std::panic::resume_unwind(why);
        }
    });
    started(scene);
    journalled(scene, rounds);
    let history = scene.ask(&["history", "--json"]);
    assert_eq!(history.code, 0, "{}", history.text());
    let status = scene.status();
    assert!(status["journal"]["trouble"].is_null(), "{status}");
    let left: Vec<_> =
        std::fs::read_dir(scene.path("data")).unwrap().flatten().map(|e| e.file_name()).collect();
    assert!(!left.iter().any(|n| n.to_string_lossy().contains("corrupt")), "{left:?}");
    Ok(())
}

/// Saves the config until the journal has written down another change.
fn journalled(scene: &Scene, round: u32) {
    let entries = || scene.status()["journal"]["entries"].as_u64();
    let (before, mut n) = (entries(), 0);
    until("the journal goes on", || {
        n += 1;
        scene.replace(".codex/config.toml", config(&format!("journal{round}-{n}")));
        scene.client().call("report/get", &json!({"fresh": true})).unwrap();
        exec::wait_for(Duration::from_secs(2), || entries() > before)
    });
}

fn another_version(scene: &Scene) -> Done {
    let mut agent = scene.start();
    for (version, protocol) in [("9.9.9", 1), (env!("CARGO_PKG_VERSION"), 99)] {
        let mut client = Client::silent(&scene.socket()).unwrap();
        let hello = client.hello(version, protocol).unwrap();
        assert_eq!(hello["ready"], "needs-restart", "{hello}");
        assert!(hello["reason"].as_str().is_some_and(|r| !r.is_empty()), "{hello}");
        let refused = client.call("report/get", &json!({})).unwrap_err();
        assert!(refused.contains("restart"), "{refused}");
        assert_eq!(client.call("status", &json!({})).unwrap()["pid"], agent.pid());
    }
    let mut client = Client::silent(&scene.socket()).unwrap();
    client.hello("9.9.9", 1).unwrap();
    client.call("shutdown", &json!({})).unwrap();
    assert_eq!(agent.code(), Some(0));
    Ok(())
}

fn idle_exit(scene: &Scene) -> Done {
    let mut agent = scene.run(scene.command(&["daemon", "run", "--idle-exit", "2"]));
    let mut client = scene.client();
    assert!(!exec::wait_for(Duration::from_secs(5), || agent.child.try_wait().unwrap().is_some()));
    client.call("env/get", &json!({"name": KEY})).unwrap();
    drop(client);
    assert_eq!(agent.code(), Some(0));
    Ok(())
}
