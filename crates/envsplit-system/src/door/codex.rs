//! The Codex config of a place, resolved inside the door with the place's own environment.
use super::{Door, lock};
use crate::backend::Backend;
use crate::package;
use envsplit_codex::{Flags, Origin, Surroundings};
use envsplit_model::paths::PathStyle;
use envsplit_model::{
    CodexAsked, CodexSeen, EnvRef, FileKind, FileTimes, Files, KeyVerdict, Sighting, Source,
};
use jiff::SignedDuration;

/// A file counts as younger than a process only beyond this much: clocks of file systems tick coarsely.
const TICK: SignedDuration = SignedDuration::from_secs(1);

/// The most problems of one config that are listed: who has more will not read them one by one.
const MOST_PROBLEMS: usize = 100;

/// The first executable file named `program` on `path`.
pub(super) fn on_path(files: &dyn Files, path: &str, program: &str) -> Option<String> {
    let candidates =
        path.split(':').filter(|d| d.starts_with('/')).map(|d| PathStyle::Posix.join(d, program));
    candidates.into_iter().find(|p| files.kind(p) == Ok(FileKind::File))
}

impl<B: Backend> Door<B> {
    /// The directory of the process whose environment it is.
    pub(super) fn process_cwd(&self, env: &EnvRef) -> Option<String> {
        match env {
            EnvRef::Process { pid, .. } => self.backend.cwd(*pid),
            EnvRef::Caller => Some(self.backend.caller().cwd),
            _ => None,
        }
    }

    pub(super) fn codex(&self, asked: &CodexAsked) -> Result<CodexSeen, String> {
        let env = self.environment(&asked.env)?;
        let files = self.backend.files();
        let host = self.backend.host();
        let real = asked.exe.as_deref().map(|e| files.canonical(e).unwrap_or_else(|_| e.to_owned()));
        let version = real.and_then(|e| package::codex_version(files, PathStyle::Posix, &e));
        let (profile, overrides) = match asked.flags_of.and_then(|pid| lock(&self.raw).get(&pid).cloned()) {
            Some(raw) => envsplit_codex::session_flags(&raw.argv),
            None => (asked.profile.clone(), asked.overrides.clone()),
        };
        let process_cwd = self.process_cwd(&asked.env);
        let home_dir = Some(self.home_of(&env)).filter(|h| !h.is_empty());
        let surroundings = Surroundings {
            files,
            env: &*env,
            style: PathStyle::Posix,
            home_dir,
            process_cwd,
            system_dir: self.backend.codex_system_dir(),
            keep_names: vec![],
            host: host.clone(),
        };
        let flags = Flags {
            caller: asked.caller,
            cwd: asked.cwd.clone(),
            profile,
            overrides,
            version: version.clone(),
        };
        let resolution = envsplit_codex::resolve(&surroundings, &flags);
        let mut view = resolution.view();
        view.version = version;
        if view.problems.len() > MOST_PROBLEMS {
            let more = view.problems.len() - MOST_PROBLEMS;
            view.problems.truncate(MOST_PROBLEMS);
            view.unknown.push(format!("{more} further problems of this config are not listed"));
        }

        // The one that wins over the other last.
        let dotenvs: Vec<_> =
            [Some(resolution.dotenv()), resolution.dotenv_beside()].into_iter().flatten().collect();
        let source = |path: Option<&String>, line| Source {
            host: host.clone(),
            path: path.cloned().unwrap_or_default(),
            line: Some(line),
            how: "dotenv".into(),
        };
        let younger = |times: FileTimes| {
            let limit = asked.started_at.and_then(|started| started.checked_add(TICK).ok());
            limit.is_some_and(|limit| times.latest() > limit)
        };
        let dotenv_younger = dotenvs.iter().any(|d| d.times.is_some_and(younger));
        let mut key_from_dotenv = None;
        let mut key_in_env = None;
        if let Some(name) = resolution.env_key().filter(|n| !envsplit_codex::looks_like_secret(n)) {
            key_in_env = Some(self.sight(&env, name));
            let mut key = match resolution.effective(name) {
                None => Sighting::absent(),
                Some((origin, value)) => {
                    if let Origin::Dotenv { path, line } = origin {
                        key_from_dotenv = Some(source(Some(&path), line));
                    }
                    Sighting::present(self.key.of_value(value), envsplit_codex::taints(value))
                }
            };
            key.set_by.extend(key_from_dotenv.clone());
            if dotenv_younger && key_from_dotenv.is_some() {
                key = Sighting::unknown("`.env` is younger than the process");
                view.key_verdict = KeyVerdict::Unknown;
            }
            view.key = Some(key);
        }
        let login = view.home.as_deref().map(|h| PathStyle::Posix.join(h, "auth.json"));
        let login_file = login.filter(|p| files.kind(p) == Ok(FileKind::File));
        Ok(CodexSeen {
            view,
            reads: resolution.reads(),
            dotenv: dotenvs
                .iter()
                .flat_map(|d| d.entries.iter().filter(|e| !e.dropped).map(move |e| (d.path.as_ref(), e)))
                .map(|(path, e)| (e.name.clone(), source(path, e.line)))
                .collect(),
            key_from_dotenv,
            key_in_env,
            dotenv_younger,
            login_file,
        })
    }
}
