//! Starts, ends and what is left over.
use super::scene::{self, LONG, Scene, command, kill, status, wait};
use envsplit_ipc::start::StartError;
use envsplit_ipc::{Answer, Client, LifeLock, RuntimeDir};
use std::os::fd::OwnedFd;
use std::os::unix::net::UnixListener;
use std::path::PathBuf;
use std::process::Stdio;
use std::time::Duration;

/// What a start by another process is: prints the daemon's process.
pub(crate) fn one() {
    let dir = PathBuf::from(std::env::var_os("ENVSPLIT_RUNTIME_DIR").unwrap());
    let replace = std::env::var_os("ENVSPLIT_MOCK_REPLACE").is_some();
    let limit =
        std::env::var("ENVSPLIT_MOCK_LIMIT_MS").map_or(LONG, |ms| Duration::from_millis(ms.parse().unwrap()));
    match (envsplit_ipc::Starter { replace, ..scene::starter(&dir) }).start(limit) {
        Ok(client) => println!("{}", client.daemon().pid),
        Err(e) => {
            eprintln!("{e}");
            std::process::exit(1);
        }
    }
}

pub(crate) fn two_hundred_starts_give_one_daemon() {
    let scene = Scene::new();
    let starts: Vec<_> = (0..200)
        .map(|_| scene.again("start").stdout(Stdio::piped()).stderr(Stdio::piped()).spawn().unwrap())
        .collect();
    let mut daemons = std::collections::BTreeSet::new();
    for start in starts {
        let done = start.wait_with_output().unwrap();
        assert!(done.status.success(), "{}", String::from_utf8_lossy(&done.stderr));
        daemons.insert(String::from_utf8(done.stdout).unwrap());
    }
    assert_eq!(daemons.len(), 1, "{daemons:?}");
    assert_eq!(scene.served(), 1);
}

pub(crate) fn the_daemon_is_nobodys_child() {
    let scene = Scene::new();
    let mut start = scene.again("start");
    start.env("CANARY", "sk-canary").env("LANG", "C.UTF-8").env("ENVSPLIT_X", "1");
    let start = start.stdout(Stdio::piped()).spawn().unwrap();
    let starter = start.id();
    assert!(start.wait_with_output().unwrap().status.success());
    let pid = scene.connect().daemon().pid;
    let stat = std::fs::read_to_string(format!("/proc/{pid}/stat")).unwrap();
    let fields: Vec<&str> = stat.rsplit(") ").next().unwrap().split(' ').collect();
    let (parent, session, terminal) = (fields[1], fields[3], fields[4]);
    assert_ne!(parent, starter.to_string());
    assert_ne!(parent, std::process::id().to_string());
    assert_ne!(session, std::fs::read_to_string("/proc/self/stat").unwrap().split(' ').nth(5).unwrap());
    assert_eq!(terminal, "0", "no terminal");
    let environ = std::fs::read(format!("/proc/{pid}/environ")).unwrap();
    let environ = String::from_utf8_lossy(&environ);
    let names: std::collections::BTreeSet<_> =
        environ.split('\0').filter_map(|e| e.split_once('=')).map(|(n, _)| n).collect();
    assert_eq!(names, ["ENVSPLIT_RUNTIME_DIR", "ENVSPLIT_X", "LANG", "PATH"].into(), "{environ}");
    assert_eq!(std::fs::read_link(format!("/proc/{pid}/cwd")).unwrap(), PathBuf::from("/"));
    for fd in 0..3 {
        assert_eq!(std::fs::read_link(format!("/proc/{pid}/fd/{fd}")).unwrap(), PathBuf::from("/dev/null"));
    }
}

pub(crate) fn what_a_killed_daemon_leaves() {
    let scene = Scene::new();
    let mut last = 0;
    for round in 1..=10 {
        let mut client = scene.start();
        let pid = status(&mut client).pid;
        assert_ne!(pid, last);
        assert_eq!(scene.served(), round);
        kill(pid);
        last = pid;
        wait("the lock is free", || !LifeLock::is_held(&RuntimeDir::open(&scene.dir()).unwrap()).unwrap());
    }
    assert!(RuntimeDir::open(&scene.dir()).unwrap().has_socket().unwrap(), "the socket was left over");
    assert!(!scene.starter().stop(LONG).unwrap(), "none ran");
    scene.start();
    assert!(scene.starter().stop(LONG).unwrap());
    assert!(matches!(Client::connect(&scene.dir(), "test", LONG), Answer::Unreachable(_)));
}

/// What a start by another process, with a variable of the mock's, says on both streams.
fn said(scene: &Scene, variable: &str, value: &str) -> (bool, String) {
    let done = scene.again("start").env(variable, value).output().unwrap();
    let text = [done.stdout, done.stderr].concat();
    (done.status.success(), String::from_utf8(text).unwrap())
}

pub(crate) fn another_version() {
    let scene = Scene::new();
    std::fs::write(scene.home().join("version"), "0.0.9").unwrap();
    let (done, text) = said(&scene, "ENVSPLIT_X", "");
    assert!(!done && text.contains("0.0.9") && text.contains("envsplit daemon restart"), "{text}");
    let Answer::NeedsRestart { mut client, reason } = Client::connect(&scene.dir(), "test", LONG) else {
        panic!("another version")
    };
    assert!(reason.contains("0.0.9"), "{reason}");
    let old = status(&mut client).pid;
    let (done, text) = said(&scene, "ENVSPLIT_X", "");
    assert!(!done && scene.served() == 1, "it was left alone: {text}");
    let (done, text) = said(&scene, "ENVSPLIT_MOCK_REPLACE", "1");
    assert!(done, "{text}");
    assert_ne!(scene.connect().daemon().pid, old);
    assert_eq!(scene.served(), 2);
}

pub(crate) fn a_daemon_that_does_not_come_up() {
    let scene = Scene::new();
    std::fs::write(scene.home().join("lame"), "").unwrap();
    let (done, text) = said(&scene, "ENVSPLIT_MOCK_LIMIT_MS", "200");
    assert!(!done && text.contains("`envsplit daemon run` in a terminal says why"), "{text}");
    let missing = envsplit_ipc::Starter { program: "/no/such/program".into(), ..scene.starter() };
    assert!(matches!(missing.start(LONG), Err(StartError::Spawn { .. })));
    std::fs::remove_file(scene.home().join("lame")).unwrap();
    scene.start();
}

/// The mock with a listener as its descriptor 3, as systemd hands it over.
fn activate(scene: &Scene, listener: impl Into<OwnedFd>, count: &str) -> std::process::Child {
    let script = r#"exec 3<&0 </dev/null; export LISTEN_PID=$$; exec "$0" daemon run"#;
    let mut shell = command("/bin/sh".as_ref());
    shell.args(["-c", script]).arg(std::env::current_exe().unwrap());
    shell.env("ENVSPLIT_RUNTIME_DIR", scene.dir()).env("LISTEN_FDS", count);
    shell.stdin(Stdio::from(listener.into())).stderr(Stdio::piped()).spawn().unwrap()
}

pub(crate) fn a_socket_of_systemd_is_taken_over() {
    let scene = Scene::new();
    let dir = RuntimeDir::make(&scene.dir()).unwrap();
    let listener = UnixListener::bind(dir.socket()).unwrap();
    std::fs::set_permissions(dir.socket(), std::os::unix::fs::PermissionsExt::from_mode(0o600)).unwrap();
    let mut daemon = activate(&scene, listener.try_clone().unwrap(), "1");
    let mut client = scene.connect();
    assert_eq!(status(&mut client).pid, daemon.id());
    assert!(scene.starter().stop(LONG).unwrap());
    assert!(daemon.wait().unwrap().success());
    assert!(dir.has_socket().unwrap(), "the socket is systemd's");

    // Without what systemd says, the socket that somebody serves is left alone.
    let mut other = scene.again("daemon");
    let done = other.arg("run").stderr(Stdio::piped()).output().unwrap();
    let said = String::from_utf8_lossy(&done.stderr).into_owned();
    assert!(done.status.code() == Some(4) && said.contains("another process listens"), "{said}");
    drop(listener);
}

pub(crate) fn what_is_not_ours_is_not_taken_over() {
    let scene = Scene::new();
    let dir = RuntimeDir::make(&scene.dir()).unwrap();
    let elsewhere = UnixListener::bind(scene.home().join("other.sock")).unwrap();
    let (stream, _end) = std::os::unix::net::UnixStream::pair().unwrap();
    let udp = std::net::UdpSocket::bind("127.0.0.1:0").unwrap();
    let file = std::fs::File::open("/dev/null").unwrap();
    let cases: [(OwnedFd, &str, &str); 5] = [
        (elsewhere.into(), "1", "where nobody looks"),
        (stream.into(), "1", "something else than a listening Unix stream socket"),
        (udp.into(), "1", "something else than a listening Unix stream socket"),
        (file.into(), "1", "no socket"),
        (std::fs::File::open("/dev/null").unwrap().into(), "2", "2 sockets, not one"),
    ];
    for (fd, count, expected) in cases {
        let done = activate(&scene, fd, count).wait_with_output().unwrap();
        let said = String::from_utf8_lossy(&done.stderr).into_owned();
        assert!(done.status.code() == Some(4) && said.contains(expected), "{expected}: {said}");
    }
    assert!(!dir.has_socket().unwrap());
}
