//! What people and scripts use beside `check`: history, watch, waiting, the systemd units.
use crate::scene::{KEY, Scene, config, until};
use crate::wire::LIMIT;
use crate::{Done, Test};
use envsplit_tests::exec;
use serde_json::Value;
use std::io::{BufRead, BufReader};
use std::os::unix::fs::PermissionsExt;
use std::process::Stdio;
use std::time::Duration;

pub(crate) const TESTS: &[Test] = &[
    ("history_says_since_when_and_names_the_line_that_went", history),
    ("check_waits_for_a_verdict", wait_for),
    ("watch_says_a_line_and_ends_with_its_reader", watch),
    ("units_are_installed_and_taken_away", units),
];

/// Everything that starts a shell has the key.
fn works(scene: &Scene) {
    scene.write(".bashrc", format!("export {KEY}=x\n"));
}

fn history(scene: &Scene) -> Done {
    works(scene);
    let _agent = scene.start();
    let check = |scene: &Scene| {
        // What is journalled is what everybody has in common, not what this caller brings along.
        let mut command = scene.command(&["check", "--json"]);
        exec::run(command.env(KEY, "x"), LIMIT).unwrap()
    };
    let before = check(scene);
    assert_eq!(before.code, 0, "{}", before.text());
    let lines = |scene: &Scene| -> Vec<Value> {
        let out = scene.ask(&["history", "--json"]);
        assert_eq!(out.code, 0, "{}", out.text());
        String::from_utf8(out.stdout).unwrap().lines().map(|l| serde_json::from_str(l).unwrap()).collect()
    };
    // Once a change is written down, so is that all was in order before it.
    let mut n = 0;
    until("the journal is written", || {
        n += 1;
        let model = format!("in-order{n}");
        scene.replace(".codex/config.toml", config(&model));
        check(scene);
        // The first is what it begins with, and no change.
        let written = || scene.ask(&["history", "--json"]).text().contains(&model);
        exec::wait_for(Duration::from_secs(5), written)
    });
    scene.replace(".bashrc", "# cleared away\n");
    check(scene);
    let mut failing = Value::Null;
    until("history says what fails", || {
        let found = lines(scene).into_iter().find(|l| !l["failing"].is_null());
        failing = found.unwrap_or_default()["failing"].take();
        !failing.is_null()
    });
    let named = |c: &Value| c["change"]["kind"] == "variable-vanished" && c.to_string().contains(".bashrc");
    assert!(failing["culprits"].as_array().is_some_and(|all| all.iter().any(named)), "{failing:#}");
    assert!(!failing["last_consistent_at"].is_null(), "{failing:#}");
    let human = scene.ask(&["history"]).text();
    assert!(human.contains("Most likely") && human.contains(".bashrc"), "{human}");
    Ok(())
}

fn wait_for(scene: &Scene) -> Done {
    let _agent = scene.start();
    let mut command = scene.command(&["check", "--wait-for", "consistent", "--timeout", "50"]);
    let mut child = command.env(KEY, "x").stdout(Stdio::piped()).stderr(Stdio::piped()).spawn().unwrap();
    until("it has asked", || {
        scene.status()["probes"]["shells_run"].as_u64() > Some(0) || child.try_wait().unwrap().is_some()
    });
    works(scene);
    let out = child.wait_with_output().unwrap();
    assert!(out.status.success(), "{out:?}");
    let mut never = scene.command(&["check", "--wait-for", "broken", "--timeout", "1"]);
    assert_eq!(exec::run(never.env(KEY, "x"), LIMIT).unwrap().code, 0, "the verdict that it is in the end");
    Ok(())
}

fn watch(scene: &Scene) -> Done {
    let _agent = scene.start();
    let mut child = scene.command(&["watch", "--json"]).stdout(Stdio::piped()).spawn().unwrap();
    let mut lines = BufReader::new(child.stdout.take().unwrap()).lines();
    let first: Value = serde_json::from_str(&lines.next().unwrap().unwrap()).unwrap();
    assert_eq!(first["schema"], "envsplit.report/v1");
    scene.replace(".codex/config.toml", config("watched"));
    let told: Value = serde_json::from_str(&lines.next().unwrap().unwrap()).unwrap();
    assert_eq!(
        told["schema"], "envsplit.history-line/v1",
        "a change comes before the report with it: {told}"
    );
    assert!(lines.by_ref().map_while(Result::ok).any(|l| l.contains("\"watched\"")));
    exec::kill(&mut child);
    // As `watch --json | head -1` does: whoever reads goes away, and the next change ends it.
    let mut child = scene.command(&["watch", "--json"]).stdout(Stdio::piped()).spawn().unwrap();
    let mut reader = BufReader::new(child.stdout.take().unwrap());
    reader.read_line(&mut String::new()).unwrap();
    drop(reader);
    let mut n = 0;
    until("it ends with its reader", || {
        n += 1;
        scene.replace(".codex/config.toml", config(&format!("unread{n}")));
        child.try_wait().unwrap().is_some()
    });
    until("its subscription ends", || scene.status()["subscribers"] == 0);
    Ok(())
}

/// A `systemctl` that notes what it is told. It stands in for the real one.
fn stand_in(scene: &mut Scene) {
    std::fs::create_dir(scene.path("bin")).unwrap();
    scene.write("bin/systemctl", format!("#!/bin/sh\necho \"$*\" >> {}\n", scene.path("told").display()));
    std::fs::set_permissions(scene.path("bin/systemctl"), std::fs::Permissions::from_mode(0o755)).unwrap();
    let path = format!("{}:/usr/bin:/bin", scene.path("bin").display());
    scene.env.insert("PATH".to_owned(), path);
}

fn units(scene: &Scene) -> Done {
    let mut scene = Scene::new(&scene.path(""), scene.bin(), scene.root);
    stand_in(&mut scene);
    let told = || std::fs::read_to_string(scene.path("told")).unwrap_or_default();
    let folder = scene.path(".config/systemd/user");
    let printed = scene.ask(&["daemon", "install", "--print"]);
    let text = printed.text();
    assert!(printed.code == 0 && !folder.exists() && told().is_empty(), "printing changes nothing");
    assert!(text.contains(&format!("ListenStream={}", scene.socket().display())), "{text}");
    assert!(text.contains(&format!("ExecStart={} daemon run", scene.bin().display())), "{text}");
    let installed = scene.json(&["daemon", "install", "--json"]);
    assert_eq!(installed["files"].as_array().map(Vec::len), Some(2), "{installed}");
    assert!(installed["manager"].is_null(), "{installed}");
    assert_eq!(told(), "--user daemon-reload\n--user enable --now envsplit.socket\n");
    assert!(folder.join("envsplit.socket").exists() && folder.join("envsplit.service").exists());
    let gone = scene.ask(&["daemon", "uninstall"]);
    assert_eq!(gone.code, 0, "{}", gone.text());
    assert_eq!(std::fs::read_dir(&folder).unwrap().count(), 0);
    assert!(
        told().contains("--user disable --now envsplit.socket\n")
            && told().ends_with("--user daemon-reload\n")
    );
    // Somebody else's unit of that name.
    std::fs::write(folder.join("envsplit.service"), "[Service]\nExecStart=/bin/true\n").unwrap();
    for command in ["install", "uninstall"] {
        let refused = scene.ask(&["daemon", command]);
        assert_eq!(refused.code, 2, "{}", refused.text());
        assert!(refused.text().contains("is left alone"), "{}", refused.text());
    }
    assert_eq!(std::fs::read(folder.join("envsplit.service")).unwrap(), b"[Service]\nExecStart=/bin/true\n");
    assert!(!folder.join("envsplit.socket").exists(), "half of it was installed");
    Ok(())
}
