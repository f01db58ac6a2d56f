//! The relay as a process of its own, spoken to as an editor does.
use super::scene::{self, LONG, Scene, kill, wait};
use envsplit_ipc::frame::{self, Frames, Limits};
use envsplit_ipc::protocol::Payload;
use serde_json::{Value, json};
use std::path::PathBuf;
use std::process::{Child, ChildStdin, ChildStdout, Stdio};
use std::sync::mpsc::{Receiver, channel};

/// The relay between the standard streams and the mock.
pub(crate) fn rpc() {
    let dir = PathBuf::from(std::env::var_os("ENVSPLIT_RUNTIME_DIR").unwrap());
    if let Err(e) = envsplit_ipc::relay::run(&scene::starter(&dir), LONG, std::io::stdin(), std::io::stdout())
    {
        eprintln!("{e}");
        std::process::exit(5);
    }
}

/// A parent of the relay that goes when a file is there, and leaves it its pipes.
pub(crate) fn orphan() {
    let dir = PathBuf::from(std::env::var_os("ENVSPLIT_RUNTIME_DIR").unwrap());
    let mut child = std::process::Command::new(std::env::current_exe().unwrap());
    #[allow(clippy::zombie_processes)] // it outlives this process: that is the situation
    let _child = child.arg("rpc").spawn().unwrap();
    wait("the parent may go", || dir.with_file_name("go").exists());
}

/// An editor.
struct Editor {
    process: Child,
    input: Option<ChildStdin>,
    heard: Receiver<Option<Value>>,
}

impl Editor {
    fn of(scene: &Scene, word: &str) -> Self {
        let mut process = scene.again(word);
        process.stdin(Stdio::piped()).stdout(Stdio::piped()).stderr(Stdio::piped());
        let mut process = process.spawn().unwrap();
        let (input, output) = (process.stdin.take(), process.stdout.take().unwrap());
        Self { process, input, heard: hear(output) }
    }

    fn say(&mut self, message: &Value) {
        let payload = Payload::raw(message.to_string().into_bytes());
        frame::write(self.input.as_mut().unwrap(), &payload).unwrap();
    }

    /// The next message; `None` at the end of the output.
    fn hear(&self) -> Option<Value> {
        self.heard.recv_timeout(LONG).expect("something is heard")
    }

    fn ask(&mut self, id: u32, method: &str, params: &Value) -> Value {
        self.say(&json!({ "jsonrpc": "2.0", "id": id, "method": method, "params": params }));
        let heard = self.hear().expect("an answer");
        assert_eq!(heard["id"], id, "{heard}");
        heard
    }

    fn initialize(&mut self) -> Value {
        let client = json!({ "name": "editor", "version": "9.9.9" });
        self.ask(1, "initialize", &json!({ "protocol": 1, "version": "9.9.9", "client": client }))
    }
}

/// Nothing but frames of JSON is ever on the output.
fn hear(mut output: ChildStdout) -> Receiver<Option<Value>> {
    let (send, heard) = channel();
    std::thread::spawn(move || {
        let mut frames = Frames::new(Limits::DAEMON);
        loop {
            let body = frames.next(&mut output, || Ok(())).unwrap();
            let last = body.is_none();
            let value = body.map(|b| serde_json::from_slice(&b).unwrap());
            if send.send(value).is_err() || last {
                return;
            }
        }
    });
    heard
}

pub(crate) fn the_relay_survives() {
    let scene = Scene::new();
    let mut editor = Editor::of(&scene, "rpc");
    let hello = editor.initialize();
    assert_eq!(hello["result"]["ready"], "ready", "the relay says its own version: {hello}");
    let first = editor.ask(2, "status", &json!({}))["result"]["pid"].as_u64().unwrap();
    let report = editor.ask(3, "report/get", &json!({}));
    assert!(report["result"]["filler"].as_str().unwrap().len() >= 300_000);

    editor.say(&json!({ "jsonrpc": "2.0", "id": "slow", "method": "env/get", "params": { "name": "X" } }));
    // Answered in order: the slow question has arrived when this one is answered.
    editor.ask(4, "status", &json!({}));
    kill(u32::try_from(first).unwrap());
    let lost = editor.hear().unwrap();
    assert_eq!((&lost["id"], &lost["error"]["code"]), (&json!("slow"), &json!(-32014)), "{lost}");
    assert_eq!(editor.hear().unwrap()["method"], "$/reconnected");
    let second = editor.ask(5, "status", &json!({}))["result"]["pid"].as_u64().unwrap();
    assert_ne!(first, second);
    assert_eq!(scene.served(), 2);

    assert_eq!(editor.ask(6, "shutdown", &json!({}))["result"], Value::Null);
    assert_eq!(editor.hear(), None, "a daemon that was asked to end is not started again");
    assert!(editor.process.wait().unwrap().success());
    assert_eq!(scene.served(), 2);
}

pub(crate) fn the_relay_ends_with_its_client() {
    let scene = Scene::new();
    let mut editor = Editor::of(&scene, "rpc");
    editor.initialize();
    editor.input = None;
    assert_eq!(editor.hear(), None);
    assert!(editor.process.wait().unwrap().success());
    scene.connect();
}

pub(crate) fn a_client_that_does_not_speak() {
    let scene = Scene::new();
    let cases = [("hello\r\n\r\n", -32600), ("Content-Length: 4\r\n\r\n{\"a\"", -32700)];
    for (bytes, code) in cases {
        let mut editor = Editor::of(&scene, "rpc");
        std::io::Write::write_all(editor.input.as_mut().unwrap(), bytes.as_bytes()).unwrap();
        let heard = editor.hear().unwrap();
        assert_eq!((&heard["error"]["code"], &heard["id"]), (&json!(code), &Value::Null), "{heard}");
        assert_eq!(editor.hear(), None);
        assert_eq!(editor.process.wait().unwrap().code(), Some(5));
    }
    let mut editor = Editor::of(&scene, "rpc");
    editor.say(&json!({ "jsonrpc": "1.0", "id": 3, "method": "status" }));
    let heard = editor.hear().unwrap();
    assert_eq!((&heard["error"]["code"], &heard["id"]), (&json!(-32600), &json!(3)), "{heard}");
    assert_eq!(editor.ask(1, "status", &json!({}))["error"]["code"], -32002, "the daemon wants a handshake");
}

pub(crate) fn the_relay_ends_with_its_parent() {
    let scene = Scene::new();
    let mut editor = Editor::of(&scene, "orphan");
    editor.initialize();
    std::fs::write(scene.home().join("go"), "").unwrap();
    assert!(editor.process.wait().unwrap().success());
    assert_eq!(editor.hear(), None, "its input is still open");
}
