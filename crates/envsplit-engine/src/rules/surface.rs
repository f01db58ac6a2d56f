//! Features that run at `OpenAI`, while the key is for another endpoint: said only where such a feature is in use.
use super::draft::Draft;
use crate::roles;
use crate::world::World;
use envsplit_model::{At, Code, Subject};

/// A `codex cloud` of this user beside a provider of one's own.
pub(super) fn drafts(w: &World<'_>) -> Option<Draft> {
    let caller = w.lineage.caller?;
    let provider = w.codex(caller)?.view.provider.clone().filter(|p| p != "openai")?;
    let cloud = w.snapshot.processes.iter().find(|p| p.uid == w.snapshot.uid && roles::is_cloud(p))?;
    Some(
        Draft::new(w, caller, Code::RouteSurfaceNotCovered, Subject::config("model_provider"))
            .at([At::process(&w.snapshot.host, cloud.pid)])
            .summary(format!(
                "`codex cloud` (pid {}) runs at OpenAI and needs a ChatGPT login; the key of the provider `{}` does not unlock it.",
                cloud.pid,
                envsplit_model::text::shown(&provider)
            ))
            .evidence("cloud tasks do not use `model_provider`"),
    )
}
