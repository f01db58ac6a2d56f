//! Planted secrets: nothing that the agent sends, writes or prints holds one, in whatever encoding.
use crate::scene::{Agent, KEY, Scene, config};
use crate::wire::{Client, LIMIT};
use crate::{Done, Test};
use envsplit_tests::leaks::contains;
use serde_json::json;
use std::collections::BTreeMap;
use std::io::{Read, Write};
use std::os::unix::net::{UnixListener, UnixStream};
use std::path::Path;
use std::sync::{Arc, Mutex};

pub(crate) const TESTS: &[Test] = &[("no_secret_leaves_it_anywhere", no_secret)];

/// Everything that went over a socket, in both directions.
type Tape = Arc<Mutex<Vec<u8>>>;

/// Stands between the agent and its clients, and records.
fn tap(listener: UnixListener, to: &Path, tape: &Tape) {
    let (to, tape) = (to.to_owned(), Arc::clone(tape));
    std::thread::spawn(move || {
        for near in listener.incoming().flatten() {
            let far = UnixStream::connect(&to).unwrap();
            for (from, to) in [(near.try_clone(), far.try_clone()), (Ok(far), Ok(near))] {
                let (mut from, mut to, tape) = (from.unwrap(), to.unwrap(), Arc::clone(&tape));
                std::thread::spawn(move || {
                    let mut bytes = vec![0; 65536];
                    while let Ok(n) = from.read(&mut bytes) {
                        tape.lock().unwrap().extend_from_slice(&bytes[..n]);
                        if n == 0 || to.write_all(&bytes[..n]).is_err() {
                            break;
                        }
                    }
                    let _ = to.shutdown(std::net::Shutdown::Write);
                });
            }
        }
    });
}

fn base64(bytes: &[u8]) -> String {
    const DIGITS: &[u8; 64] = b"ABCDEFGHIJKLMNOPQRSTUVWXYZabcdefghijklmnopqrstuvwxyz0123456789+/";
    let mut text = String::new();
    for three in bytes.chunks_exact(3) {
        let n = u32::from_be_bytes([0, three[0], three[1], three[2]]);
        text.extend([18, 12, 6, 0].map(|s| char::from(DIGITS[(n >> s & 63) as usize])));
    }
    text
}

fn hex_digit(half: u8) -> char {
    char::from_digit(u32::from(half), 16).unwrap()
}

/// The secret as it may be written. Base64 at each offset, without what hangs on its neighbours.
fn forms(secret: &str) -> Vec<(&'static str, Vec<u8>)> {
    let hex: String = secret.bytes().flat_map(|b| [b >> 4, b & 15]).map(hex_digit).collect();
    let wide: Vec<u8> = secret.encode_utf16().flat_map(u16::to_le_bytes).collect();
    let mut forms = vec![
        ("plain", secret.as_bytes().to_vec()),
        ("reversed", secret.bytes().rev().collect()),
        ("hex", hex.clone().into_bytes()),
        ("upper hex", hex.to_uppercase().into_bytes()),
        ("UTF-16", wide),
        ("its first half", secret.as_bytes()[..secret.len() / 2].to_vec()),
    ];
    for offset in 0..3 {
        forms.push(("base64", base64(&secret.as_bytes()[offset..]).into_bytes()));
    }
    forms
}

fn find(secrets: &BTreeMap<&str, String>, what: &str, bytes: &[u8], found: &mut Vec<String>) {
    for (name, secret) in secrets {
        for (form, needle) in forms(secret) {
            if contains(bytes, &needle) {
                let at = bytes.windows(needle.len()).position(|w| w == needle).unwrap_or(0);
                let before = String::from_utf8_lossy(&bytes[at.saturating_sub(120)..at]);
                found.push(format!("the {name}'s secret ({form}) in {what}, after `{before}`"));
            }
        }
    }
}

/// A value that appears nowhere else, halves and all.
fn secret() -> String {
    let mut bytes = [0_u8; 24];
    std::fs::File::open("/dev/urandom").and_then(|mut f| f.read_exact(&mut bytes)).unwrap();
    // As keys look: letters and digits.
    bytes.iter().map(|b| char::from_digit(u32::from(b % 36), 36).unwrap()).collect()
}

fn no_secret(scene: &Scene) -> Done {
    let names =
        ["agent", "caller", "process", "start-up file", "dotenv", "config", "settings", "claim", "typed"];
    let secrets: BTreeMap<&str, String> = names.into_iter().map(|n| (n, secret())).collect();
    let _process = plant(scene, &secrets);
    let mut daemon = scene.command(&["daemon", "run", "-vv"]);
    daemon.env(KEY, &secrets["agent"]).env("OPENAI_API_KEY", &secrets["agent"]).env("RUST_LOG", "trace");
    let agent = scene.run(daemon);
    let tape = Tape::default();
    std::fs::create_dir(scene.path("tapped")).unwrap();
    std::fs::set_permissions(scene.path("tapped"), std::os::unix::fs::PermissionsExt::from_mode(0o700))
        .unwrap();
    let tapped = scene.path("tapped/envsplit.sock");
    let listener = UnixListener::bind(&tapped).unwrap();
    std::fs::set_permissions(&tapped, std::os::unix::fs::PermissionsExt::from_mode(0o600)).unwrap();
    tap(listener, &scene.socket(), &tape);

    let mut found = Vec::new();
    for args in [
        &["check", "--json"][..],
        &["check"],
        &["env", KEY, "--json"],
        &["env", "OPENAI_API_KEY"],
        &["config", "--json"],
        &["places", "--json"],
        &["explain", &format!("Missing environment variable: `{KEY}` {}", secrets["typed"])],
        &["daemon", "status", "--json"],
        &["daemon", "status"],
        &["history", "--json"],
        &["history"],
        &["daemon", "logs"],
        &["check", "-c", &format!("x.api_key=\"{}\"", secrets["typed"]), "--json"],
    ] {
        let mut command = scene.command(args);
        command.env("ENVSPLIT_RUNTIME_DIR", scene.path("tapped")).env(KEY, &secrets["caller"]);
        let out = envsplit_tests::exec::run(&mut command, LIMIT).unwrap();
        find(&secrets, &format!("the output of {args:?}"), &[out.stdout, out.stderr].concat(), &mut found);
    }
    assert!(tape.lock().unwrap().len() > 10_000, "the tap recorded nothing");
    talk(scene, &secrets, &tape);
    find_sent(&secrets, &tape.lock().unwrap(), &mut found);
    drop(agent);
    for dir in ["data", "run", "tmp"] {
        files(&scene.path(dir), &mut |path, bytes| {
            find(&secrets, &path.display().to_string(), bytes, &mut found);
        });
    }
    find(&secrets, "its standard streams", &std::fs::read(scene.path("agent.out")).unwrap(), &mut found);
    assert_eq!(found, Vec::<String>::new());
    Ok(())
}

/// What is typed and claimed travels to the agent by its nature; nothing else does, in either direction.
fn find_sent(secrets: &BTreeMap<&str, String>, tape: &[u8], found: &mut Vec<String>) {
    let mut others = secrets.clone();
    others.retain(|name, _| !["typed", "claim"].contains(name));
    find(&others, "what went over the socket", tape, found);
}

/// The methods that no command uses, and changes while somebody subscribes. What is answered is on the tape.
fn talk(scene: &Scene, secrets: &BTreeMap<&str, String>, tape: &Tape) {
    let mut client = Client::connect(&scene.socket()).unwrap();
    client.record = Some(vec![]);
    let me = json!({"keys": [KEY, "OPENAI_API_KEY"], "shells": true});
    client.call("report/subscribe", &json!({"self": me})).unwrap();
    scene.write(".codex/config.toml", config("told") + &format!("api_key = \"{}\"\n", secrets["config"]));
    client.told(LIMIT, |m| m["method"] == "report/changed").unwrap();
    // A value where a name is expected is refused, and not quoted.
    let claim = json!({
        "about_pid": std::process::id(), "names": [format!("{KEY}={}", secrets["claim"])],
        "editor": {"app": "Code", "version": "1"},
        "settings": {"terminal.integrated.env.linux": {"scope": "user", "value": secrets["claim"]}},
    });
    client.call("observe/push", &claim).unwrap_err();
    for (method, params) in [
        ("explain", json!({"code": secrets["claim"]})),
        ("env/get", json!({"name": format!("A={}", secrets["claim"])})),
        (secrets["claim"].as_str(), json!({})),
        ("report/get", json!({"self": secrets["claim"]})),
    ] {
        client.call(method, &params).unwrap_err();
    }
    client.call("probe/run", &json!({"what": "shells", "self": me})).unwrap();
    client.call("history/list", &json!({})).unwrap();
    let record = client.record.take().unwrap();
    let mut found = Vec::new();
    find(secrets, "what it answered", &record, &mut found);
    assert_eq!(found, Vec::<String>::new());
    tape.lock().unwrap().extend(record);
}

/// Plants them; the process with one in its environment runs as long as what is returned.
fn plant(scene: &Scene, secrets: &BTreeMap<&str, String>) -> Agent {
    let rc = &secrets["start-up file"];
    scene.write(
        ".bashrc",
        format!("export {KEY}={rc}\necho {rc}; echo {rc} >&2\nf() {{ export OPENAI_API_KEY={rc}; }}\nf\n"),
    );
    scene.write(
        ".codex/.env",
        format!("{KEY}='{}\nOPENAI_API_KEY={}\n", secrets["dotenv"], secrets["dotenv"]),
    );
    let hidden = &secrets["config"];
    let more = format!(
        "http_headers = {{ \"api-key\" = \"{hidden}\" }}\nexperimental_bearer_token = \"{hidden}\"\nstray = \"{hidden}\"\n"
    );
    scene.write(".codex/config.toml", config("planted") + &more);
    std::fs::create_dir_all(scene.path(".config/Code/User")).unwrap();
    let settings = json!({"terminal.integrated.env.linux": {KEY: secrets["settings"]}});
    scene.write(".config/Code/User/settings.json", settings.to_string());
    let mut process = std::process::Command::new("bash");
    process.args(["-c", "exec -a codex sleep 2147483647"]).env(KEY, &secrets["process"]).env_remove("HOME");
    Agent { child: process.spawn().unwrap() }
}

fn files(dir: &Path, look: &mut impl FnMut(&Path, &[u8])) {
    for entry in std::fs::read_dir(dir).into_iter().flatten().flatten() {
        let path = entry.path();
        match entry.file_type() {
            Ok(kind) if kind.is_dir() => files(&path, look),
            Ok(kind) if kind.is_file() => look(&path, &std::fs::read(&path).unwrap_or_default()),
            _ => {}
        }
    }
}
