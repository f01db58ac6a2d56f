//! Two windows of one desktop IDE, of which one has the variable: a window that `code` opens gets the caller's variables
//! laid over the environment of the one main process, for itself alone (VS Code `launchMainService.ts`).
use super::draft::{Draft, at_process};
use super::fixes;
use super::loss::{Loss, lines};
use crate::world::World;
use envsplit_model::{Code, Role};

/// Explains a loss by a window of the same IDE that has the variable.
pub(super) fn explain(w: &World<'_>, place: usize, name: &str) -> Option<Draft> {
    let chain = w.lineage.chain(place);
    let window = chain.into_iter().find(|n| w.node(*n).role == Role::ExtensionHost)?;
    let up = w.node(window).up?;
    let main = up.from;
    if w.node(main).role != Role::IdeMain
        || w.node(main).predicted
        || !w.sighting(window, name).is_absent()
        || !w.sighting(main, name).is_absent()
    {
        return None;
    }
    let same_main = |n: &usize| w.node(*n).up.is_some_and(|u| u.from == main) && *n != window;
    let other = (0..w.lineage.nodes.len())
        .filter(same_main)
        .find(|n| w.node(*n).role == Role::ExtensionHost && w.sighting(*n, name).is_present())?;
    // Where a file sets it and the IDE asks a shell, or is older than the file, that is the cause.
    let started = w.started(main)?;
    let explained = |s: &&envsplit_model::Setting| up.via.is_some() || World::younger(s.times, started);
    if lines(w, name).iter().any(explained) {
        return None;
    }
    let loss = Loss { name, place, to: window, up, witness: Some(other) };
    Some(
        loss.draft(w, Code::EnvSharedMainProcess)
            .at(at_process(w, main))
            .at(at_process(w, window))
            .summary(format!(
                "{} Both windows belong to {}, which was started without it; the other window was opened from a shell that has it, which counts for that window alone.",
                loss.opening(w),
                w.node(main).label
            ))
            .evidence(format!("{}: not set", w.node(main).label))
            .evidence(format!("{}: not set", w.node(window).label))
            .evidence(format!("{}: set, with the same process above it", w.node(other).label))
            .fixes([fixes::set_in_dotenv(w, place, name), fixes::restart(w, main)]),
    )
}
