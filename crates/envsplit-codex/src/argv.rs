//! The arguments of a Codex process: which of them shape its config, and how they may be shown.
use crate::overrides::MAX_OVERRIDES;

/// Options whose value is the next argument, of the interactive `codex`, `codex exec` and `codex app-server`
/// (Codex 0.169, `--help`).
const TAKE_VALUE: &[&str] = &[
    "-c",
    "--config",
    "--enable",
    "--disable",
    "--remote",
    "--remote-auth-token-env",
    "-i",
    "--image",
    "-m",
    "--model",
    "--local-provider",
    "-p",
    "--profile",
    "-s",
    "--sandbox",
    "-C",
    "--cd",
    "--add-dir",
    "-a",
    "--ask-for-approval",
    "--thread-source",
    "--cyber-access-program",
    "--output-schema",
    "--color",
    "-o",
    "--output-last-message",
    "--listen",
    "--ws-auth",
    "--session-source",
];

/// Short options that take a value, so that it may be joined: `-cmodel=x`, `-pwork`.
const SHORT_VALUE: &[char] = &['c', 'i', 'm', 'p', 's', 'C', 'a', 'o'];

/// The profile and the overrides of a Codex process, from its arguments, the program included.
///
/// Codex 0.169: `-c`/`--config key=value`, `--enable NAME` and `--disable NAME` (the same as `-c
/// features.NAME=true` or `=false`), `-p`/`--profile NAME`; each before or after the subcommand, joined or separate,
/// the last profile wins, and nothing after `--` counts.
pub fn session_flags(argv: &[String]) -> (Option<String>, Vec<String>) {
    let (mut profile, mut overrides) = (None, Vec::new());
    for (option, value) in options(argv) {
        let Some(value) = value else { continue };
        match option {
            "-c" | "--config" => overrides.push(value.to_owned()),
            "--enable" => overrides.push(format!("features.{value}=true")),
            "--disable" => overrides.push(format!("features.{value}=false")),
            "-p" | "--profile" => profile = Some(value.to_owned()),
            _ => {}
        }
        if overrides.len() >= MAX_OVERRIDES {
            break;
        }
    }
    (profile, overrides)
}

/// Each option with its value, up to `--`.
fn options(argv: &[String]) -> impl Iterator<Item = (&str, Option<&str>)> {
    let mut rest = argv.iter().skip(1);
    std::iter::from_fn(move || {
        loop {
            let word = rest.next().filter(|w| *w != "--")?;
            if let Some((option, value)) = word.split_once('=').filter(|(o, _)| o.starts_with("--")) {
                return Some((option, Some(value)));
            }
            if TAKE_VALUE.contains(&word.as_str()) {
                return Some((word, rest.next().map(String::as_str)));
            }
            if let Some((option, value)) = joined(word) {
                return Some((option, Some(value)));
            }
        }
    })
}

/// `-ckey=value` and `-c=key=value` as option and value.
fn joined(word: &str) -> Option<(&str, &str)> {
    let letter = word.strip_prefix('-')?.chars().next().filter(|c| SHORT_VALUE.contains(c))?;
    let (option, value) = word.split_at(1 + letter.len_utf8());
    let value = value.strip_prefix('=').unwrap_or(value);
    (!value.is_empty()).then_some((option, value))
}

/// Words that say what a Codex does, and hold nothing of the user's.
const SUBCOMMANDS: &[&str] = &[
    "agents",
    "exec",
    "e",
    "review",
    "login",
    "logout",
    "mcp",
    "plugin",
    "app-server",
    "remote-control",
    "completion",
    "update",
    "doctor",
    "sandbox",
    "debug",
    "apply",
    "a",
    "resume",
    "queue",
    "archive",
    "delete",
    "fork",
    "cloud",
    "exec-server",
    "features",
    "help",
    "daemon",
    "start",
    "stop",
    "proxy",
    "list",
    "--",
];

/// Options whose value says how a Codex runs, and holds nothing of the user's beyond names and paths.
const SHOWN_VALUES: &[&str] = &[
    "--enable",
    "--disable",
    "-p",
    "--profile",
    "-m",
    "--model",
    "-s",
    "--sandbox",
    "-a",
    "--ask-for-approval",
    "--listen",
    "--color",
    "-C",
    "--cd",
    "--local-provider",
    "--session-source",
];

const HIDDEN: &str = "<hidden>";

/// The arguments for display: the program, subcommands, options, and the values of options that are harmless; of an
/// override only its key; of everything else (prompts, files) only that there was something.
pub fn mask_argv(argv: &[String]) -> Vec<String> {
    let mut shown: Vec<String> = Vec::with_capacity(argv.len());
    shown.extend(argv.first().cloned());
    let mut words = argv.iter().skip(1).peekable();
    let mut only_operands = false;
    while let Some(word) = words.next() {
        if only_operands {
            shown.push(HIDDEN.to_owned());
        } else if TAKE_VALUE.contains(&word.as_str()) {
            shown.push(word.clone());
            shown.extend(words.next().map(|value| masked_value(word, value)));
        } else if let Some((option, value)) = word.split_once('=').filter(|(o, _)| o.starts_with("--")) {
            shown.push(format!("{}={}", masked_word(option), masked_value(option, value)));
        } else if let Some((option, value)) = joined(word) {
            shown.push(format!("{option}{}", masked_value(option, value)));
        } else {
            only_operands = word == "--";
            shown.push(masked_word(word));
        }
    }
    shown
}

/// An option that takes no value, or a subcommand; anything else is the user's.
fn masked_word(word: &str) -> String {
    let long = word.strip_prefix("--").is_some_and(|name| {
        (1..=48).contains(&name.len()) && name.bytes().all(|b| b.is_ascii_lowercase() || b == b'-')
    });
    let short = matches!(word.as_bytes(), [b'-', letter] if letter.is_ascii_alphabetic());
    if long || short || SUBCOMMANDS.contains(&word) { word.to_owned() } else { HIDDEN.to_owned() }
}

fn masked_value(option: &str, value: &str) -> String {
    let secret = crate::looks_like_secret(value);
    match option {
        "-c" | "--config" => match value.split_once('=') {
            Some((key, _)) if is_plain_key(key) => format!("{key}={HIDDEN}"),
            _ => HIDDEN.to_owned(),
        },
        _ if SHOWN_VALUES.contains(&option) && !secret && !value.contains('@') && !value.contains('?') => {
            value.to_owned()
        }
        _ => HIDDEN.to_owned(),
    }
}

/// A dotted key of bare words, none of which is a pasted secret.
fn is_plain_key(key: &str) -> bool {
    let bare = |part: &str| {
        !part.is_empty()
            && !crate::looks_like_secret(part)
            && part.bytes().all(|b| b.is_ascii_alphanumeric() || b == b'_' || b == b'-')
    };
    key.trim().split('.').all(bare)
}

#[cfg(test)]
mod tests {
    use super::*;

    fn words(line: &str) -> Vec<String> {
        line.split(' ').map(str::to_owned).collect()
    }

    #[test]
    fn flags_are_found_in_every_form() {
        let line = "codex -c a=1 --config b=2 --config=c=3 -cd=4 -c=e=5 exec --enable f --disable=g -p work -- -c no=1";
        let (profile, overrides) = session_flags(&words(line));
        assert_eq!(profile.as_deref(), Some("work"));
        assert_eq!(overrides, ["a=1", "b=2", "c=3", "d=4", "e=5", "features.f=true", "features.g=false"]);
        assert_eq!(session_flags(&words("codex --profile=x -py")).0.as_deref(), Some("y"));
        assert_eq!(
            session_flags(&words("codex -m -c a=1")).1,
            Vec::<String>::new(),
            "`-c` is the model's name here"
        );
        assert_eq!(session_flags(&words("codex -c")), (None, vec![]));
        assert_eq!(session_flags(&[]), (None, vec![]));
    }

    #[test]
    fn arguments_are_shown_without_what_the_user_typed() {
        let line = "/bin/codex -c features.code_mode_host=true app-server --analytics-default-enabled";
        let expected =
            "/bin/codex -c features.code_mode_host=<hidden> app-server --analytics-default-enabled";
        assert_eq!(mask_argv(&words(line)), words(expected));
        let line =
            "codex exec -p work -ckey=CANARY --model=gpt-5 CANARY --image CANARY --unknown=CANARY -- CANARY";
        let shown = mask_argv(&words(line)).join(" ");
        assert!(!shown.contains("CANARY"), "{shown}");
        assert!(shown.starts_with("codex exec -p work -ckey=<hidden> --model=gpt-5"), "{shown}");
        let pasted = "codex -c sk-proj-abcdEFGH1234ijklMNOP=1 -m sk-proj-abcdEFGH1234ijklMNOP";
        assert!(!mask_argv(&words(pasted)).join(" ").contains("abcd"));
    }
}
