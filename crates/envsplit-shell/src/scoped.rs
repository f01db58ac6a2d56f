//! Files that are no start-up file and set a variable for some processes: settings of IDEs, units, launchers,
//! directory hooks. A table says where they are, how each is read and whom it reaches; a module a form reads them.
mod hops;
mod ide;
mod ini;
mod jsonc;
mod managers;
mod plain;
mod table;

use crate::source::{Source, decode};
use crate::{EnvFileKind, ShellEnv, env_file, settings_anywhere};
use envsplit_model::{FileError, Files, How, Reach, Scope, ScopedSeen, ScopedSetting, Setting};
use std::collections::HashSet;
use table::{Form, Row};

/// The largest file that is read, in bytes.
const SIZE: usize = 4 << 20;
/// How many lines are listed in all.
const MOST: usize = 400;

/// The folders below which a user's files stand.
#[derive(Clone, Debug)]
pub struct UserFolders {
    /// The home directory, absolute.
    pub home: String,
    /// `XDG_CONFIG_HOME`, else `~/.config`.
    pub config: String,
    /// The directory whose project files count, with those above it up to the home directory; empty for none.
    pub cwd: String,
}

/// The lines of every known file that is no start-up file that set one of `names` or let it pass, in the order of the
/// table: what reaches a whole session first, what belongs to a directory last. No value is in them.
pub fn scoped_settings(env: &ShellEnv, folders: &UserFolders, names: &[String]) -> ScopedSeen {
    let mut find = Find {
        env,
        folders,
        names,
        asked: names.iter().cloned().collect(),
        seen: HashSet::new(),
        out: ScopedSeen::default(),
    };
    for row in table::rows() {
        for path in table::paths(env.files, folders, &row.place) {
            find.file(&path, row);
        }
    }
    for dir in table::CLOSED {
        if env.files.list(dir) == Err(FileError::Denied) {
            find.unread(dir, "this user may not look into it");
        }
    }
    find.out
}

/// The search in progress.
struct Find<'a> {
    env: &'a ShellEnv<'a>,
    folders: &'a UserFolders,
    names: &'a [String],
    asked: HashSet<String>,
    /// Files that were read already, by path: one file can be named by two rows.
    seen: HashSet<String>,
    out: ScopedSeen,
}

/// What a found line belongs to.
#[derive(Clone, Copy)]
struct Belongs<'a> {
    row: &'a Row,
    scope: Scope,
    owner: &'a str,
    idle: Option<&'a str>,
}

impl<'a> Belongs<'a> {
    fn to(row: &'a Row, owner: &'a str) -> Self {
        Self { row, scope: row.scope, owner, idle: None }
    }
}

impl Find<'_> {
    fn files(&self) -> &dyn Files {
        self.env.files
    }

    fn unread(&mut self, path: &str, reason: &str) {
        let entry = (path.to_owned(), reason.to_owned());
        if self.out.unread.len() < MOST && !self.out.unread.contains(&entry) {
            self.out.unread.push(entry);
        }
    }

    /// The text of a file; what is there and cannot be read is listed.
    fn text(&mut self, path: &str) -> Option<Source> {
        match self.files().read(path) {
            Ok(bytes) if bytes.len() > SIZE => {
                self.unread(path, "it is too large to be such a file");
                None
            }
            Ok(bytes) => {
                let Some(text) = decode(&bytes) else {
                    self.unread(path, "it is no text");
                    return None;
                };
                Some(Source::new(path, text, self.files().times(path).ok()))
            }
            Err(FileError::NotFound | FileError::IsDirectory) => None,
            Err(error) => {
                self.unread(path, &error.to_string());
                None
            }
        }
    }

    fn file(&mut self, path: &str, row: &Row) {
        if !self.seen.insert(path.to_owned()) {
            return;
        }
        let file = path.rsplit('/').next().unwrap_or(path);
        match row.form {
            Form::Script => self.script(path, row),
            Form::Direnv => {
                self.script(path, row);
                plain::direnv_files(self, path, row);
            }
            Form::PamEnv | Form::Lines => self.lines(path, row, file),
            Form::Unit => ini::unit(self, path, row),
            Form::Flatpak => ini::flatpak(self, path, row),
            Form::Entry => ini::entry(self, path, row),
            Form::Crontab => plain::crontab(self, path, row),
            Form::Ssh => plain::ssh(self, path, row),
            Form::Mise => plain::mise(self, path, row),
            Form::Manager if self.asked.contains("PATH") => managers::set_up(self, path, row),
            Form::Version if self.asked.contains("PATH") => managers::version(self, path, row),
            Form::Manager | Form::Version => {}
            Form::Settings | Form::Workspace | Form::Tasks | Form::Launch | Form::DevContainer => {
                ide::json(self, path, row);
            }
        }
    }

    /// A shell script: each line that touches a name, whether the script comes to it or not.
    fn script(&mut self, path: &str, row: &Row) {
        if let Err(error) = self.files().kind(path) {
            if error != FileError::NotFound {
                self.unread(path, &error.to_string());
            }
            return;
        }
        let file = path.rsplit('/').next().unwrap_or(path).to_owned();
        for mut setting in settings_anywhere(self.env, self.names, &[path.to_owned()]) {
            setting.times = self.files().times(path).ok();
            let idle = (setting.how == How::Assignment).then_some("it is not exported");
            self.push(setting, Belongs { idle, ..Belongs::to(row, &file) });
        }
    }

    /// Lines `NAME=value`, or those of `pam_env`.
    fn lines(&mut self, path: &str, row: &Row, owner: &str) {
        let Some(source) = self.text(path) else { return };
        let kind = match row.form {
            Form::PamEnv => EnvFileKind::PamEnv,
            _ => EnvFileKind::EtcEnvironment,
        };
        for mut setting in env_file(source.text.as_bytes(), path, kind, self.names) {
            setting.times = source.times;
            self.push(setting, Belongs::to(row, owner));
        }
    }

    /// A line at the byte `at` that names one of the asked variables.
    fn hit(&mut self, source: &Source, at: usize, name: &str, text: String, how: How, belongs: Belongs<'_>) {
        let setting = Setting {
            name: name.to_owned(),
            path: source.path.clone(),
            line: source.line(at),
            column: source.column(at),
            how,
            text,
            times: source.times,
            reach: Reach::NotRead,
        };
        self.push(setting, belongs);
    }

    fn push(&mut self, mut setting: Setting, belongs: Belongs<'_>) {
        setting.reach = Reach::NotRead;
        let found = ScopedSetting {
            scope: belongs.scope,
            owner: belongs.owner.to_owned(),
            product: belongs.row.product.map(str::to_owned),
            doc: belongs.row.doc.to_owned(),
            idle: belongs.idle.map(str::to_owned),
            setting,
        };
        if self.out.settings.len() < MOST && !self.out.settings.contains(&found) {
            self.out.settings.push(found);
        }
    }
}

#[cfg(test)]
mod tests;
