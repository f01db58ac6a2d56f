//! `daemon install` and `daemon uninstall`: systemd user units.
#![allow(clippy::disallowed_methods)] // the units themselves, in the user's own folder, and the manager that reads them
use super::super::json;
use crate::agent;
use crate::args::Common;
use crate::ask::own_program;
use crate::error::Error;
use crate::output;
use envsplit_daemon::service::{MARK, SERVICE_UNIT, SOCKET_UNIT, service_unit, socket_unit};
use serde::Serialize;
use std::path::PathBuf;

#[derive(Serialize)]
struct Installed {
    schema: &'static str,
    files: Vec<String>,
    manager: Option<String>,
}

/// The user manager's folder for the user's own units.
fn folder() -> Result<PathBuf, Error> {
    let dirs = directories::BaseDirs::new()
        .ok_or_else(|| Error::internal("no home directory is known, so neither is systemd's folder"))?;
    Ok(dirs.config_dir().join("systemd/user"))
}

fn units() -> Result<[(&'static str, String); 2], Error> {
    let socket = agent::runtime_dir()?.join(envsplit_ipc::place::SOCKET);
    Ok([(SOCKET_UNIT, socket_unit(&socket)), (SERVICE_UNIT, service_unit(&own_program()?))])
}

pub(super) fn install(common: &Common, print: bool) -> Result<u8, Error> {
    let folder = folder()?;
    let units = units()?;
    if print {
        for (name, text) in &units {
            output::data(&format!("# {}\n{text}\n", folder.join(name).display()));
        }
        return Ok(0);
    }
    std::fs::create_dir_all(&folder).map_err(|e| io(&folder, &e))?;
    for (name, _) in &units {
        foreign(&folder.join(name))?;
    }
    let mut files = vec![];
    for (name, text) in &units {
        let path = folder.join(name);
        let new = folder.join(format!(".{name}.new"));
        std::fs::write(&new, text).and_then(|()| std::fs::rename(&new, &path)).map_err(|e| io(&path, &e))?;
        files.push(path);
    }
    let manager = manager(&[&["daemon-reload"], &["enable", "--now", SOCKET_UNIT]]);
    say(common, &files, "written", manager)
}

pub(super) fn uninstall(common: &Common) -> Result<u8, Error> {
    let folder = folder()?;
    let mut files = vec![];
    for name in [SOCKET_UNIT, SERVICE_UNIT] {
        let path = folder.join(name);
        if foreign(&path)? {
            files.push(path);
        }
    }
    let before = if files.is_empty() {
        Ok(())
    } else {
        manager(&[&["disable", "--now", SOCKET_UNIT], &["stop", SERVICE_UNIT]])
    };
    for path in &files {
        std::fs::remove_file(path).map_err(|e| io(path, &e))?;
    }
    let after = if files.is_empty() { Ok(()) } else { manager(&[&["daemon-reload"]]) };
    say(common, &files, "taken away", before.and(after))
}

/// Whether a unit of ours is there; one of somebody else is an error.
fn foreign(path: &std::path::Path) -> Result<bool, Error> {
    match std::fs::read_to_string(path) {
        Ok(text) if text.starts_with(MARK) => Ok(true),
        Ok(_) => Err(Error::usage(format!("`{}` is not made by envsplit and is left alone", path.display()))
            .hint("move it away, then try again")),
        Err(e) if e.kind() == std::io::ErrorKind::NotFound => Ok(false),
        Err(e) => Err(io(path, &e)),
    }
}

/// Tells the user manager; the error says what to do by hand.
fn manager(calls: &[&[&str]]) -> Result<(), String> {
    for call in calls {
        envsplit_system::user_manager(call)
            .map_err(|why| format!("{why}; once it runs: systemctl --user {}", call.join(" ")))?;
    }
    Ok(())
}

fn say(common: &Common, files: &[PathBuf], how: &str, manager: Result<(), String>) -> Result<u8, Error> {
    let manager = manager.err();
    if common.wants_json() {
        let files = files.iter().map(|f| f.display().to_string()).collect();
        json(&Installed { schema: "envsplit.install/v1", files, manager })?;
        return Ok(0);
    }
    for file in files {
        output::data(&format!("{how}: {}\n", file.display()));
    }
    if files.is_empty() {
        output::data("nothing was installed\n");
    }
    if let Some(why) = manager {
        output::note(&format!("note: {why}"));
    }
    Ok(0)
}

fn io(path: &std::path::Path, e: &std::io::Error) -> Error {
    Error::internal(format!("`{}`: {e}", path.display()))
}
