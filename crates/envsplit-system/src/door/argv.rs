//! Which words of a command line may leave the door: those by which roles are recognised. A command line can hold
//! secrets (`--connection-token`, `-c …bearer_token=…`, `sh -c 'KEY=… cmd'`), so every other word becomes `…`.

/// Options of which the value tells a role.
const TELLING: &[&str] = &["--type", "--utility-sub-type", "--listen"];

/// File names by which a script is recognised.
const SCRIPTS: &[&str] = &[
    "server-main.js",
    "main.js",
    "entry",
    "entry.js",
    "bootstrap-fork",
    "bootstrap-fork.js",
    "codex.js",
    "cli.js",
    "code-server",
];

/// Subcommands of Codex.
const SUBCOMMANDS: &[&str] = &[
    "app-server",
    "exec",
    "e",
    "daemon",
    "resume",
    "fork",
    "review",
    "mcp",
    "mcp-server",
    "login",
    "logout",
    "doctor",
    "completion",
    "sandbox",
    "debug",
    "apply",
    "cloud",
    "features",
    "proto",
    "start",
    "stop",
    "status",
    "restart",
    "pid-update-loop",
    "archive",
    "delete",
    "queue",
    "update",
    "help",
    "stdio-to-uds",
    "responses-api-proxy",
    "generate-json-schema",
    "generate-ts",
    "execpolicy",
];

const MASK: &str = "…";

/// `argv` with every word masked that tells no role. The first word, the program, stays.
pub(super) fn recognisable(argv: &[String]) -> Vec<String> {
    let mut words = argv.iter();
    let mut out: Vec<String> = words.next().cloned().into_iter().collect();
    out.extend(words.map(|w| one(w)));
    out
}

fn one(word: &str) -> String {
    if let Some(name) = word.strip_prefix('-') {
        let name = name.trim_start_matches('-');
        let plain = |s: &str| s.len() <= 40 && s.bytes().all(|b| b.is_ascii_lowercase() || b == b'-');
        return match word.split_once('=') {
            Some((option, value)) if TELLING.contains(&option) && value.len() <= 80 => word.to_owned(),
            Some((option, _)) if plain(option.trim_start_matches('-')) => format!("{option}={MASK}"),
            None if plain(name) => word.to_owned(),
            _ => MASK.to_owned(),
        };
    }
    let file = word.rsplit('/').next().unwrap_or(word);
    if SUBCOMMANDS.contains(&word) || word == "unix://" || (word.contains('/') && SCRIPTS.contains(&file)) {
        return word.to_owned();
    }
    MASK.to_owned()
}

#[cfg(test)]
mod tests {
    use super::*;

    fn masked(words: &[&str]) -> String {
        recognisable(&words.iter().map(|w| (*w).to_owned()).collect::<Vec<_>>()).join(" ")
    }

    #[test]
    fn roles_stay_recognisable() {
        assert_eq!(
            masked(&["/n/node", "/s/out/bootstrap-fork", "--type=extensionHost", "--transformURIs"]),
            "/n/node /s/out/bootstrap-fork --type=extensionHost …"
        );
        assert_eq!(
            masked(&[
                "codex",
                "-c",
                "features.x=true",
                "app-server",
                "--listen",
                "unix://",
                "--managed-daemon"
            ]),
            "codex -c … app-server --listen unix:// --managed-daemon"
        );
    }

    #[test]
    fn secrets_on_a_command_line_stay_inside() {
        for words in [
            &["node", "server-main.js", "--connection-token=canary"][..],
            &["codex", "-c", "model_providers.a.experimental_bearer_token=canary", "exec", "canary"],
            &["bash", "-lc", "KEY=canary codex app-server"],
            &["code", "-canary9", "--x=canary", "--CANARY=canary", "canary/entryx"],
        ] {
            let shown = masked(words);
            assert!(!shown.contains("canary"), "{shown}");
        }
    }
}
