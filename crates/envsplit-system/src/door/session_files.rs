//! The files that a login session takes variables from without a shell.
use super::Door;
use crate::backend::Backend;
use envsplit_model::{FileKind, Files, Setting};
use std::collections::{BTreeMap, BTreeSet};

/// Where `environment.d` stands, the one that wins first (`environment.d(5)`).
fn directories(home: &str) -> [String; 5] {
    [
        format!("{home}/.config/environment.d"),
        "/etc/environment.d".to_owned(),
        "/run/environment.d".to_owned(),
        "/usr/local/lib/environment.d".to_owned(),
        "/usr/lib/environment.d".to_owned(),
    ]
}

/// The files of `environment.d` in the order in which they apply: by file name, whatever their directory; a name in a
/// directory that wins hides the same name in the others.
pub(crate) fn environment_d(files: &dyn Files, home: &str) -> Vec<String> {
    let mut by_name: BTreeMap<String, String> = BTreeMap::new();
    for dir in directories(home) {
        for name in files.list(&dir).unwrap_or_default() {
            if name.rsplit_once('.').is_some_and(|(_, e)| e == "conf") {
                by_name.entry(name.clone()).or_insert_with(|| format!("{dir}/{name}"));
            }
        }
    }
    by_name.into_values().collect()
}

impl<B: Backend> Door<B> {
    /// The lines of these files that set one of `names`.
    pub(super) fn session_files(&self, home: &str, names: &[String]) -> Vec<Setting> {
        use envsplit_shell::EnvFileKind::{EnvironmentD, EtcEnvironment, PamEnv};
        let files = self.backend.files();
        let mut found = vec![("/etc/environment".to_owned(), EtcEnvironment)];
        found.push(("/etc/security/pam_env.conf".to_owned(), PamEnv));
        let reads_user = || self.pam_reads_user_files();
        let user = format!("{home}/.pam_environment");
        if files.kind(&user) == Ok(FileKind::File) && reads_user() {
            found.push((user, PamEnv));
        }
        found.extend(environment_d(files, home).into_iter().map(|f| (f, EnvironmentD)));
        let mut settings = vec![];
        // `/usr/lib/environment.d/99-environment.conf` is a link to `/etc/environment`: one file, named as people know it.
        let mut real = BTreeSet::new();
        found.retain(|(path, _)| files.canonical(path).map_or(true, |file| real.insert(file)));
        for (path, kind) in found {
            if let Ok(text) = files.read(&path) {
                let mut here = envsplit_shell::env_file(&text, &path, kind, names);
                for setting in &mut here {
                    setting.times = files.times(&path).ok();
                }
                settings.append(&mut here);
            }
        }
        settings
    }

    /// Whether a login reads `~/.pam_environment`: only where a service says `user_readenv=1` (`pam_env(8)`).
    fn pam_reads_user_files(&self) -> bool {
        let files = self.backend.files();
        files.list("/etc/pam.d").unwrap_or_default().into_iter().any(|name| {
            let text = files.read(&format!("/etc/pam.d/{name}")).unwrap_or_default();
            String::from_utf8_lossy(&text).lines().any(|l| {
                !l.trim_start().starts_with('#') && l.contains("pam_env.so") && l.contains("user_readenv=1")
            })
        })
    }
}
