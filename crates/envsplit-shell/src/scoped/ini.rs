//! Files of sections and `Key=value`: systemd units, Flatpak overrides, desktop entries.
use super::table::Row;
use super::{Belongs, Find};
use crate::lines::numbered;
use crate::source::{STRAY, Source};
use crate::word::name_length;
use envsplit_model::{How, Scope};

/// One `Key=value` of a section; the value runs on over lines that end with a backslash.
struct Entry<'a> {
    section: &'a str,
    key: &'a str,
    value: &'a str,
    /// The place of the value in the text.
    at: usize,
}

fn entries(text: &str) -> Vec<Entry<'_>> {
    let mut found: Vec<Entry<'_>> = vec![];
    let mut section = "";
    let mut continued = false;
    for (at, line) in numbered(text) {
        let body = line.trim_end_matches(STRAY);
        let trimmed = body.trim();
        let goes_on = body.ends_with('\\');
        if continued {
            if let Some(last) = found.last_mut() {
                last.value = &text[last.at..at + body.len()];
            }
            continued = goes_on;
            continue;
        }
        if trimmed.is_empty() || trimmed.starts_with(['#', ';']) {
            continue;
        }
        if let Some(name) = trimmed.strip_prefix('[').and_then(|t| t.strip_suffix(']')) {
            section = name;
        } else if let Some((key, value)) = body.split_once('=') {
            let lead = value.len() - value.trim_start().len();
            found.push(Entry {
                section,
                key: key.trim(),
                value: &value[lead..],
                at: at + key.len() + 1 + lead,
            });
            continued = goes_on;
        }
    }
    found
}

/// The words of a value with the place of each, quotes taken off: `systemd.syntax(7)`, QUOTING.
fn words(value: &str) -> Vec<(usize, String)> {
    let mut found = vec![];
    let mut word: Option<(usize, String)> = None;
    let mut quote: Option<char> = None;
    let mut chars = value.char_indices();
    while let Some((at, c)) = chars.next() {
        match (c, quote) {
            ('\\', q) if q != Some('\'') => {
                if let Some((_, next)) = chars.next().filter(|(_, n)| *n != '\n') {
                    word.get_or_insert((at, String::new())).1.push(next);
                }
            }
            (c, Some(q)) if c == q => quote = None,
            ('"' | '\'', None) => {
                quote = Some(c);
                word.get_or_insert((at, String::new()));
            }
            (c, None) if c.is_whitespace() || c == STRAY => found.extend(word.take()),
            (c, _) => word.get_or_insert((at, String::new())).1.push(c),
        }
    }
    found.extend(word);
    found
}

/// The variable that a word `NAME=value` sets.
pub(super) fn assigned(word: &str) -> Option<&str> {
    let length = name_length(word);
    (length > 0 && word[length..].starts_with('=')).then(|| &word[..length])
}

/// A unit, a drop-in, `user.conf`.
pub(super) fn unit(find: &mut Find<'_>, path: &str, row: &Row) {
    let Some(source) = find.text(path) else { return };
    let owner = unit_name(path);
    let manager = row.scope == Scope::UserManager;
    for entry in entries(&source.text) {
        let wanted = match (manager, entry.section, entry.key) {
            (true, "Manager", "DefaultEnvironment" | "ManagerEnvironment")
            | (false, "Service", "Environment") => true,
            (false, "Service", "EnvironmentFile") => {
                let file = entry.value.trim_matches([' ', '\t', '"', '-']);
                let file = file.replace("%h", &find.folders.home);
                if file.starts_with('/') && !file.contains(['*', '%']) {
                    find.lines(&file, row, owner);
                }
                false
            }
            _ => false,
        };
        if wanted {
            assignments(find, &source, &entry, row, owner);
        }
    }
}

/// `foo.service` of `foo.service.d/10.conf`.
fn unit_name(path: &str) -> &str {
    let mut parts = path.rsplit('/');
    let file = parts.next().unwrap_or(path);
    parts.next().and_then(|dir| dir.strip_suffix(".d")).unwrap_or(file)
}

fn assignments(find: &mut Find<'_>, source: &Source, entry: &Entry<'_>, row: &Row, owner: &str) {
    for (at, word) in words(entry.value) {
        if let Some(name) = assigned(&word).filter(|n| find.asked.contains(*n)) {
            let text = format!("{}={name}=…", entry.key);
            find.hit(source, entry.at + at, name, text, How::Setting, Belongs::to(row, owner));
        }
    }
}

/// A Flatpak override: `[Environment]`, and `[Context] unset-environment`.
pub(super) fn flatpak(find: &mut Find<'_>, path: &str, row: &Row) {
    let Some(source) = find.text(path) else { return };
    let owner = path.rsplit('/').next().unwrap_or(path);
    for entry in entries(&source.text) {
        if entry.section == "Environment" && find.asked.contains(entry.key) {
            let text = format!("{}=…", entry.key);
            // An empty value takes the variable away (flatpak-metadata(5)).
            let how = if entry.value.trim().is_empty() { How::Unset } else { How::Setting };
            find.hit(&source, entry.at, entry.key, text, how, Belongs::to(row, owner));
        }
        if entry.section == "Context" && entry.key == "unset-environment" {
            for name in entry.value.split(';').map(str::trim) {
                if find.asked.contains(name) {
                    let text = format!("unset-environment={name}");
                    find.hit(&source, entry.at, name, text, How::Unset, Belongs::to(row, owner));
                }
            }
        }
    }
}

/// `Exec=env NAME=value program` of a desktop entry.
pub(super) fn entry(find: &mut Find<'_>, path: &str, row: &Row) {
    let Some(source) = find.text(path) else { return };
    let owner = path.rsplit('/').next().unwrap_or(path);
    for entry in entries(&source.text) {
        if entry.key != "Exec" || !entry.section.starts_with("Desktop") {
            continue;
        }
        let words = words(entry.value);
        let is_env = words.first().is_some_and(|(_, w)| w == "env" || w.ends_with("/env"));
        let settings = words.iter().skip(1).skip_while(|(_, w)| w.starts_with('-'));
        for (at, word) in settings.take_while(|(_, w)| is_env && w.contains('=')) {
            if let Some(name) = assigned(word).filter(|n| find.asked.contains(*n)) {
                let text = format!("Exec=env {name}=…");
                find.hit(&source, entry.at + at, name, text, How::Setting, Belongs::to(row, owner));
            }
        }
    }
}
