//! Version managers, which put programs on the PATH of the shells that come to the line that sets them up.
use super::table::Row;
use super::{Belongs, Find};
use crate::lines::numbered;
use crate::mask_line;
use envsplit_model::{How, ShellKind};

/// A manager: its name, and words of which one stands in the line that sets it up (each one's own documentation).
const MANAGERS: &[(&str, &[&str])] = &[
    ("nvm", &["nvm.sh", "nvm.fish"]),
    ("fnm", &["fnm env"]),
    ("asdf", &["asdf.sh", "asdf.fish", "asdf/shims", ":-$HOME/.asdf}/shims"]),
    ("mise", &["mise activate", "mise/shims"]),
    ("volta", &["VOLTA_HOME/bin", ".volta/bin"]),
    ("nodenv", &["nodenv init", "nodenv/shims"]),
];

/// The lines of a start-up file that set up a manager; what it does then is known by running it alone.
pub(super) fn set_up(find: &mut Find<'_>, path: &str, row: &Row) {
    let Some(source) = find.text(path) else { return };
    for (at, line) in numbered(&source.text) {
        let body = line.trim_start();
        if body.starts_with('#') {
            continue;
        }
        let at = at + line.len() - body.len();
        let owner = MANAGERS.iter().find(|(_, words)| words.iter().any(|w| body.contains(w)));
        if let Some((owner, _)) = owner {
            let text = mask_line(body.trim_end(), ShellKind::Bash);
            find.hit(&source, at, "PATH", text, How::Setting, Belongs::to(row, owner));
        }
    }
}

/// The line by which a manager chooses the version of node: the whole `.nvmrc`, the `nodejs` line of `.tool-versions`.
pub(super) fn version(find: &mut Find<'_>, path: &str, row: &Row) {
    let Some(source) = find.text(path) else { return };
    let tools = path.ends_with("/.tool-versions");
    let node =
        |line: &str| line.split_ascii_whitespace().next().is_some_and(|t| matches!(t, "nodejs" | "node"));
    let says = |line: &str| !line.trim().is_empty() && !line.starts_with('#');
    let chosen = numbered(&source.text).find(|(_, line)| if tools { node(line) } else { says(line) });
    if let Some((at, _)) = chosen {
        let (owner, text) = if tools { ("asdf", "nodejs …") } else { ("nvm", "…") };
        find.hit(&source, at, "PATH", text.to_owned(), How::Setting, Belongs::to(row, owner));
    }
}
