//! An IDE in a Flatpak sandbox: its environment is its own, and a shell that is run outside proves nothing about it.
//! Snap's IDEs are of classic confinement and see the session as any other program does.
use super::draft::{Draft, at_process, at_setting};
use super::fixes;
use super::loss::Loss;
use crate::world::World;
use envsplit_model::{AtKind, Code, Role, Scope, Severity};

/// The desktop IDE above a place that runs in a sandbox which the caller does not share.
fn sandboxed(w: &World<'_>, place: usize) -> Option<usize> {
    let mark = |names: &[String]| names.iter().any(|n| n == "FLATPAK_ID");
    if w.snapshot.caller.as_ref().is_some_and(|c| mark(&c.names)) {
        return None;
    }
    let main = w.lineage.chain(place).into_iter().find(|n| w.node(*n).role == Role::IdeMain)?;
    w.names_of(main).is_some_and(mark).then_some(main)
}

/// Explains a loss below a sandbox: `to` is the place at which it is entered.
pub(super) fn explain(w: &World<'_>, place: usize, name: &str, witness: Option<usize>) -> Option<Draft> {
    let main = sandboxed(w, place)?;
    let loss = Loss { name, place, to: main, up: w.node(main).up?, witness: Some(witness?) };
    let override_line = w.scoped(name).find(|s| s.scope == Scope::Flatpak);
    let product = w.product(main).unwrap_or(crate::products::ANY);
    Some(
        loss.draft(w, Code::EnvSandboxedIde)
            .severity(Severity::Error)
            .at(at_process(w, main))
            .at(override_line.map(|s| at_setting(w, AtKind::Edited, &s.setting)))
            .summary(format!(
                "{} {product} runs in a Flatpak sandbox, which has an environment of its own: what is set outside does not reach it by itself.",
                loss.opening(w)
            ))
            .evidence(format!("{} carries the sandbox's mark `FLATPAK_ID`", w.node(main).label))
            .evidence("a shell that is run outside the sandbox proves nothing about the one inside, and none was compared")
            .fixes(fixes::into_sandbox(w, &loss, product)),
    )
}
