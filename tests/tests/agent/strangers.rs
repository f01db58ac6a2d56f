//! Who is not answered, and which folders and sockets are not trusted. A second user needs the machine's root.
use crate::scene::Scene;
use crate::wire::{Client, LIMIT};
use crate::{Done, Test};
use envsplit_tests::exec;
use serde_json::json;
use std::os::unix::fs::{PermissionsExt, chown, symlink};
use std::os::unix::process::CommandExt;
use std::path::Path;
use std::process::{Command, ExitCode};

pub(crate) const TESTS: &[Test] = &[
    ("a_folder_that_others_may_use_is_refused", open_folder),
    ("a_linked_folder_is_refused", linked_folder),
    ("a_folder_of_another_user_is_refused", foreign_folder),
    ("another_users_connection_is_refused", other_user),
    ("a_socket_of_another_user_is_not_trusted", planted_socket),
    ("its_memory_is_closed_to_its_own_user", closed_memory),
];

/// The second user.
pub(crate) const OTHER: u32 = 4242;
const NEEDS_ROOT: &str = "needs root, for a second user";

fn set_mode(path: &Path, mode: u32) {
    std::fs::set_permissions(path, std::fs::Permissions::from_mode(mode)).unwrap();
}

/// Neither starts nor asks; `check` looks for itself.
fn refused(scene: &Scene, words: &str) {
    for command in [["daemon", "run"], ["daemon", "start"]] {
        let out = scene.ask(&command);
        assert_eq!(out.code, 70, "{command:?}: {}", out.text());
        assert!(out.text().contains(words), "{command:?}: {}", out.text());
    }
    let status = scene.ask(&["daemon", "status"]);
    assert_eq!(status.code, 3, "{}", status.text());
    assert!(status.text().contains(words), "{}", status.text());
    let report = scene.json(&["check", "--json"]);
    assert_eq!(report["schema"], "envsplit.report/v1");
}

fn open_folder(scene: &Scene) -> Done {
    std::fs::create_dir(scene.path("run")).unwrap();
    for mode in [0o770, 0o755, 0o707] {
        set_mode(&scene.path("run"), mode);
        refused(scene, "chmod 700");
    }
    Ok(())
}

fn linked_folder(scene: &Scene) -> Done {
    std::fs::create_dir(scene.path("elsewhere")).unwrap();
    set_mode(&scene.path("elsewhere"), 0o700);
    symlink(scene.path("elsewhere"), scene.path("run")).unwrap();
    refused(scene, "is a link");
    assert_eq!(std::fs::read_dir(scene.path("elsewhere")).unwrap().count(), 0, "something was made there");
    Ok(())
}

fn foreign_folder(scene: &Scene) -> Done {
    if !scene.root {
        return Err(NEEDS_ROOT.to_owned());
    }
    std::fs::create_dir(scene.path("run")).unwrap();
    set_mode(&scene.path("run"), 0o700);
    chown(scene.path("run"), Some(OTHER), Some(OTHER)).unwrap();
    refused(scene, &format!("belongs to user {OTHER}"));
    Ok(())
}

/// This program as the other user, reachable for it.
fn as_other(scene: &Scene) -> Command {
    let program = scene.path("stranger");
    if !program.exists() {
        std::fs::copy(std::env::current_exe().unwrap(), &program).unwrap();
        set_mode(&program, 0o755);
    }
    set_mode(&scene.path(""), 0o755);
    let mut command = Command::new(program);
    command.uid(OTHER).gid(OTHER).current_dir("/");
    command
}

fn other_user(scene: &Scene) -> Done {
    if !scene.root {
        return Err(NEEDS_ROOT.to_owned());
    }
    let agent = scene.start();
    let knock =
        |scene: &Scene| exec::run(as_other(scene).arg("--stranger").arg(scene.socket()), LIMIT).unwrap();
    let closed = knock(scene);
    assert!(closed.text().contains("Permission denied"), "{}", closed.text());
    // Even where the file rights let it through.
    set_mode(&scene.path("run"), 0o755);
    set_mode(&scene.socket(), 0o666);
    let open = knock(scene);
    assert_eq!(open.text(), "connected, and 0 bytes\n");
    set_mode(&scene.path("run"), 0o700);
    set_mode(&scene.socket(), 0o600);
    let log = scene.ask(&["daemon", "logs"]).text();
    assert!(log.contains("refused") && log.contains(&OTHER.to_string()), "{log}");
    assert!(!log.contains("stranger's-payload"), "{log}");
    assert_eq!(scene.status()["pid"], agent.pid());
    Ok(())
}

/// Says what the agent has to say to this user.
pub(crate) fn knock(socket: &Path) -> ExitCode {
    match Client::silent(socket) {
        Err(e) => println!("{e}"),
        Ok(mut client) => {
            // It may be closed before or after this is written.
            let _ = client.write(&json!({"jsonrpc": "2.0", "id": "stranger's-payload", "method": "status"}));
            client.stream.set_read_timeout(Some(LIMIT)).unwrap();
            let mut bytes = vec![];
            let _ = std::io::Read::read_to_end(&mut client.stream, &mut bytes);
            println!("connected, and {} bytes", bytes.len());
        }
    }
    ExitCode::SUCCESS
}

fn planted_socket(scene: &Scene) -> Done {
    if !scene.root {
        return Err(NEEDS_ROOT.to_owned());
    }
    std::fs::create_dir(scene.path("run")).unwrap();
    set_mode(&scene.path("run"), 0o700);
    let listener = std::os::unix::net::UnixListener::bind(scene.socket()).unwrap();
    set_mode(&scene.socket(), 0o600);
    chown(scene.socket(), Some(OTHER), Some(OTHER)).unwrap();
    let status = scene.ask(&["daemon", "status"]);
    assert_eq!(status.code, 3, "{}", status.text());
    assert!(status.text().contains(&format!("belongs to user {OTHER}")), "{}", status.text());
    assert_eq!(scene.json(&["check", "--json"])["schema"], "envsplit.report/v1");
    listener.set_nonblocking(true).unwrap();
    assert!(listener.accept().is_err(), "somebody spoke to it");
    Ok(())
}

fn closed_memory(scene: &Scene) -> Done {
    if !scene.root {
        return Err(NEEDS_ROOT.to_owned());
    }
    // As an ordinary user's, since root reads everything.
    for dir in ["", "data", "tmp"] {
        chown(scene.path(dir), Some(OTHER), Some(OTHER)).unwrap();
    }
    let bin = scene.path("envsplit");
    std::fs::copy(scene.bin(), &bin).unwrap();
    set_mode(&bin, 0o755);
    let spawned = Command::new(&bin)
        .args(["daemon", "run"])
        .env_clear()
        .envs(&scene.env)
        .uid(OTHER)
        .gid(OTHER)
        .current_dir("/")
        .spawn();
    let agent = crate::scene::Agent { child: spawned.unwrap() };
    crate::scene::until("it listens", || scene.socket().exists());
    for file in ["mem", "environ", "maps"] {
        let path = format!("/proc/{}/{file}", agent.pid());
        let out = exec::run(as_other(scene).args(["--reads", &path]), LIMIT).unwrap();
        assert!(out.text().contains("Permission denied"), "{path}: {}", out.text());
    }
    // What it was tried on is closed, not the way to look.
    let own = exec::run(as_other(scene).args(["--reads", "/proc/self/environ"]), LIMIT).unwrap();
    assert_eq!(own.text(), "open\n");
    Ok(())
}

/// Says whether this user may open the file.
pub(crate) fn reads(file: &Path) -> ExitCode {
    match std::fs::File::open(file).and_then(|mut f| std::io::Read::read(&mut f, &mut [0])) {
        Ok(_) => println!("open"),
        Err(e) => println!("{e}"),
    }
    ExitCode::SUCCESS
}
