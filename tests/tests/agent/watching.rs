//! What is saved is told; what is half written is waited for; at rest nothing is run.
use crate::scene::{KEY, SOON, Scene, config, models, tells_model, until};
use crate::wire::LIMIT;
use crate::{Done, Test};
use serde_json::{Value, json};
use std::os::unix::fs::symlink;
use std::os::unix::process::CommandExt;
use std::process::{Command, Stdio};
use std::time::{Duration, Instant};

pub(crate) const TESTS: &[Test] = &[
    ("a_saved_config_is_told_however_it_is_saved", saved_config),
    ("files_and_folders_that_come_and_go_are_told", come_and_go),
    ("a_linked_dotfile_is_followed", linked),
    ("a_saved_dotenv_is_told", dotenv),
    ("a_start_up_file_is_told_once_it_has_rested", rested),
    ("a_half_written_start_up_file_is_not_run", half_written),
    ("at_rest_no_shell_is_run", at_rest),
    ("a_codex_process_is_told_with_its_end", codex_process),
    ("where_the_system_watches_no_more_files_are_polled", polled),
];

fn saved_config(scene: &Scene) -> Done {
    let _agent = scene.start();
    let (mut client, first) = scene.subscriber();
    assert!(models(&first).contains(&"first"), "{first}");
    scene.write(".codex/config.toml", config("in-place"));
    client.told(SOON, tells_model("in-place")).unwrap();
    scene.replace(".codex/config.toml", config("renamed-over"));
    client.told(SOON, tells_model("renamed-over")).unwrap();
    // As vim does: the old one is moved away, the new one is written under its name.
    std::fs::rename(scene.path(".codex/config.toml"), scene.path(".codex/config.toml~")).unwrap();
    scene.write(".codex/config.toml", config("moved-away"));
    client.told(SOON, tells_model("moved-away")).unwrap();
    std::fs::remove_file(scene.path(".codex/config.toml")).unwrap();
    client
        .told(SOON, |m| m["method"] == "report/changed" && models(&m["params"]["report"]).is_empty())
        .unwrap();
    scene.write(".codex/config.toml", config("back"));
    let told = client.told(SOON, tells_model("back")).unwrap();
    assert!(told["params"]["changes"].as_array().is_some_and(|c| !c.is_empty()), "what changed is not said");
    Ok(())
}

fn come_and_go(scene: &Scene) -> Done {
    std::fs::remove_dir_all(scene.path(".codex")).unwrap();
    let _agent = scene.start();
    let (mut client, first) = scene.subscriber();
    assert!(models(&first).is_empty(), "{first}");
    std::fs::create_dir(scene.path(".codex")).unwrap();
    scene.write(".codex/config.toml", config("new-folder"));
    client.told(SOON, tells_model("new-folder")).unwrap();
    std::fs::rename(scene.path(".codex"), scene.path("away")).unwrap();
    client
        .told(SOON, |m| m["method"] == "report/changed" && models(&m["params"]["report"]).is_empty())
        .unwrap();
    std::fs::rename(scene.path("away"), scene.path(".codex")).unwrap();
    client.told(SOON, tells_model("new-folder")).unwrap();
    scene.write(".codex/config.toml", config("after-the-move"));
    client.told(SOON, tells_model("after-the-move")).unwrap();
    Ok(())
}

fn linked(scene: &Scene) -> Done {
    std::fs::create_dir_all(scene.path("dotfiles/codex")).unwrap();
    scene.write("dotfiles/codex/config.toml", config("linked"));
    std::fs::remove_dir_all(scene.path(".codex")).unwrap();
    symlink("dotfiles/codex", scene.path(".codex")).unwrap();
    let _agent = scene.start();
    let (mut client, first) = scene.subscriber();
    assert!(models(&first).contains(&"linked"), "{first}");
    scene.replace("dotfiles/codex/config.toml", config("behind-the-link"));
    client.told(SOON, tells_model("behind-the-link")).unwrap();
    std::fs::create_dir(scene.path("dotfiles/other")).unwrap();
    scene.write("dotfiles/other/config.toml", config("other-target"));
    std::fs::remove_file(scene.path(".codex")).unwrap();
    symlink("dotfiles/other", scene.path(".codex")).unwrap();
    client.told(SOON, tells_model("other-target")).unwrap();
    scene.write("dotfiles/other/config.toml", config("other-saved"));
    client.told(SOON, tells_model("other-saved")).unwrap();
    Ok(())
}

/// How the key is at the places whose role is this one.
fn states<'r>(report: &'r Value, role: &str) -> Vec<&'r str> {
    let places = report["places"].as_array().into_iter().flatten();
    let of_role = places.filter(|p| p["role"] == role);
    of_role.filter_map(|p| p["env"][KEY]["state"].as_str()).collect()
}

fn dotenv(scene: &Scene) -> Done {
    let _agent = scene.start();
    let (mut client, first) = scene.subscriber();
    let verdict = |r: &Value| {
        let places = r["places"].as_array().into_iter().flatten();
        places.filter(|p| p["role"] == "self").map(|p| p["codex"]["key_verdict"].clone()).collect::<Vec<_>>()
    };
    assert_eq!(verdict(&first), [json!("missing")], "{first}");
    scene.write(".codex/.env", format!("{KEY}=x\n"));
    client.told(SOON, |m| verdict(&m["params"]["report"]) == [json!("ok")]).unwrap();
    std::fs::remove_file(scene.path(".codex/.env")).unwrap();
    client.told(SOON, |m| verdict(&m["params"]["report"]) == [json!("missing")]).unwrap();
    Ok(())
}

fn shells_run(scene: &Scene) -> u64 {
    scene.status()["probes"]["shells_run"].as_u64().unwrap()
}

fn has_key(message: &Value) -> bool {
    states(&message["params"]["report"], "shell").contains(&"present")
}

fn rested(scene: &Scene) -> Done {
    let _agent = scene.start();
    let (mut client, first) = scene.subscriber();
    assert!(!states(&first, "shell").is_empty() && !states(&first, "shell").contains(&"present"), "{first}");
    let saved = Instant::now();
    scene.write(".bashrc", format!("export {KEY}=x\n"));
    client.told(SOON, has_key).unwrap();
    assert!(saved.elapsed() >= Duration::from_secs(2), "told after {:?}", saved.elapsed());
    // A file that is sourced counts as well, from its first line on.
    scene.write(".bashrc", "[ -f ~/keys.sh ] && . ~/keys.sh\n");
    client.told(SOON, |m| m["method"] == "report/changed" && !has_key(m)).unwrap();
    scene.write("keys.sh", format!("export {KEY}=y\n"));
    client.told(SOON, has_key).unwrap();
    Ok(())
}

fn half_written(scene: &Scene) -> Done {
    let _agent = scene.start();
    let (mut client, _) = scene.subscriber();
    let before = shells_run(scene);
    assert!(before > 0, "a subscriber's shells are run");
    scene.write(".bashrc", format!("echo ran >> ~/ran\nif true; then\nexport {KEY}=x\n"));
    // Twice as long as a whole file would have to rest.
    let early = client.told(Duration::from_secs(5), |_| true);
    assert!(early.is_err(), "told of a half-written file: {early:?}");
    assert_eq!(shells_run(scene), before);
    assert!(!scene.path("ran").exists(), "a shell was run on it");
    scene.write(".bashrc", format!("if true; then\nexport {KEY}=x\nfi\n"));
    client.told(SOON, has_key).unwrap();
    assert!(shells_run(scene) > before);
    Ok(())
}

fn at_rest(scene: &Scene) -> Done {
    let _agent = scene.start();
    scene.json(&["check", "--json"]);
    let (before, look) = (shells_run(scene), scene.status()["requests_served"].as_u64());
    assert!(before > 0, "a question's shells are run");
    // Nobody subscribes: files are saved, processes come and go.
    for n in 0..5 {
        scene.replace(".bashrc", format!("export {KEY}={n}; echo ran >> ~/ran\n"));
        scene.replace(".codex/config.toml", config(&format!("rest{n}")));
        let _ = Command::new("bash").args(["-c", "exec -a codex true"]).status().unwrap();
    }
    // The journal notes the files: then it has been looked at.
    until("the journal notes it", || scene.ask(&["history", "--json"]).text().contains(".bashrc"));
    assert_eq!(shells_run(scene), before);
    assert!(!scene.path("ran").exists(), "a shell was run on it");
    assert!(scene.status()["requests_served"].as_u64() > look);
    Ok(())
}

/// A process that is called `codex app-server` and waits: this machine's `cat` under that name, at a pipe nobody writes.
fn stand_in(scene: &Scene) -> Command {
    std::fs::create_dir_all(scene.path("codex-standin/bin")).unwrap();
    let program = scene.path("codex-standin/bin/codex");
    if !program.exists() {
        std::fs::copy("/bin/cat", &program).unwrap();
        let pipe = Command::new("mkfifo").arg(scene.path("app-server")).status().unwrap();
        assert!(pipe.success());
    }
    let mut command = Command::new(program);
    command.arg("app-server").env_clear().envs(&scene.env).current_dir(scene.path("")).process_group(0);
    command.stdin(Stdio::null());
    command
}

fn runs(report: &Value, pid: u32) -> bool {
    report["places"].as_array().into_iter().flatten().any(|p| p["process"]["pid"] == pid)
}

fn codex_process(scene: &Scene) -> Done {
    let _agent = scene.start();
    let (mut client, _) = scene.subscriber();
    let mut child = stand_in(scene).env(KEY, "x").spawn().unwrap();
    let pid = child.id();
    let told = client.told(SOON, |m| runs(&m["params"]["report"], pid)).unwrap();
    assert_eq!(states(&told["params"]["report"], "codex-app-server"), ["present"], "{told}");
    child.kill().unwrap();
    child.wait().unwrap();
    client.told(SOON, |m| m["method"] == "report/changed" && !runs(&m["params"]["report"], pid)).unwrap();
    drop(client);
    // Nobody subscribes: it is in the answer to the next question that looks, and in one that does not, soon.
    let mut child = stand_in(scene).spawn().unwrap();
    let mut client = scene.client();
    until("it is known without a look", || {
        runs(&client.call("report/get", &json!({"fresh": false})).unwrap(), child.id())
    });
    child.kill().unwrap();
    child.wait().unwrap();
    let fresh = client.call("report/get", &json!({"fresh": true})).unwrap();
    assert!(!runs(&fresh, child.id()));
    Ok(())
}

fn polled(scene: &Scene) -> Done {
    // A user namespace has limits of its own.
    let mut command = Command::new("unshare");
    let limited = "echo 3 > /proc/sys/user/max_inotify_watches && exec \"$@\"";
    command
        .args(["--user", "--map-root-user", "sh", "-c", limited, "sh"])
        .arg(scene.bin())
        .args(["daemon", "run"]);
    command.env_clear().envs(&scene.env).current_dir(scene.path("")).process_group(0);
    let trial = Command::new("unshare")
        .args(["--user", "--map-root-user", "sh", "-c", "echo 3 > /proc/sys/user/max_inotify_watches"])
        .stderr(Stdio::null())
        .status();
    if !trial.is_ok_and(|s| s.success()) {
        return Err("no user namespace below this one, so no inotify limit of its own".to_owned());
    }
    let _agent = scene.run(command);
    let mut client = scene.client();
    client.call("report/subscribe", &json!({})).unwrap();
    let mut status = Value::Null;
    until("it says that it polls", || {
        status = scene.status();
        status["watching"] == "polling"
    });
    assert!(status["watch_trouble"].as_str().is_some_and(|t| t.contains("max_user_watches")), "{status}");
    scene.write(".codex/config.toml", config("polled"));
    client.told(LIMIT, |m| m.to_string().contains("polled")).unwrap();
    let human = scene.ask(&["daemon", "status"]).text();
    assert!(human.contains("max_user_watches"), "{human}");
    Ok(())
}
