//! A variable that an IDE or one of its extensions puts into what it starts: neither the IDE's own process nor the shell
//! that it asked has it.
use super::draft::{Draft, at_process, capital, spoken};
use super::loss::{Loss, lines};
use super::{fixes, stale};
use crate::lineage::Up;
use crate::world::World;
use envsplit_model::{Code, How, Role, Severity, Subject};

/// Where the variable came in: the first place that has it, its hop, and how that is known.
struct Entry {
    to: usize,
    up: Up,
    proof: String,
}

/// Names that every IDE gives to its children: expected, and no finding.
fn expected(name: &str) -> bool {
    ["VSCODE_", "ELECTRON_", "CODEX_", "CHROME_"].iter().any(|p| name.starts_with(p))
        || ["PATH", "BROWSER", "SHLVL", "PWD", "OLDPWD", "_", "LANG", "RUST_LOG", "NODE_OPTIONS"]
            .contains(&name)
}

fn entry(w: &World<'_>, place: usize, name: &str) -> Option<Entry> {
    if expected(name) || !w.sighting(place, name).is_present() {
        return None;
    }
    let host = w.lineage.chain(place).into_iter().find(|n| w.node(*n).role == Role::ExtensionHost)?;
    if w.node(host).predicted {
        return None;
    }
    let up = w.node(place).up?;
    if place != host && up.from == host && w.sighting(host, name).is_absent() {
        let proof = format!("{} was started without it, and what it started has it", w.node(host).label);
        return Some(Entry { to: place, up, proof });
    }
    // A window of a desktop IDE can have the environment of the `code` that opened it; a server's cannot.
    let up = w.node(host).up?;
    let via = up.via?;
    let unset = |s: &&envsplit_model::Setting| !matches!(s.how, How::Unset | How::Unexport);
    let by_ide = w.node(up.from).role == Role::IdeServer
        && w.sighting(host, name).is_present()
        && w.sighting(up.from, name).is_absent()
        && w.shell(via).is_some_and(|s| s.answered)
        && w.sighting(via, name).is_absent()
        && !lines(w, name).iter().any(unset)
        && !stale::removed_from(w, host, name);
    by_ide.then(|| Entry {
        to: host,
        up,
        proof: format!(
            "neither {} nor the shell that it asks has it, and {} has",
            w.node(up.from).label,
            w.node(host).label
        ),
    })
}

/// Another place lacks what only the IDE gives.
pub(super) fn lost(w: &World<'_>, loss: &Loss<'_>, witness: usize) -> Option<Draft> {
    let entry = entry(w, witness, loss.name)?;
    let severity = if w.node(loss.place).predicted { Severity::Warning } else { Severity::Error };
    Some(
        loss.draft(w, Code::EnvIdeInjected)
            .severity(severity)
            .at(at_process(w, entry.to))
            .summary(format!(
                "{} The IDE or one of its extensions adds it to what it starts; no file of yours sets it.",
                loss.opening(w)
            ))
            .evidence(entry.proof)
            .evidence("no start-up file, session file or `.env` that was read sets it")
            .fixes([fixes::set_in_dotenv(w, loss.place, loss.name), fixes::set_in_login_file(w, loss)]),
    )
}

/// Somebody asks about a variable that the IDE adds.
pub(super) fn noted(w: &World<'_>, place: usize, name: &str) -> Option<Draft> {
    let entry = entry(w, place, name)?;
    Some(
        Draft::new(w, place, Code::EnvIdeInjected, Subject::env(name))
            .split_at(w, entry.to, entry.up)
            .at(at_process(w, entry.to))
            .summary(format!(
                "{} has `{name}`, which the IDE or one of its extensions adds to what it starts.",
                capital(&spoken(w, place))
            ))
            .evidence(entry.proof),
    )
}
