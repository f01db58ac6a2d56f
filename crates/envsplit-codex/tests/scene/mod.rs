//! A place on a scratch machine, and what a Codex there would use.
use envsplit_codex::{Flags, Resolution, Surroundings, resolve};
use envsplit_model::paths::PathStyle;
use envsplit_model::{CodexCaller, CodexView, EnvBlock, HostId, ScratchFiles};

/// A place: files, environment and flags.
pub(crate) struct Scene {
    pub(crate) files: ScratchFiles,
    pub(crate) env: EnvBlock,
    pub(crate) flags: Flags,
}

impl Scene {
    pub(crate) fn of<'a>(files: impl IntoIterator<Item = (&'a str, &'a str)>) -> Self {
        let mut files = ScratchFiles::of(files);
        files.files.entry("/w/keep".to_owned()).or_insert_with(|| Ok(vec![]));
        Self {
            files,
            env: EnvBlock::of([("HOME", "/h")]),
            flags: Flags {
                caller: CodexCaller::Exec,
                cwd: Some("/w".to_owned()),
                profile: None,
                overrides: vec![],
                version: None,
            },
        }
    }

    pub(crate) fn user(text: &str) -> Self {
        Self::of([("/h/.codex/config.toml", text)])
    }

    pub(crate) fn with(mut self, overrides: &[&str]) -> Self {
        self.flags.overrides = overrides.iter().map(|o| (*o).to_owned()).collect();
        self
    }

    /// What a Codex there would use, looked at.
    pub(crate) fn resolved<T>(&self, look: impl FnOnce(&Resolution<'_>) -> T) -> T {
        let surroundings = Surroundings {
            files: &self.files,
            env: &self.env,
            style: PathStyle::Posix,
            home_dir: Some("/h".to_owned()),
            process_cwd: Some("/w".to_owned()),
            system_dir: "/etc/codex".to_owned(),
            keep_names: vec![],
            host: HostId("linux".to_owned()),
        };
        look(&resolve(&surroundings, &self.flags))
    }

    pub(crate) fn view(&self) -> CodexView {
        self.resolved(|rules: &Resolution<'_>| rules.view())
    }
}
