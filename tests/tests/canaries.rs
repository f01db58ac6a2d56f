//! Plants secrets wherever a user may have them, runs every command in every format, and looks for them.
#![allow(clippy::unwrap_used, reason = "a test ends at what fails")]
#![allow(clippy::disallowed_methods, reason = "the test starts the real program in a scratch home")]

use envsplit_tests::home::Home;
use std::time::Duration;

const KEY: &str = "AZURE_OPENAI_API_KEY";
const LIMIT: Duration = Duration::from_mins(2);
const FORMATS: [&str; 6] = ["human", "json", "html", "svg", "sarif", "github"];

/// A home with a secret in the environment, in start-up files, in `.env` and in every place of the config that can
/// hold one.
fn planted() -> Home {
    let mut home = Home::new().unwrap();
    let [key, rc, zsh, fish, setting, dotenv, bearer, header, query, user, proxy, wslenv, api, unknown] = [
        "environment",
        "bashrc",
        "zshrc",
        "fish",
        "setting",
        "dotenv",
        "bearer",
        "header",
        "query",
        "address",
        "proxy",
        "wslenv",
        "api",
        "unknown",
    ]
    .map(|name| home.canary(name));
    home.set(KEY, &key);
    home.set("CODEX_API_KEY", &api);
    home.set("HTTPS_PROXY", &format!("http://someone:{proxy}@proxy.invalid:3128"));
    home.set("WSLENV", &format!("PATH/l:TOKEN={wslenv}/u"));
    home.set("RUST_LOG", "trace");
    home.write(".profile", "[ -f ~/.bashrc ] && . ~/.bashrc\n").unwrap();
    home.write(".bashrc", format!("export {KEY}={rc}\necho {rc}; echo {rc} >&2\nexport B='{rc}' (\n"))
        .unwrap();
    home.write(".zshrc", format!("export {KEY}={zsh}\n")).unwrap();
    std::fs::create_dir_all(home.path(".config/fish")).unwrap();
    home.write(".config/fish/config.fish", format!("set -gx {KEY} {fish}\n")).unwrap();
    settings(&home, &setting);
    home.write(".codex/.env", format!("OTHER={dotenv}\n{KEY}='{dotenv}\n")).unwrap();
    let config = format!(
        r#"model = "codex"
model_provider = "azure"
stray = "{unknown}"

[model_providers.azure]
name = "Azure"
base_url = "http://someone:{user}@127.0.0.1:9/openai/v1?key={query}"
env_key = "{KEY}"
envkey = "{unknown}"
http_headers = {{ "api-key" = "{header}" }}
query_params = {{ "code" = "{query}" }}

[model_providers.other]
name = "Other"
base_url = "http://127.0.0.1:9/v1"
experimental_bearer_token = "{bearer}"

[mcp_servers.tool]
command = "tool"
args = ["--token", "{bearer}"]
env = {{ TOKEN = "{bearer}" }}

[shell_environment_policy]
set = {{ TOKEN = "{bearer}" }}
"#
    );
    home.write(".codex/config.toml", config).unwrap();
    home
}

/// Files that are no start-up file.
fn settings(home: &Home, secret: &str) {
    let json = format!(
        "{{\"a.env\": {{\"{KEY}\": \"{secret}\"}}, \"x\": [{{\"name\": \"{KEY}\", \"value\": \"{secret}\"}}]}}"
    );
    for (folder, file, text) in [
        (".config/Code/User", "settings.json", json.replace("a.env", "terminal.integrated.env.linux")),
        (".vscode-server/data/Machine", "settings.json", format!("{json} {secret}")),
        (".vscode-server", "server-env-setup", format!("export {KEY}={secret}\n")),
        (
            ".config/systemd/user/a.service.d",
            "a.conf",
            format!("[Service]\nEnvironment={KEY}={secret} {secret}\n"),
        ),
        (".local/share/flatpak/overrides", "a", format!("[Environment]\n{KEY}={secret}\n")),
        (
            ".local/share/applications",
            "a.desktop",
            format!("[Desktop Entry]\nExec=env {KEY}={secret} code {secret}\n"),
        ),
        (".ssh", "config", format!("SetEnv {KEY}={secret} {secret}\n")),
        (".config/mise", "config.toml", format!("[env]\n{KEY} = \"{secret}\"\n")),
    ] {
        std::fs::create_dir_all(home.path(folder)).unwrap();
        home.write(&format!("{folder}/{file}"), text).unwrap();
    }
}

/// Runs the command; no secret may be seen, and the program may not break.
fn quiet(home: &Home, args: &[&str]) -> (i32, String) {
    let (out, leaks) = home.ask(args, LIMIT).unwrap_or_else(|why| panic!("{args:?}: {why}"));
    assert_eq!(leaks, Vec::<String>::new(), "envsplit {args:?}");
    assert!((0..70).contains(&out.code), "envsplit {args:?}: exit {}: {}", out.code, out.text());
    (out.code, String::from_utf8_lossy(&out.stdout).into_owned())
}

#[test]
fn check_answers_and_shows_no_secret() {
    let home = planted();
    let (code, json) = quiet(&home, &["check", "--json", "--no-daemon", "-vv"]);
    let report: serde_json::Value = serde_json::from_str(&json).unwrap();
    assert_eq!(report["schema"], "envsplit.report/v1");
    assert!([0, 1, 3].contains(&code), "exit {code}");
    assert!(json.contains(KEY), "the name is shown, the value is not");
    let (code, human) = quiet(&home, &["check", "--no-daemon", "-vv"]);
    assert!([0, 1, 3].contains(&code) && !human.is_empty(), "exit {code}");
}

#[test]
fn every_command_in_every_format_shows_no_secret() {
    let home = planted();
    let error = format!("Missing environment variable: `{KEY}`");
    let commands: [&[&str]; 9] = [
        &["check", "--no-daemon"],
        &["env", KEY],
        &["env", "HTTPS_PROXY"],
        &["env", "WSLENV"],
        &["config"],
        &["places"],
        &["explain", "env/rc-early-return"],
        &["explain", &error],
        &["history"],
    ];
    for command in commands {
        for format in FORMATS {
            let (_, shown) = quiet(&home, &[command, &["--no-shells", "-vv", "--format", format]].concat());
            let must_answer = format == "human" && command[0] != "history" && command[1..] != [&error];
            assert!(!must_answer || !shown.is_empty(), "{command:?} said nothing");
        }
    }
}

#[test]
fn commands_that_hand_something_out_show_no_secret() {
    let home = planted();
    for code in ["env/dotenv-shadows", "config/unknown-key", "env/value-differs", "auth/env-key-holds-secret"]
    {
        quiet(&home, &["fix", code, "--no-shells", "-vv"]);
    }
    quiet(&home, &["bundle", "--no-shells", "-vv"]);
    quiet(&home, &["daemon", "status", "-vv"]);
    quiet(
        &home,
        &["check", "--no-daemon", "--no-shells", "-c", "model_providers.azure.env_key=\"X\"", "--json"],
    );
}

#[test]
fn a_secret_in_env_key_is_not_taken_for_a_name() {
    let mut home = Home::new().unwrap();
    let secret = format!("sk-{}", home.canary("pasted"));
    let config = format!(
        "model_provider = \"a\"\n[model_providers.a]\nname = \"A\"\nbase_url = \"http://127.0.0.1:9/v1\"\nenv_key = \"{secret}\"\n"
    );
    home.write(".codex/config.toml", config).unwrap();
    for format in FORMATS {
        quiet(&home, &["check", "--no-daemon", "--no-shells", "-vv", "--format", format]);
        quiet(&home, &["config", "-vv", "--format", format]);
    }
    let (code, json) = quiet(&home, &["check", "--no-daemon", "--no-shells", "--json"]);
    assert!(json.contains("<looks like a secret>"), "{json}");
    assert_eq!(code, 1);
}

#[test]
fn a_broken_override_is_said_without_what_was_typed() {
    let mut home = Home::new().unwrap();
    let secret = home.canary("typed");
    let (code, _) = quiet(&home, &["check", "--no-daemon", "--no-shells", "-c", &format!("={secret}")]);
    assert!([1, 2].contains(&code), "exit {code}");
}
