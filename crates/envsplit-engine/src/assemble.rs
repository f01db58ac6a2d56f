//! The report, put together from what is known.
use crate::lineage::Node;
use crate::newer::newer_sources;
use crate::rules::{self, Draft};
use crate::world::World;
use envsplit_model::{
    CodexView, EnvRef, Finding, Hop, Outcome, Place, PlaceProcess, ProbeRequest, Report, SCHEMA, Severity,
    Source, Verdict,
};

/// The report of a snapshot, of which the rules said so much.
pub(crate) fn report(world: &World<'_>, drafts: Vec<Draft>) -> Report {
    let (snapshot, lineage) = (world.snapshot, world.lineage);
    let findings = rules::findings(world, drafts);
    let places: Vec<Place> =
        (0..lineage.nodes.len()).filter(|n| shown(world, *n)).map(|n| place(world, n)).collect();
    let known = |id: &envsplit_model::PlaceId| places.iter().any(|p| p.id == *id);
    let mut hops: Vec<Hop> = vec![];
    for node in &lineage.nodes {
        let Some(up) = node.up else { continue };
        hops.push(Hop { from: lineage.nodes[up.from].id.clone(), to: node.id.clone(), rule: up.rule });
    }
    // A `codex` in a terminal hands its requests to the background server.
    for daemon in lineage.nodes.iter().filter(|n| n.role == envsplit_model::Role::CodexDaemon) {
        if let Some(caller) = lineage.caller {
            hops.push(Hop {
                from: lineage.nodes[caller].id.clone(),
                to: daemon.id.clone(),
                rule: envsplit_model::Rule::Handoff,
            });
        }
    }
    hops.retain(|h| known(&h.from) && known(&h.to));
    Report {
        schema: SCHEMA.to_owned(),
        version: env!("CARGO_PKG_VERSION").to_owned(),
        generated_at: snapshot.taken_at,
        verdict: verdict(&findings),
        hosts: snapshot.hosts.clone(),
        places,
        hops,
        findings,
    }
}

/// The answer in one word (see the contract: a proved error is not taken back by a place that was not seen).
fn verdict(findings: &[Finding]) -> Verdict {
    let mut errors = findings.iter().filter(|f| f.severity == Severity::Error).peekable();
    if errors.peek().is_some() {
        return if errors.any(|f| f.split.is_some()) { Verdict::Split } else { Verdict::Broken };
    }
    if findings.iter().any(|f| f.code == envsplit_model::Code::ProbeUnreachable) {
        return Verdict::Undetermined;
    }
    Verdict::Consistent
}

/// A shell start that nothing needed is no place of this report.
fn shown(w: &World<'_>, at: usize) -> bool {
    let node = w.node(at);
    node.shell.is_none()
        || at == w.lineage.typed
        || w.node(at).up.is_none()
        || w.shell(at).is_some()
        || !w.shells_allowed()
        || node.up.is_some_and(|u| u.via.is_none() && !is_running_shell(w, u.from))
}

fn is_running_shell(w: &World<'_>, at: usize) -> bool {
    use envsplit_model::Role::{IntegratedTerminal, Launcher, Terminal};
    matches!(w.node(at).role, IntegratedTerminal | Launcher | Terminal)
}

fn place(w: &World<'_>, at: usize) -> Place {
    let node = w.node(at);
    let unobserved_reason = w.unobserved(at);
    Place {
        id: node.id.clone(),
        key: node.key.clone(),
        host: w.snapshot.host.clone(),
        kind: node.kind,
        role: node.role,
        label: node.label.clone(),
        process: process(w, node, at),
        observed: unobserved_reason.is_none() && !node.predicted,
        unobserved_reason: unobserved_reason
            .or_else(|| node.predicted.then(|| "a prediction: it does not run now".to_owned())),
        predicted: node.predicted,
        env: w.sightings(at).iter().map(|(name, s)| (name.clone(), with_dotenv(w, at, name, s))).collect(),
        codex: codex(w, at),
        editor: None,
        newer_sources: newer_sources(w, at),
    }
}

/// A variable at a place; a Codex that runs has its key as `.env` left it.
fn with_dotenv(
    w: &World<'_>,
    at: usize,
    name: &str,
    sighting: &envsplit_model::Sighting,
) -> envsplit_model::Sighting {
    let codex = w.codex(at).filter(|_| w.node(at).role.runs_codex());
    let from_dotenv =
        codex.filter(|s| s.key_from_dotenv.is_some() && s.view.env_key.as_deref() == Some(name));
    match from_dotenv.and_then(|s| s.view.key.clone()) {
        Some(key) => key,
        None => sourced(w, at, name, sighting.clone()),
    }
}

fn process(w: &World<'_>, node: &Node, at: usize) -> Option<PlaceProcess> {
    let pid = node.pid?;
    let parent = |pid: u32| w.snapshot.processes.iter().find(|p| p.pid == pid).map(|p| p.ppid);
    let caller = w.snapshot.caller.as_ref().filter(|_| w.lineage.is_caller(at));
    let ppid = caller.map(|c| c.ppid).or_else(|| parent(pid)).unwrap_or(0);
    let mut ancestry = vec![];
    let mut next = ppid;
    while next != 0 && !ancestry.contains(&next) {
        ancestry.push(next);
        next = parent(next).unwrap_or(0);
    }
    let record = w.process(at);
    Some(PlaceProcess {
        pid,
        ppid,
        exe: record.and_then(|p| p.exe.clone()),
        started_at: record.map(|p| p.started_at),
        ancestry,
    })
}

/// What sets the variable at a place, as far as it is known: for a shell start the line that its value comes from;
/// for what takes a shell's environment over, the same line where the value is the same.
fn sourced(
    w: &World<'_>,
    at: usize,
    name: &str,
    mut sighting: envsplit_model::Sighting,
) -> envsplit_model::Sighting {
    if !sighting.is_present() {
        return sighting;
    }
    let mut shells = w
        .lineage
        .chain(at)
        .into_iter()
        .flat_map(|n| [Some(n).filter(|n| w.node(*n).shell.is_some()), w.node(n).up.and_then(|u| u.via)])
        .flatten();
    let giving = shells
        .find(|s| w.sighting(*s, name).agrees(&sighting) == Some(true))
        .and_then(|s| w.giving(w.node(s).shell.as_ref()?.kind(), name));
    sighting.set_by.extend(giving.map(|s| Source {
        host: w.snapshot.host.clone(),
        path: s.path.clone(),
        line: Some(s.line),
        how: s.how.to_string(),
    }));
    sighting
}

/// The Codex of a place. The caller always has a block, as has every process of Codex; where it cannot be resolved
/// the block says why.
fn codex(w: &World<'_>, at: usize) -> Option<CodexView> {
    let asked = w.node(at).codex.clone()?;
    if let Some(seen) = w.codex(at) {
        let mut view = seen.view.clone();
        if view.key.is_none() && view.env_key.is_some() {
            view.key = Some(envsplit_model::Sighting::unknown("not looked at"));
        }
        return Some(view);
    }
    let reason = match w.snapshot.outcome(&ProbeRequest::Codex(asked.clone())) {
        Some(Outcome::Unknown { reason }) => reason.clone(),
        _ if matches!(asked.env, EnvRef::Overlay { .. }) => {
            w.node(at).up.and_then(|u| w.unobserved(u.via?)).unwrap_or_else(|| "not looked at".to_owned())
        }
        _ => w.unobserved(at).unwrap_or_else(|| "not looked at".to_owned()),
    };
    Some(CodexView::unknown(format!("cannot be resolved: {reason}")))
}
