//! Crontabs, ssh's files, `mise.toml`, and the files that a directory hook takes in.
use super::ini::assigned;
use super::table::Row;
use super::{Belongs, Find};
use crate::lines::numbered;
use crate::source::STRAY;
use crate::word::name_length;
use envsplit_model::{How, Scope};
use toml::de::{DeTable, DeValue};

/// `NAME = value` of a crontab (crontab(5)): white space around the sign and quotes around the name are allowed.
pub(super) fn crontab(find: &mut Find<'_>, path: &str, row: &Row) {
    let Some(source) = find.text(path) else { return };
    let owner = path.rsplit('/').next().unwrap_or(path);
    for (at, line) in numbered(&source.text) {
        let Some((name, _)) = line.split_once('=') else { continue };
        let lead = name.len() - name.trim_start().len();
        let name = name.trim().trim_matches(['"', '\'']);
        if name_length(name) == name.len() && find.asked.contains(name) {
            let text = format!("{name}=…");
            find.hit(&source, at + lead, name, text, How::EnvFile, Belongs::to(row, owner));
        }
    }
}

/// `SetEnv`, `SendEnv` and `AcceptEnv` (`ssh_config(5)`, `sshd_config(5)`); keywords are read in any case.
pub(super) fn ssh(find: &mut Find<'_>, path: &str, row: &Row) {
    let Some(source) = find.text(path) else { return };
    let server = row.scope == Scope::SshLogin;
    let mut block = String::new();
    for (at, line) in numbered(&source.text) {
        let line = line.trim_end_matches(STRAY);
        let body = line.trim_start();
        let at = at + line.len() - body.len();
        let Some((keyword, rest)) = body.split_once([' ', '\t', '=']) else { continue };
        let keyword = keyword.to_ascii_lowercase();
        if keyword == "host" || keyword == "match" {
            block = if keyword == "host" { "Host".to_owned() } else { "Match".to_owned() };
            continue;
        }
        let scope = match (keyword.as_str(), server) {
            ("setenv", false) => Scope::SshSet,
            ("setenv", true) => Scope::SshLogin,
            ("sendenv", false) => Scope::SshSend,
            ("acceptenv", true) => Scope::SshAccept,
            _ => continue,
        };
        let idle =
            (!block.is_empty()).then_some("it stands below a Host or Match line and counts for those alone");
        for word in rest.split_ascii_whitespace().map(|w| w.trim_matches('"')) {
            let names: Vec<String> = if scope.sets() {
                assigned(word).filter(|n| find.asked.contains(*n)).map(str::to_owned).into_iter().collect()
            } else {
                find.names.iter().filter(|n| matches(word, n)).cloned().collect()
            };
            for name in names {
                let text = match scope {
                    Scope::SshSend => format!("SendEnv {name}"),
                    Scope::SshAccept => format!("AcceptEnv {name}"),
                    _ => format!("SetEnv {name}=…"),
                };
                let belongs = Belongs { row, scope, owner: if server { "sshd" } else { "ssh" }, idle };
                find.hit(&source, at, &name, text, How::Setting, belongs);
            }
        }
    }
}

/// `*` and `?`, as `ssh_config(5)` PATTERNS has them. Linear in the text for each star.
fn matches(pattern: &str, text: &str) -> bool {
    let quoted: Vec<(char, bool)> = pattern.chars().map(|c| (c, !matches!(c, '*' | '?'))).collect();
    !pattern.starts_with('-') && crate::glob::matches(text, &quoted) == Some(true)
}

/// `[env]` of `mise.toml`: `NAME = value`, `_.file`; `false` takes a variable away.
pub(super) fn mise(find: &mut Find<'_>, path: &str, row: &Row) {
    let Some(source) = find.text(path) else { return };
    let clean: String = source.text.replace(STRAY, " ");
    if clean.len() != source.text.len() {
        // Every stray character is wider than the blank that stands for it: places would be off.
        find.unread(path, "it has Windows line ends");
        return;
    }
    let Ok(table) = DeTable::parse(&clean) else {
        find.unread(path, "it is no TOML");
        return;
    };
    let Some(DeValue::Table(env)) = table.get_ref().get("env").map(toml::Spanned::get_ref) else { return };
    let owner = path.rsplit('/').next().unwrap_or(path);
    for (key, value) in env {
        let name = key.get_ref().as_ref();
        if find.asked.contains(name) {
            let how = match value.get_ref() {
                DeValue::Boolean(false) => How::Unset,
                _ => How::Setting,
            };
            let text = format!("{name} = …");
            find.hit(&source, key.span().start, name, text, how, Belongs::to(row, owner));
        }
        if name == "_"
            && let DeValue::Table(more) = value.get_ref()
            && let Some(file) = more.get("file").map(toml::Spanned::get_ref)
        {
            let dir = path.rsplit_once('/').map_or("", |(dir, _)| dir);
            let files = match file {
                DeValue::Array(items) => items.iter().map(toml::Spanned::get_ref).collect(),
                other => vec![other],
            };
            for file in files.into_iter().filter_map(|f| f.as_str()) {
                taken_in(find, dir, file, row);
            }
        }
    }
}

/// Files that `dotenv` and `dotenv_if_exists` of an `.envrc` take in (`direnv-stdlib(1)`).
pub(super) fn direnv_files(find: &mut Find<'_>, path: &str, row: &Row) {
    let Some(source) = find.text(path) else { return };
    let dir = path.rsplit_once('/').map_or("", |(dir, _)| dir);
    for (_, line) in numbered(&source.text) {
        let mut words = line.split_ascii_whitespace();
        if matches!(words.next(), Some("dotenv" | "dotenv_if_exists")) {
            let file = words.next().filter(|w| !w.starts_with('#')).unwrap_or(".env");
            taken_in(find, dir, file.trim_matches(['"', '\'']), row);
        }
    }
}

fn taken_in(find: &mut Find<'_>, dir: &str, file: &str, row: &Row) {
    if file.contains(['$', '{', '*', '`']) {
        return;
    }
    let file = file.strip_prefix("./").unwrap_or(file);
    let file = if file.starts_with('/') { file.to_owned() } else { format!("{dir}/{file}") };
    // It is the hook's file now, not one that nobody reads.
    find.seen.insert(file.clone());
    let owner = "taken in by the directory hook";
    find.lines(&file, row, owner);
}
