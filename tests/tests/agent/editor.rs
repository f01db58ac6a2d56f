//! An editor's side: claims about its own process, and JSON-RPC over standard streams.
use crate::scene::{KEY, SOON, Scene};
use crate::wire::LIMIT;
use crate::{Done, Test};
use envsplit_tests::{exec, programs};
use serde_json::{Value, json};
use std::os::unix::process::CommandExt;
use std::process::Command;

pub(crate) const TESTS: &[Test] = &[
    ("a_claim_is_bound_to_its_process_and_its_connection", claim),
    ("an_editors_own_library_talks_to_it", vscode_jsonrpc),
];

fn push(about: u32) -> Value {
    json!({"about_pid": about, "names": ["HOME", "PATH"], "editor": {"app": "Stand-in Editor", "version": "1.2.3"}})
}

fn editors(report: &Value) -> Vec<&Value> {
    let places = report["places"].as_array().into_iter().flatten();
    places.filter(|p| !p["editor"].is_null()).map(|p| &p["editor"]).collect()
}

fn claim(scene: &Scene) -> Done {
    let agent = scene.start();
    let me = std::process::id();
    let ask = json!({"fresh": true, "self": {"keys": [KEY], "shells": false}});
    let mut client = scene.client();
    let before = client.call("report/get", &ask).unwrap();
    assert!(editors(&before).is_empty());
    // Neither a process that this one does not come from, nor one that is not there.
    let mut other = Command::new("sleep").arg("2147483647").process_group(0).spawn().unwrap();
    for pid in [agent.pid(), other.id(), 4_000_000] {
        let refused = client.call("observe/push", &push(pid)).unwrap_err();
        assert!(refused.contains("-32012"), "{pid}: {refused}");
    }
    exec::kill(&mut other);
    assert_eq!(client.call("observe/push", &push(me)).unwrap()["accepted"], true);
    let report = client.call("report/get", &ask).unwrap();
    let said = editors(&report);
    assert!(!said.is_empty(), "{report}");
    assert_eq!((&said[0]["app"], &said[0]["said_by"]), (&json!("Stand-in Editor"), &json!(me)));
    // What the system says stays what it is.
    let without = |r: &Value| {
        let mut places = r["places"].clone();
        for place in places.as_array_mut().unwrap() {
            place.as_object_mut().unwrap().remove("editor");
        }
        places
    };
    assert_eq!(without(&report), without(&before));
    let mut second = scene.client();
    client.call("observe/withdraw", &json!({"about_pid": me})).unwrap();
    assert!(editors(&second.call("report/get", &ask).unwrap()).is_empty());
    client.call("observe/push", &push(me)).unwrap();
    assert!(!editors(&second.call("report/get", &ask).unwrap()).is_empty());
    drop(client);
    crate::scene::until("the claim goes with its connection", || {
        editors(&second.call("report/get", &ask).unwrap()).is_empty()
    });
    let history = second.call("history/list", &json!({})).unwrap().to_string();
    assert!(!history.contains("Stand-in Editor"), "{history}");
    drop(agent);
    for entry in std::fs::read_dir(scene.path("data")).unwrap().flatten() {
        let bytes = std::fs::read(entry.path()).unwrap();
        assert!(!envsplit_tests::leaks::contains(&bytes, b"Stand-in Editor"), "{}", entry.path().display());
    }
    Ok(())
}

fn vscode_jsonrpc(scene: &Scene) -> Done {
    let library = programs::repository().join(".tools/node_modules/vscode-jsonrpc");
    let (Some(node), true) = (programs::which("node"), library.is_dir()) else {
        return Err("needs node, and vscode-jsonrpc in .tools (scripts/test fetches it)".to_owned());
    };
    let script = programs::repository().join("tests/standin/editor_rpc.js");
    let mut command = Command::new(node);
    command.arg(script).arg(library).arg(scene.bin());
    command.env_clear().envs(&scene.env).current_dir(scene.path("")).process_group(0);
    let out = exec::run(&mut command, LIMIT.max(SOON)).unwrap();
    assert_eq!((out.code, out.text().as_str()), (0, "reports, changes, reconnects\n"));
    Ok(())
}
