//! Questions about files that are no start-up file, and about programs on a PATH.
use super::{ready, trouble};
use crate::lineage::Lineage;
use envsplit_model::{EnvRef, Outcome, ProbeRequest, Role, Snapshot};
use std::collections::BTreeSet;

/// In how many directories beside the caller's project files are looked for.
const DIRECTORIES: usize = 6;

/// Where files that are no start-up file set the names: where somebody asks for one, or something is wrong.
pub(super) fn files(snapshot: &Snapshot, lineage: &Lineage, names: &[String]) -> Vec<ProbeRequest> {
    let asked_for = snapshot.caller.as_ref().is_some_and(|c| !c.keys.is_empty());
    let differs = program_missing(snapshot, lineage) || proxy_of_its_own(snapshot, lineage);
    if !asked_for && !differs && !trouble(snapshot, lineage) {
        return vec![];
    }
    directories(snapshot, lineage)
        .into_iter()
        .filter_map(|cwd| {
            let known: BTreeSet<&String> = snapshot
                .outcomes
                .iter()
                .filter_map(|(r, _)| match r {
                    ProbeRequest::Scoped { cwd: c, names, .. } if *c == cwd => Some(names),
                    _ => None,
                })
                .flatten()
                .collect();
            let new: Vec<String> = names.iter().filter(|n| !known.contains(n)).cloned().collect();
            (!new.is_empty()).then_some(ProbeRequest::Scoped { env: EnvRef::Session, cwd, names: new })
        })
        .collect()
}

/// Whether an app-server has a proxy variable that its session has not: a setting of its IDE may be where it is from.
fn proxy_of_its_own(snapshot: &Snapshot, lineage: &Lineage) -> bool {
    let proxy = |n: &&String| n.to_ascii_lowercase().ends_with("_proxy");
    let servers = lineage.nodes.iter().filter(|n| n.role == Role::CodexAppServer).filter_map(|n| n.pid);
    let mut processes = servers.filter_map(|pid| snapshot.processes.iter().find(|p| p.pid == pid));
    processes.any(|p| p.names.iter().filter(proxy).any(|n| !snapshot.session.names.contains(n)))
}

/// The caller's directory, and those in which an IDE's or a Codex's process stands, but `/` and the home directory.
fn directories(snapshot: &Snapshot, lineage: &Lineage) -> Vec<String> {
    let cwd = snapshot.caller.as_ref().map(|c| c.cwd.clone()).unwrap_or_default();
    let mut all = vec![cwd];
    let wanted = |role: Role| role.is_ide() || role.runs_codex();
    for pid in lineage.nodes.iter().filter(|n| wanted(n.role)).filter_map(|n| n.pid) {
        let process = snapshot.processes.iter().find(|p| p.pid == pid);
        let Some(cwd) = process.and_then(|p| p.cwd.clone()) else { continue };
        let home = snapshot.passwd_home.as_deref() == Some(cwd.as_str());
        if cwd.starts_with('/') && cwd != "/" && !home && !all.contains(&cwd) && all.len() <= DIRECTORIES {
            all.push(cwd);
        }
    }
    all
}

/// The programs that Codex starts by name at a place: those of its MCP servers; and `codex` itself for what a person
/// types in and for the caller.
pub(crate) fn programs_of(snapshot: &Snapshot, lineage: &Lineage, at: usize) -> Vec<String> {
    let node = &lineage.nodes[at];
    let mut names: BTreeSet<String> = BTreeSet::new();
    if matches!(node.role, Role::Caller) {
        names.insert("codex".to_owned());
    }
    let asked = node.codex.clone().map(ProbeRequest::Codex);
    if let Some(Outcome::Codex(seen)) = asked.and_then(|r| snapshot.outcome(&r)) {
        for (key, value) in &seen.view.values {
            let Some(server) = key.strip_prefix("mcp_servers.").and_then(|k| k.strip_suffix(".command"))
            else {
                continue;
            };
            // A server with a PATH of its own, or one that is switched off, says nothing about this one.
            let has = |k: &str| seen.view.values.contains_key(&format!("mcp_servers.{server}.{k}"));
            let off = seen.view.values.get(&format!("mcp_servers.{server}.enabled"));
            if let Some(program) = value.value.as_str().filter(|p| is_name(p))
                && !has("env.PATH")
                && off.is_none_or(|v| v.value != false)
            {
                names.insert(program.to_owned());
            }
        }
    }
    names.into_iter().collect()
}

fn is_name(program: &str) -> bool {
    let form = |c: char| c.is_ascii_alphanumeric() || matches!(c, '-' | '_' | '.' | '+');
    !program.is_empty() && program.len() < 64 && program.chars().all(form)
}

/// Which of these programs the PATHs find: at every place that needs one, and in what a person types in.
pub(super) fn programs(snapshot: &Snapshot, lineage: &Lineage) -> Vec<ProbeRequest> {
    let mut requests = vec![];
    let mut all: BTreeSet<String> = BTreeSet::new();
    for at in lineage.codex_places() {
        let mut names = programs_of(snapshot, lineage, at);
        all.extend(names.iter().cloned());
        if lineage.nodes[at].predicted || !ready(snapshot, &lineage.nodes[at].env) {
            continue;
        }
        if names.iter().any(|n| n == "codex") {
            names.push("node".to_owned());
        }
        if !names.is_empty() {
            requests.push(ProbeRequest::Programs { env: lineage.nodes[at].env.clone(), names });
        }
    }
    let typed = &lineage.nodes[lineage.typed].env;
    if !all.is_empty() && ready(snapshot, typed) {
        all.insert("node".to_owned());
        requests.push(ProbeRequest::Programs { env: typed.clone(), names: all.into_iter().collect() });
    }
    requests
}

/// Whether one PATH finds a program that another does not: then the lines that change PATH matter.
pub(super) fn program_missing(snapshot: &Snapshot, lineage: &Lineage) -> bool {
    let answers = |env: &EnvRef| {
        let env = env.clone();
        snapshot.outcomes.iter().filter_map(move |(r, o)| match (r, o) {
            (ProbeRequest::Programs { env: e, names }, Outcome::Programs { found }) if *e == env => {
                Some((names, found))
            }
            _ => None,
        })
    };
    let typed = &lineage.nodes[lineage.typed].env;
    lineage.codex_places().any(|at| {
        answers(&lineage.nodes[at].env).any(|(names, found)| {
            let missing = names.iter().filter(|n| !found.contains_key(*n));
            missing.clone().any(|n| answers(typed).any(|(_, there)| there.contains_key(n)))
        })
    })
}
