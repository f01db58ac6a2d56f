//! What to do about one line of one file: the one that sets the variable, or takes it away.
use super::{applied, cost_of, fix, home, quoted, set_in_dotenv};
use crate::world::World;
use envsplit_model::text::shown;
use envsplit_model::{At, Change, Edit, Fix, Setting, Source, Taint};

/// The line takes the variable away.
pub(in crate::rules) fn drop_line(w: &World<'_>, reset: &Setting, place: usize) -> Fix {
    let title = format!("remove line {} of {}", reset.line, w.shown(&reset.path));
    let mut f = fix(w, "drop-line", title, cost_of(w, place));
    f.edits = vec![Edit {
        path: reset.path.clone(),
        before: reset.text.clone(),
        after: String::new(),
        line: Some(reset.line),
    }];
    // The command alone, in a file of the user's own: `:` may stand wherever it stood.
    let command = format!("unset {}", reset.name);
    let alone = reset.text.trim() == command && reset.path.starts_with(&home(w));
    let change = alone.then(|| Change::Replace {
        path: reset.path.clone(),
        line: reset.line,
        old: command,
        new: ":".to_owned(),
    });
    if change.is_some() {
        f.title = format!("let line {} of {} do nothing", reset.line, w.shown(&reset.path));
        ":".clone_into(&mut f.edits[0].after);
    }
    applied(f, change.into_iter().collect())
}

/// The line sets a shell variable only.
pub(in crate::rules) fn export(w: &World<'_>, setting: &Setting, name: &str) -> Fix {
    let fish = setting.path.contains("/fish/") || setting.path.rsplit('.').next() == Some("fish");
    let (word, after) = match fish {
        true if setting.path.ends_with("/fish_variables") => ("`set -Ux` instead, once, in fish", "set -Ux"),
        true => ("`set -gx` instead", "set -gx"),
        false => ("`export` before it", "export"),
    };
    let title = format!("write {word}, for {}", w.shown(&setting.path));
    let mut f = fix(w, "export-it", title, "open a new terminal; close all windows of the IDE");
    f.edits = vec![Edit {
        path: setting.path.clone(),
        before: setting.text.clone(),
        after: if fish {
            format!("{after} {} …", shown(name))
        } else {
            format!("{after} {}=…", shown(name))
        },
        line: Some(setting.line),
    }];
    // The beginning of the line, without an export and with one.
    let words = [
        (!fish).then(|| (format!("{name}="), format!("export {name}="))),
        (!fish).then(|| (format!("typeset -g {name}="), format!("typeset -gx {name}="))),
        fish.then(|| (format!("set -g {name} "), format!("set -gx {name} "))),
        fish.then(|| (format!("set {name} "), format!("set -gx {name} "))),
    ];
    let begins = |(old, _): &(String, String)| setting.text.trim_start().starts_with(old);
    let change = words.into_iter().flatten().find(begins).map(|(old, new)| Change::Replace {
        path: setting.path.clone(),
        line: setting.line,
        old,
        new,
    });
    applied(f, change.into_iter().collect())
}

/// The value must be written again without its fault.
pub(in crate::rules) fn clean_value(
    w: &World<'_>,
    at: Option<&At>,
    taint: Taint,
    place: usize,
    name: &str,
) -> Vec<Fix> {
    let Some((path, line)) = at.and_then(|a| Some((a.path.clone()?, a.line?))) else {
        return vec![set_in_dotenv(w, place, name)];
    };
    let file = quoted(&path);
    let (title, commands) = match taint {
        Taint::TrailingCr => (
            format!("write {} with Unix line ends", w.shown(&path)),
            vec![
                format!("cp -p {file} {}", quoted(&format!("{path}.before-envsplit"))),
                format!("sed -i 's/\\r$//' {file}"),
            ],
        ),
        Taint::Placeholder | Taint::Blank => {
            (format!("write the real key at {}:{line}", w.shown(&path)), vec![])
        }
        _ => (format!("write the value at {}:{line} without it", w.shown(&path)), vec![]),
    };
    let mut f = fix(w, "clean-value", title, cost_of(w, place));
    f.commands = commands;
    let change = (taint == Taint::TrailingCr).then_some(Change::UnixLineEnds { path });
    vec![applied(f, change.into_iter().collect())]
}

/// The line in `.env` that wins.
pub(in crate::rules) fn dotenv_line(w: &World<'_>, line: &Source, place: usize) -> Vec<Fix> {
    let number = line.line.unwrap_or(1);
    let title = format!("remove the line at {}:{number}, or write the new key there", w.shown(&line.path));
    let mut f = fix(w, "remove-from-codex-env", title, cost_of(w, place));
    let path = quoted(&line.path);
    f.commands = vec![
        format!("cp -p {path} {}", quoted(&format!("{}.before-envsplit", line.path))),
        format!("sed -i '{number}d' {path}"),
    ];
    vec![f]
}
