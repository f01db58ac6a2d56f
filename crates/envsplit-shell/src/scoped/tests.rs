use super::*;
use envsplit_model::{EnvBlock, ScratchFiles};

const KEY: &str = "AZURE_OPENAI_API_KEY";
const CANARY: &str = "canary-of-the-settings";

/// Scope, path, line, owner and text of what is found below the home `/home/u` with the project `/home/u/p/sub`.
fn found(files: &[(&str, &str)]) -> Vec<(Scope, String, u32, String, String)> {
    seen(files)
        .settings
        .into_iter()
        .map(|s| (s.scope, s.setting.path, s.setting.line, s.owner, s.setting.text))
        .collect()
}

fn seen(files: &[(&str, &str)]) -> ScopedSeen {
    asking(files, KEY)
}

fn asking(files: &[(&str, &str)], name: &str) -> ScopedSeen {
    let texts: Vec<(String, String)> =
        files.iter().map(|(p, t)| ((*p).to_owned(), t.replace("VALUE", CANARY))).collect();
    let files = ScratchFiles::of(texts.iter().map(|(p, t)| (p.as_str(), t.as_str())));
    let block = EnvBlock::default();
    let env = ShellEnv { files: &files, env: &block, home: "/home/u".to_owned() };
    let folders = UserFolders {
        home: "/home/u".to_owned(),
        config: "/home/u/.config".to_owned(),
        cwd: "/home/u/p/sub".to_owned(),
    };
    let seen = scoped_settings(&env, &folders, &[name.to_owned()]);
    assert!(!format!("{seen:?}").contains(CANARY), "a value is shown");
    seen
}

fn one(path: &str, text: &str) -> (Scope, u32, String, String) {
    let mut all = found(&[(path, text)]);
    assert_eq!(all.len(), 1, "{path}: {all:?}");
    let (scope, at, line, owner, text) = all.remove(0);
    assert_eq!(at, path);
    (scope, line, owner, text)
}

#[test]
fn settings_say_whom_they_reach() {
    let user = "/home/u/.config/Code/User/settings.json";
    let text = "// mine\n{\n  \"terminal.integrated.env.linux\": {\n    \"AZURE_OPENAI_API_KEY\": \"VALUE\",\n  },\n}\n";
    let owner = "terminal.integrated.env.linux".to_owned();
    assert_eq!(one(user, text), (Scope::IdeTerminal, 4, owner, format!("\"{KEY}\": \"…\"")));
    let machine = "/home/u/.vscode-server/data/Machine/settings.json";
    let profile = "{\"terminal.integrated.profiles.linux\": {\"b\": {\"path\": \"bash\", \"env\": {\"AZURE_OPENAI_API_KEY\": \"VALUE\"}}}}";
    assert_eq!(one(machine, profile).0, Scope::IdeTerminal);
    let other = "{\"claudeCode.environmentVariables\": [\n{\"name\": \"AZURE_OPENAI_API_KEY\", \"value\": \"VALUE\"}]}";
    let owner = "claudeCode.environmentVariables.[]".to_owned();
    let text = format!("\"name\": \"{KEY}\"");
    assert_eq!(one("/home/u/p/.vscode/settings.json", other), (Scope::IdeSetting, 2, owner, text));
    let mac = seen(&[(user, "{\"terminal.integrated.env.osx\": {\"AZURE_OPENAI_API_KEY\": \"VALUE\"}}")]);
    assert_eq!(mac.settings[0].idle.as_deref(), Some("it counts on macOS"));
    let top = seen(&[(user, "{\"AZURE_OPENAI_API_KEY\": \"VALUE\"}")]);
    assert!(top.settings[0].idle.is_some(), "a setting of that name is read by nobody");
}

#[test]
fn a_broken_settings_file_says_where_it_breaks() {
    let seen = seen(&[("/home/u/.config/Cursor/User/settings.json", "{\n\"a\": 1\n\"b\": 2}")]);
    assert_eq!(seen.settings, []);
    let reason = "it is no JSON from line 3 on".to_owned();
    assert_eq!(seen.unread, [("/home/u/.config/Cursor/User/settings.json".to_owned(), reason)]);
}

#[test]
fn project_files_of_an_ide() {
    let task = "{\"tasks\": [{\"options\": {\"env\": {\"AZURE_OPENAI_API_KEY\": \"VALUE\"}}}]}";
    assert_eq!(one("/home/u/p/.vscode/tasks.json", task).0, Scope::IdeTask);
    let debug = "{\"configurations\": [{\"env\": {\"AZURE_OPENAI_API_KEY\": \"VALUE\"}}]}";
    assert_eq!(one("/home/u/p/.vscode/launch.json", debug).0, Scope::IdeDebug);
    let by_file = found(&[
        (
            "/home/u/p/.vscode/launch.json",
            "{\"configurations\": [{\"envFile\": \"${workspaceFolder}/x.env\"}]}",
        ),
        ("/home/u/p/x.env", "# x\nAZURE_OPENAI_API_KEY=VALUE\n"),
    ]);
    assert_eq!(by_file.len(), 1);
    assert_eq!((by_file[0].0, by_file[0].1.as_str(), by_file[0].2), (Scope::IdeDebug, "/home/u/p/x.env", 2));
    // microsoft/vscode-remote-release#3456, microsoft/vscode-remote-release#8411: the reference shows on which side the variable is asked for.
    let container = "{\"remoteEnv\": {\"AZURE_OPENAI_API_KEY\": \"${localEnv:AZURE_OPENAI_API_KEY}\"}}";
    let (scope, _, _, text) = one("/home/u/p/.devcontainer/devcontainer.json", container);
    assert_eq!((scope, text), (Scope::ContainerRemote, format!("\"{KEY}\": \"${{localEnv:{KEY}}}\"")));
    let workspace =
        "{\"settings\": {\"terminal.integrated.env.linux\": {\"AZURE_OPENAI_API_KEY\": \"VALUE\"}}}";
    assert_eq!(one("/home/u/p/my.code-workspace", workspace).0, Scope::IdeTerminal);
}

#[test]
fn units_overrides_and_launchers() {
    let unit = "/home/u/.config/systemd/user/code.service.d/10.conf";
    let text = "[Service]\nEnvironment=A=b \\\n  \"AZURE_OPENAI_API_KEY=VALUE\"\n";
    let shown = format!("Environment={KEY}=…");
    assert_eq!(one(unit, text), (Scope::UserUnit, 3, "code.service".to_owned(), shown));
    assert_eq!(found(&[(unit, "[Unit]\nEnvironment=AZURE_OPENAI_API_KEY=VALUE\n")]), []);
    let by_file = found(&[
        ("/home/u/.config/systemd/user/a.service", "[Service]\nEnvironmentFile=-%h/a.env\n"),
        ("/home/u/a.env", "AZURE_OPENAI_API_KEY=VALUE\n"),
    ]);
    assert_eq!((by_file[0].0, by_file[0].1.as_str()), (Scope::UserUnit, "/home/u/a.env"));
    let manager = "[Manager]\nDefaultEnvironment=AZURE_OPENAI_API_KEY=VALUE\n";
    assert_eq!(one("/home/u/.config/systemd/user.conf", manager).0, Scope::UserManager);
    let flatpak = "/home/u/.local/share/flatpak/overrides/com.visualstudio.code";
    let text = "[Environment]\nAZURE_OPENAI_API_KEY=VALUE\n";
    assert_eq!(one(flatpak, text).0, Scope::Flatpak);
    let entry = "/home/u/.local/share/applications/code.desktop";
    let text = "[Desktop Entry]\nExec=env AZURE_OPENAI_API_KEY=VALUE code %F\n";
    assert_eq!(one(entry, text).0, Scope::DesktopEntry);
    assert_eq!(found(&[(entry, "[Desktop Entry]\nExec=code AZURE_OPENAI_API_KEY=VALUE\n")]), []);
}

#[test]
fn hooks_tables_and_ssh() {
    assert_eq!(one("/home/u/p/.envrc", "export AZURE_OPENAI_API_KEY=VALUE\n").0, Scope::DirectoryHook);
    let taken =
        found(&[("/home/u/p/.envrc", "dotenv\n"), ("/home/u/p/.env", "AZURE_OPENAI_API_KEY=VALUE\n")]);
    assert_eq!(taken.len(), 1, "{taken:?}");
    assert_eq!((taken[0].0, taken[0].1.as_str()), (Scope::DirectoryHook, "/home/u/p/.env"));
    assert_eq!(one("/home/u/p/.env", "AZURE_OPENAI_API_KEY=VALUE\n").0, Scope::ProjectDotenv);
    let mise = "[env]\nA = 1\nAZURE_OPENAI_API_KEY = \"VALUE\"\n";
    assert_eq!(one("/home/u/p/mise.toml", mise).1, 3);
    assert_eq!(one("/etc/cron.d/x", "AZURE_OPENAI_API_KEY = VALUE\n").0, Scope::Cron);
    let ssh = "Host a\n  SetEnv AZURE_OPENAI_API_KEY=VALUE\n";
    assert_eq!(one("/home/u/.ssh/config", ssh).1, 2);
    assert_eq!(one("/home/u/.ssh/config", "SendEnv LANG AZURE_*\n").0, Scope::SshSend);
    assert_eq!(one("/etc/ssh/sshd_config.d/1.conf", "AcceptEnv AZURE_*\n").0, Scope::SshAccept);
    assert_eq!(
        one("/home/u/.vscode-server/server-env-setup", "export AZURE_OPENAI_API_KEY=VALUE\n").0,
        Scope::IdeServer
    );
}

#[test]
fn the_nearest_hook_counts_alone() {
    let both = found(&[
        ("/home/u/p/.envrc", "export AZURE_OPENAI_API_KEY=VALUE\n"),
        ("/home/u/p/sub/.envrc", "export OTHER=1\n"),
    ]);
    assert_eq!(both, []);
}

/// One file of every form.
const FORMS: &[&str] = &[
    "/home/u/.config/Code/User/settings.json",
    "/home/u/p/.vscode/launch.json",
    "/home/u/p/a.code-workspace",
    "/home/u/.config/systemd/user/a.service",
    "/home/u/.local/share/flatpak/overrides/a",
    "/home/u/.local/share/applications/a.desktop",
    "/etc/crontab",
    "/home/u/.ssh/config",
    "/home/u/p/mise.toml",
    "/home/u/p/.envrc",
    "/home/u/.xprofile",
    "/home/u/.pam_environment",
];

proptest::proptest! {
    #[test]
    fn no_text_breaks_a_reader(
        words in proptest::collection::vec(
            proptest::sample::select(vec![
                "AZURE_OPENAI_API_KEY", "=", "\"", "'", "\\", "\n", "\r\n", "{", "}", "[", "]", ":", ",", "[env]",
                "[Service]", "Environment=", "EnvironmentFile=", "Exec=env ", "SetEnv ", "SendEnv ", "dotenv ", "/*",
                "//", "\u{feff}", "\u{0}", "é", " ", "env", "name", "$(", "${", "#", "_.file", "VALUE",
            ]),
            0..40,
        )
    ) {
        let text = words.concat();
        let files: Vec<(&str, &str)> = FORMS.iter().map(|f| (*f, text.as_str())).collect();
        seen(&files);
    }
}

#[test]
fn a_huge_file_is_named_and_not_read() {
    let big = "{\"a\":1}".repeat(1 << 20);
    let seen = seen(&[("/home/u/.config/Code/User/settings.json", &big)]);
    assert_eq!(seen.unread[0].1, "it is too large to be such a file");
}

#[test]
fn settings_that_change_a_hop_are_shown_without_what_may_be_secret() {
    let text = "{\n  \"http.proxy\": \"http://user:VALUE@proxy.corp:8080/x?VALUE\",\n  \"http.noProxy\": [\"VALUE\"],\n  \"terminal.integrated.inheritEnv\": false,\n  \"application.shellEnvironmentResolutionTimeout\": 20,\n  \"chatgpt.cliExecutable\": \"/opt/codex\",\n  \"chatgpt.note\": \"VALUE\",\n  \"other.proxy\": \"x\"\n}\n";
    let machine = "/home/u/.vscode-server/data/Machine/settings.json";
    let ide = seen(&[(machine, text)]).ide;
    let shown: Vec<(&str, &str, u32)> =
        ide.iter().map(|s| (s.key.as_str(), s.value.as_str(), s.line)).collect();
    assert_eq!(
        shown,
        [
            ("http.proxy", "proxy.corp:8080", 2),
            ("http.noProxy", "…", 3),
            ("terminal.integrated.inheritEnv", "false", 4),
            ("application.shellEnvironmentResolutionTimeout", "20", 5),
            ("chatgpt.cliExecutable", "/opt/codex", 6),
            ("chatgpt.note", "…", 7),
        ]
    );
    assert!(ide.iter().all(|s| s.product.as_deref() == Some("VS Code")));
    let workspace =
        "{\"settings\": {\"terminal.integrated.inheritEnv\": true}, \"http.proxy\": \"http://x:1\"}";
    let ide = seen(&[("/home/u/p/my.code-workspace", workspace)]).ide;
    assert_eq!(ide.len(), 1, "what stands outside `settings` is none: {ide:?}");
    let odd = "{\"http.proxy\": \"VALUE\", \"chatgpt.cliExecutable\": \"VALUE\"}";
    assert!(seen(&[(machine, odd)]).ide.iter().all(|s| s.value == "…"), "no URL, no path");
}

#[test]
fn version_managers_are_found_by_the_line_that_sets_them_up() {
    let bashrc = "# . ~/.nvm/nvm.sh\n  [ -s \"$NVM_DIR/nvm.sh\" ] && \\. \"$NVM_DIR/nvm.sh\"\neval \"$(fnm env)\"\nexport TOKEN=VALUE; . \"$HOME/.asdf/asdf.sh\"\n";
    let files = [
        ("/home/u/.bashrc", bashrc),
        ("/home/u/.config/fish/config.fish", "mise activate fish | source\n"),
        ("/home/u/p/.nvmrc", "# node\n\nv24\n"),
        ("/home/u/p/sub/.tool-versions", "python 3.13\nnodejs 24.1.0\n"),
    ];
    let lines: Vec<(String, u32, String)> = asking(&files, "PATH")
        .settings
        .into_iter()
        .filter(|s| s.scope == Scope::PathManager)
        .map(|s| (s.setting.path, s.setting.line, s.owner))
        .collect();
    let expected = [
        ("/home/u/.bashrc", 2, "nvm"),
        ("/home/u/.bashrc", 3, "fnm"),
        ("/home/u/.bashrc", 4, "asdf"),
        ("/home/u/.config/fish/config.fish", 1, "mise"),
        ("/home/u/p/.nvmrc", 3, "nvm"),
        ("/home/u/p/sub/.tool-versions", 2, "asdf"),
    ];
    assert_eq!(lines, expected.map(|(path, line, owner)| (path.to_owned(), line, owner.to_owned())));
    assert!(seen(&files).settings.is_empty(), "they say nothing of another variable");
}
