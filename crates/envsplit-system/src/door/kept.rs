//! Answers that were given before: which question is the same, and what an answer was made from.
use super::{Door, lock};
use crate::backend::Backend;
use crate::depends::{self, Look};
use crate::memo::{AnswerId, Kept};
use crate::secret::Environment;
use envsplit_model::{EnvRef, Outcome, ProbeRequest, ShellAsked, TraceSeen};
use std::time::Duration;

/// What is said of a start that is not to be run now.
const NOT_NOW: &str = "its files have changed since it was run; the next question runs it";

/// What a question does not say and its answer hangs on.
struct Named(blake3::Hasher);

impl Named {
    fn of(request: &ProbeRequest) -> Option<Self> {
        let mut named = Self(blake3::Hasher::new());
        named.add(&serde_json::to_vec(request).ok()?);
        Some(named)
    }

    /// Adds a part, apart from the parts before and after it.
    fn add(&mut self, part: &[u8]) {
        self.0.update(&part.len().to_le_bytes()).update(part);
    }

    fn environment(&mut self, env: &Environment) {
        for (name, value) in env.iter() {
            self.add(name.as_bytes());
            self.add(value.expose());
        }
    }
}

impl<B: Backend> Door<B> {
    /// The name of the answer; `None` for what is not worth keeping, or cannot be answered.
    fn identity(&self, request: &ProbeRequest) -> Option<AnswerId> {
        let mut named = Named::of(request)?;
        let env = match request {
            ProbeRequest::Sight { .. } | ProbeRequest::Peer { .. } => return None,
            ProbeRequest::Shell(asked) => {
                named.add(&lock(&self.limit).as_nanos().to_le_bytes());
                &asked.from
            }
            ProbeRequest::Trace(asked) => {
                named.add(&lock(&self.limit).as_nanos().to_le_bytes());
                // What it is compared with is the plain start.
                if let Ok(plain) = self.environment(&EnvRef::Shell { asked: Box::new(asked.start.clone()) }) {
                    named.environment(&plain);
                }
                &asked.start.from
            }
            ProbeRequest::Codex(asked) => {
                let raw = asked.flags_of.and_then(|pid| lock(&self.raw).get(&pid).cloned());
                for word in raw.iter().flat_map(|r| &r.argv) {
                    named.add(word.as_bytes());
                }
                if let Some(cwd) = self.process_cwd(&asked.env) {
                    named.add(cwd.as_bytes());
                }
                &asked.env
            }
            ProbeRequest::Sources { env, .. }
            | ProbeRequest::Scoped { env, .. }
            | ProbeRequest::Programs { env, .. } => env,
        };
        named.environment(&*self.environment(env).ok()?);
        Some(named.0.finalize())
    }

    /// The answer as it was given before, while it holds. A start that may not be run now and holds no more has none.
    pub(super) fn remembered(&self, request: &ProbeRequest) -> Option<Outcome> {
        let memo = self.memo.as_ref()?;
        let kept = self.identity(request).and_then(|id| memo.get(&id));
        if let Some(kept) = kept {
            if let (ProbeRequest::Shell(asked), Outcome::Shell(seen)) = (request, &kept.outcome) {
                lock(&self.took).insert(asked.clone(), Duration::from_millis(seen.took_ms));
                let at = EnvRef::Shell { asked: Box::new(asked.clone()) };
                lock(&self.held).extend(kept.env.map(|env| (at, env)));
            }
            lock(&self.looks).extend(kept.looks.iter().cloned());
            return Some(kept.outcome);
        }
        if self.starts_allowed {
            return None;
        }
        match request {
            ProbeRequest::Shell(asked) => {
                lock(&self.held)
                    .insert(EnvRef::Shell { asked: Box::new(asked.clone()) }, Err(NOT_NOW.to_owned()));
                Some(Outcome::Unknown { reason: NOT_NOW.to_owned() })
            }
            ProbeRequest::Trace(_) => Some(Outcome::Trace(TraceSeen::failed(NOT_NOW))),
            _ => None,
        }
    }

    /// Answers with `answer`, and keeps what it said with what it looked at.
    pub(super) fn keeping(&self, request: &ProbeRequest, answer: impl FnOnce() -> Outcome) -> Outcome {
        let Some(memo) = &self.memo else { return answer() };
        let (outcome, looks) = depends::recording(answer);
        lock(&self.looks).extend(looks.iter().cloned());
        if let Some(id) = self.identity(request) {
            memo.keep(id, Kept { outcome: outcome.clone(), env: None, looks: looks.into(), shell: None });
        }
        outcome
    }

    /// What a start that is about to run will look at, as far as reading shows.
    pub(super) fn looks_of(&self, asked: &ShellAsked) -> Vec<Look> {
        if self.memo.is_none() {
            return vec![];
        }
        let Ok(env) = self.environment(&asked.from) else { return vec![] };
        let shell_env = self.shell_env(&env);
        depends::recording(|| {
            self.backend.files().kind(&asked.program).ok();
            envsplit_shell::read_start(&asked.start, &shell_env, &[])
        })
        .1
    }

    /// Counts starts that were run.
    pub(super) fn count(&self, shells: usize, traces: usize, took: Duration) {
        if let Some(memo) = self.memo.as_ref().filter(|_| shells + traces > 0) {
            memo.count(shells, traces, took);
        }
    }

    /// Keeps what a start showed.
    pub(super) fn keep_start(&self, request: &ProbeRequest, outcome: &Outcome, looks: Vec<Look>) {
        let Some(memo) = &self.memo else { return };
        lock(&self.looks).extend(looks.iter().cloned());
        let Some(id) = self.identity(request) else { return };
        let shell = match request {
            ProbeRequest::Shell(asked) => Some(asked.start.shell),
            ProbeRequest::Trace(asked) => Some(asked.start.start.shell),
            _ => None,
        };
        let env = match request {
            ProbeRequest::Shell(asked) => {
                lock(&self.held).get(&EnvRef::Shell { asked: Box::new(asked.clone()) }).cloned()
            }
            _ => None,
        };
        memo.keep(id, Kept { outcome: outcome.clone(), env, looks: looks.into(), shell });
    }
}
