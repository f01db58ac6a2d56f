//! Who is not answered, and what a hostile client gets.
use super::scene::{self, LONG, NOBODY, Scene, command, status, wait};
use envsplit_ipc::{Answer, Client, RuntimeDir, Unreachable};
use rustix::net::{AddressFamily, SocketAddrUnix, SocketType};
use std::io::{BufRead as _, BufReader, Read as _, Write as _};
use std::os::unix::net::UnixStream;
use std::os::unix::process::CommandExt as _;
use std::process::Stdio;

pub(crate) fn root_is_refused() {
    if !scene::is_root() {
        return; // only root can look at another user's socket
    }
    let scene = Scene::new();
    let dir = scene.dir();
    let program = scene.home().join("live");
    std::fs::copy(std::env::current_exe().unwrap(), &program).unwrap();
    std::os::unix::fs::chown(scene.home(), Some(NOBODY), Some(NOBODY)).unwrap();
    let mut daemon = command(&program);
    daemon.args(["daemon", "run"]).env("ENVSPLIT_RUNTIME_DIR", &dir).uid(NOBODY).gid(NOBODY);
    let mut daemon = daemon.stderr(Stdio::null()).spawn().unwrap();
    let socket = dir.join("envsplit.sock");
    wait("the other user's daemon listens", || UnixStream::connect(&socket).is_ok());

    let mut stream = UnixStream::connect(&socket).unwrap();
    let hello = r#"{"jsonrpc":"2.0","id":1,"method":"status"}"#;
    // It may be closed before or after this is written.
    let _ = write!(stream, "Content-Length: {}\r\n\r\n{hello}", hello.len());
    stream.set_read_timeout(Some(LONG)).unwrap();
    let mut answer = vec![];
    let _ = stream.read_to_end(&mut answer);
    assert!(answer.is_empty(), "root got an answer");

    let Answer::Unreachable(Unreachable::Place(e)) = Client::connect(&dir, "test", LONG) else {
        panic!("a folder of another user")
    };
    assert!(e.to_string().contains("belongs to user 65534"), "{e}");

    // The same user is answered: this program, started by that user.
    let mut own = command(&program);
    let own = own.arg("start").env("ENVSPLIT_RUNTIME_DIR", &dir).uid(NOBODY).gid(NOBODY).output().unwrap();
    assert_eq!(String::from_utf8_lossy(&own.stdout).trim(), daemon.id().to_string());
    daemon.kill().unwrap();
    daemon.wait().unwrap();
}

/// Listens on the socket that is its standard input, and says so.
pub(crate) fn listen() {
    rustix::net::listen(std::io::stdin(), 8).unwrap();
    println!("listening");
    let stream = rustix::net::accept(std::io::stdin()).unwrap();
    let mut seen = vec![];
    UnixStream::from(stream).read_to_end(&mut seen).unwrap();
    println!("{}", seen.len());
}

pub(crate) fn a_stranger_serves() {
    if !scene::is_root() {
        return; // needs a second user
    }
    let scene = Scene::new();
    let dir = RuntimeDir::make(&scene.dir()).unwrap();
    let socket = rustix::net::socket(AddressFamily::UNIX, SocketType::STREAM, None).unwrap();
    rustix::net::bind(&socket, &SocketAddrUnix::new(dir.socket()).unwrap()).unwrap();
    std::fs::set_permissions(dir.socket(), std::os::unix::fs::PermissionsExt::from_mode(0o600)).unwrap();
    let program = scene.home().join("live");
    std::fs::copy(std::env::current_exe().unwrap(), &program).unwrap();
    let mut stranger = command(&program);
    stranger.arg("listen").uid(NOBODY).gid(NOBODY).stdin(Stdio::from(socket)).stdout(Stdio::piped());
    let mut stranger = stranger.spawn().unwrap();
    let mut lines = BufReader::new(stranger.stdout.take().unwrap()).lines();
    assert_eq!(lines.next().unwrap().unwrap(), "listening");
    match Client::connect(&scene.dir(), "test", LONG) {
        Answer::Unreachable(Unreachable::Stranger { found: NOBODY, expected: 0 }) => {}
        other => panic!("{other:?}"),
    }
    assert_eq!(lines.next().unwrap().unwrap(), "0", "nothing was sent to it");
    stranger.wait().unwrap();
}

pub(crate) fn each_hostile_client_ends_alone() {
    let scene = Scene::new();
    let mut good = scene.start();
    let frame = |body: &str| format!("Content-Length: {}\r\n\r\n{body}", body.len());
    let deep = format!("{}1{}", "[".repeat(10_000), "]".repeat(10_000));
    let large = frame(&format!("\"{}\"", "x".repeat(70 << 10)));
    let cases: Vec<(&str, String, i32)> = vec![
        ("1 GB announced", "Content-Length: 1073741824\r\n\r\n".into(), -32010),
        ("larger than a stranger may send", large, -32010),
        ("negative", "Content-Length: -5\r\n\r\n".into(), -32600),
        ("huge", format!("Content-Length: {}\r\n\r\n", "9".repeat(40)), -32600),
        ("duplicate", "Content-Length: 2\r\nContent-Length: 2\r\n\r\n{}".into(), -32600),
        ("HTTP", "GET / HTTP/1.1\r\nHost: localhost\r\n\r\n".into(), -32600),
        ("endless header", "X: y\r\n".repeat(4000), -32600),
        ("no JSON", frame("{\"jsonrpc\":"), -32700),
        ("deep", frame(&deep), -32700),
        ("batch", frame("[]"), -32600),
        ("not JSON-RPC", frame("{\"id\":1,\"method\":\"status\"}"), -32600),
        ("not initialized", frame(r#"{"jsonrpc":"2.0","id":1,"method":"status"}"#), -32002),
    ];
    let socket = scene.dir().join("envsplit.sock");
    for (name, bytes, code) in cases {
        let mut stream = UnixStream::connect(&socket).unwrap();
        stream.set_read_timeout(Some(LONG)).unwrap();
        // What is too much is not read to its end: the daemon has closed by then.
        let _ = stream.write_all(bytes.as_bytes());
        let _ = stream.shutdown(std::net::Shutdown::Write);
        let mut answer = vec![];
        let _ = stream.read_to_end(&mut answer);
        let answer = String::from_utf8(answer).unwrap();
        assert!(answer.contains(&format!("\"code\":{code}")), "{name}: {answer}");
        assert_eq!(answer.matches("\"jsonrpc\":").count(), 1, "{name}: {answer}");
        status(&mut good);
    }
    // Half a header, half a body, nothing: they say nothing and go.
    for bytes in ["Content-Le", "Content-Length: 10\r\n\r\n{", ""] {
        let mut stream = UnixStream::connect(&socket).unwrap();
        stream.write_all(bytes.as_bytes()).unwrap();
        drop(stream);
        status(&mut good);
    }
}
