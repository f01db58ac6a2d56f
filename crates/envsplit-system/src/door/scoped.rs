//! Files that are no start-up file, and programs on a PATH.
use super::{Door, codex};
use crate::backend::Backend;
use envsplit_model::{EnvLookup as _, EnvRef, Files, Outcome, ProgramSeen, ScopedSeen};

/// How much of a program's first line is looked at, in bytes.
const FIRST_LINE: usize = 200;

impl<B: Backend> Door<B> {
    pub(super) fn scoped(&self, at: &EnvRef, cwd: &str, names: &[String]) -> Result<ScopedSeen, String> {
        let env = self.environment(at)?;
        let home = self.home_of(&env);
        let config = env.text("XDG_CONFIG_HOME").filter(|c| c.starts_with('/'));
        let folders = envsplit_shell::UserFolders {
            config: config.map_or_else(|| format!("{home}/.config"), str::to_owned),
            home,
            cwd: cwd.to_owned(),
        };
        Ok(envsplit_shell::scoped_settings(&self.shell_env(&env), &folders, names))
    }

    pub(super) fn programs(&self, at: &EnvRef, names: &[String]) -> Result<Outcome, String> {
        let env = self.environment(at)?;
        let files = self.backend.files();
        let path = env.text("PATH").unwrap_or_default();
        let find = |name: &String| {
            let found = codex::on_path(files, path, name)?;
            // Only npm's `codex` is a script that another program runs; the others are not worth their reading.
            let needs = (name == "codex").then(|| interpreter(files, &found)).flatten();
            Some((name.clone(), ProgramSeen { path: found, needs }))
        };
        Ok(Outcome::Programs { found: names.iter().filter_map(find).collect() })
    }
}

/// The program that `#!/usr/bin/env NAME` asks PATH for.
fn interpreter(files: &dyn Files, path: &str) -> Option<String> {
    let text = files.read(path).ok()?;
    let head = &text[..text.len().min(FIRST_LINE)];
    let line = head.split(|b| *b == b'\n').next()?;
    let mut words = std::str::from_utf8(line).ok()?.strip_prefix("#!")?.split_ascii_whitespace();
    words.next().filter(|w| w.ends_with("/env"))?;
    words.find(|w| !w.starts_with('-') && !w.contains('=')).map(str::to_owned)
}
