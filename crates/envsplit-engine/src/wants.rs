//! What a diagnosis still needs to know: every question that follows from what is known so far and was not asked.
pub(crate) mod other_cwd;
pub(crate) mod scoped;

use crate::lineage::{Lineage, Node};
use crate::names;
use crate::rules::Draft;
use envsplit_model::{
    CodexAsked, CodexCaller, CodexView, EnvRef, KeyVerdict, Marks, Outcome, ProbeRequest, Role, ShellAsked,
    ShellKind, Snapshot, Start, StartKind, structural,
};
use std::collections::BTreeSet;

/// The questions of the next round; empty when nothing is missing.
pub(crate) fn missing(snapshot: &Snapshot, lineage: &Lineage) -> Vec<ProbeRequest> {
    // First the configs: they say which names matter. They take a millisecond; shells take a hundred.
    let mut configs: Vec<ProbeRequest> = lineage
        .codex_places()
        .filter_map(|n| codex_request(snapshot, lineage, &lineage.nodes[n]))
        .chain(typed_codex(snapshot, lineage).map(ProbeRequest::Codex))
        .filter(|r| snapshot.outcome(r).is_none())
        .collect();
    configs.sort();
    configs.dedup();
    if !configs.is_empty() && !depends_on_shell_only(&configs, snapshot) {
        return configs;
    }
    let names = names_of_interest(snapshot, lineage);
    let mut wanted = configs;
    if snapshot.caller.as_ref().is_none_or(|c| c.shells_allowed) {
        wanted.extend(
            lineage
                .nodes
                .iter()
                .filter(|n| runs_now(snapshot, lineage, n))
                .filter_map(|n| n.shell.clone())
                .map(ProbeRequest::Shell),
        );
    }
    let inferred = inferred_start(lineage);
    let inferred_env = EnvRef::Shell { asked: Box::new(inferred.clone()) };
    if wanted.iter().any(|r| matches!(r, ProbeRequest::Shell(_)))
        && lineage.nodes.iter().enumerate().any(|(n, _)| shell_went_away(snapshot, lineage, n))
    {
        wanted.push(ProbeRequest::Shell(inferred));
    }
    if ready(snapshot, &inferred_env) {
        let unseen = unseen_names(snapshot, &inferred_env, &names);
        if !unseen.is_empty() {
            wanted.push(ProbeRequest::Sight { env: inferred_env, names: unseen });
        }
    }
    for node in &lineage.nodes {
        if ready(snapshot, &node.env) {
            let unseen = unseen_names(snapshot, &node.env, &names);
            if !unseen.is_empty() {
                wanted.push(ProbeRequest::Sight { env: node.env.clone(), names: unseen });
            }
        }
    }
    wanted.extend(sources_requests(snapshot, lineage, &names));
    wanted.extend(scoped::files(snapshot, lineage, &names));
    wanted.extend(scoped::programs(snapshot, lineage));
    wanted.extend(
        lineage.codex_places().filter_map(|n| Some(other_cwd::project_above(snapshot, lineage, n)?.1)),
    );
    wanted.sort();
    wanted.dedup();
    wanted.retain(|r| snapshot.outcome(r).is_none());
    wanted
}

/// What would settle what the rules have to leave open, asked last of all, and only where something was lost that neither
/// the starts nor their files explain.
pub(crate) fn doubts(snapshot: &Snapshot, lineage: &Lineage, drafts: &[Draft]) -> Vec<ProbeRequest> {
    let asked_for = snapshot.caller.as_ref().is_some_and(|c| !c.keys.is_empty());
    if !asked_for && !trouble(snapshot, lineage) {
        return vec![];
    }
    let mut wanted: Vec<ProbeRequest> = drafts.iter().flat_map(|d| &d.doubts).cloned().collect();
    wanted.sort();
    wanted.dedup();
    wanted.retain(|r| snapshot.outcome(r).is_none());
    wanted
}

/// Whether what is missing can only be asked after a shell has answered (so the shells need not wait for it).
fn depends_on_shell_only(configs: &[ProbeRequest], snapshot: &Snapshot) -> bool {
    configs.iter().all(|r| match r {
        ProbeRequest::Codex(asked) => matches!(asked.env, EnvRef::Overlay { .. } | EnvRef::Shell { .. }),
        _ => false,
    }) && !snapshot.outcomes.iter().any(|(r, _)| matches!(r, ProbeRequest::Shell(_)))
}

/// The Codex of a new terminal, where start-up files give it another home than the caller has.
pub(crate) fn typed_codex(snapshot: &Snapshot, lineage: &Lineage) -> Option<CodexAsked> {
    let caller = snapshot.caller.as_ref()?;
    let asked = lineage.nodes[lineage.typed].shell.clone()?;
    let Some(Outcome::Shell(seen)) = snapshot.outcome(&ProbeRequest::Shell(asked.clone())) else {
        return None;
    };
    if !seen.answered || seen.structural.get("CODEX_HOME") == caller.structural.get("CODEX_HOME") {
        return None;
    }
    Some(CodexAsked {
        env: EnvRef::Shell { asked: Box::new(asked) },
        caller: CodexCaller::Tui,
        cwd: Some(caller.cwd.clone()),
        profile: None,
        overrides: vec![],
        flags_of: None,
        exe: None,
        started_at: None,
    })
}

/// The question for the config of a place; `None` while its environment is not known.
fn codex_request(snapshot: &Snapshot, _lineage: &Lineage, node: &Node) -> Option<ProbeRequest> {
    let asked = node.codex.clone()?;
    if ready(snapshot, &asked.env) {
        return Some(ProbeRequest::Codex(asked));
    }
    // A predicted IDE whose shell gave no answer goes on without.
    match &asked.env {
        EnvRef::Overlay { base, over } if failed(snapshot, over) => {
            Some(ProbeRequest::Codex(CodexAsked { env: (**base).clone(), ..asked }))
        }
        _ => None,
    }
}

/// Whether the environment can be asked for now.
fn ready(snapshot: &Snapshot, env: &EnvRef) -> bool {
    match env {
        EnvRef::Shell { asked } => matches!(
            snapshot.outcome(&ProbeRequest::Shell((**asked).clone())),
            Some(Outcome::Shell(seen)) if seen.answered
        ),
        EnvRef::Overlay { base, over } => ready(snapshot, base) && ready(snapshot, over),
        EnvRef::Peer { .. } => false,
        EnvRef::Caller | EnvRef::Session | EnvRef::Process { .. } => true,
    }
}

fn failed(snapshot: &Snapshot, env: &EnvRef) -> bool {
    match env {
        EnvRef::Shell { asked } => match snapshot.outcome(&ProbeRequest::Shell((**asked).clone())) {
            Some(Outcome::Shell(seen)) => !seen.answered,
            Some(_) => true,
            None => snapshot.caller.as_ref().is_some_and(|c| !c.shells_allowed),
        },
        _ => false,
    }
}

/// Whether a shell start is needed in this round: what a person types in and what an IDE resolves always; a
/// launcher's own start only where something was lost behind it.
fn runs_now(snapshot: &Snapshot, lineage: &Lineage, node: &Node) -> bool {
    if node.shell.is_none() {
        return false;
    }
    let at = lineage.nodes.iter().position(|n| n.id == node.id);
    let behind = |role: Role| matches!(role, Role::Launcher | Role::Terminal | Role::IntegratedTerminal);
    let from = node.up.map(|u| lineage.nodes[u.from].role);
    if !from.is_some_and(behind) {
        return true;
    }
    let brings = |n: &usize| lineage.nodes[*n].up.is_some_and(|u| u.via.is_some() && u.via == at);
    lineage
        .codex_places()
        .any(|c| lost_at(snapshot, &lineage.nodes[c]) && lineage.chain(c).iter().any(brings))
}

/// The start by which programs run a command in "the user's shell" (`bash -lc CMD`, as the Codex app enters WSL): it
/// leaves no trace in the ancestry where the command replaces the shell.
pub(crate) fn inferred_start(lineage: &Lineage) -> ShellAsked {
    let typed = lineage.nodes[lineage.typed].shell.as_ref();
    let program = typed.map_or("/bin/bash", |s| s.program.as_str()).to_owned();
    let start = Start { shell: ShellKind::of_program(&program), login: true, interactive: false };
    ShellAsked { from: EnvRef::Session, program, start, marks: Marks::Program }
}

/// Whether a process lacks its key, no shell stands above it, and yet one ran (`SHLVL` is there).
fn shell_went_away(snapshot: &Snapshot, lineage: &Lineage, at: usize) -> bool {
    let node = &lineage.nodes[at];
    let process = node.pid.and_then(|pid| snapshot.processes.iter().find(|p| p.pid == pid));
    node.role.runs_codex()
        && node.role != Role::CodexDaemon
        && lineage.chain(at).iter().all(|n| lineage.nodes[*n].up.is_none_or(|u| u.via.is_none()))
        && process.is_some_and(|p| p.names.iter().any(|n| n == "SHLVL"))
        && lost_at(snapshot, node)
}

/// Whether the Codex of a place lacks its key, as far as that is known.
fn lost_at(snapshot: &Snapshot, node: &Node) -> bool {
    let Some(asked) = node.codex.clone() else { return false };
    matches!(
        snapshot.outcome(&ProbeRequest::Codex(asked)),
        Some(Outcome::Codex(seen)) if seen.view.misses_key()
    )
}

/// The variables to look at: the asked ones, else the `env_key` of each place, with what Codex itself reads; and
/// names that are easily taken for a key that is missing.
fn names_of_interest(snapshot: &Snapshot, lineage: &Lineage) -> Vec<String> {
    let mut names: BTreeSet<String> = BTreeSet::new();
    let mut keys: BTreeSet<String> = BTreeSet::new();
    let mut missing = BTreeSet::new();
    for n in lineage.codex_places() {
        let Some(request) = codex_request(snapshot, lineage, &lineage.nodes[n]) else { continue };
        if let Some(Outcome::Codex(seen)) = snapshot.outcome(&request) {
            if let Some(key) = seen.view.env_key.as_ref().filter(|k| **k != CodexView::SECRET_NAME) {
                keys.insert(key.clone());
                if seen.view.misses_key() {
                    missing.insert(key.clone());
                }
            }
            names.extend(seen.reads.iter().cloned());
        }
    }
    let asked = snapshot.caller.as_ref().map_or(&[][..], |c| &c.keys);
    names.extend(structural::CODEX_READS.iter().map(|n| (*n).to_owned()));
    names.extend(asked.iter().cloned());
    names.extend(keys);
    if scoped::program_missing(snapshot, lineage) {
        names.insert("PATH".to_owned());
    }
    for key in missing {
        names.extend(all_names(snapshot).filter(|n| names::likeness(&key, n).is_some()).cloned());
    }
    names.into_iter().collect()
}

/// Every name that was seen anywhere.
fn all_names(snapshot: &Snapshot) -> impl Iterator<Item = &String> {
    let shells = snapshot.outcomes.iter().filter_map(|(_, o)| match o {
        Outcome::Shell(seen) => Some(&seen.added),
        _ => None,
    });
    let processes = snapshot.processes.iter().map(|p| &p.names);
    let caller = snapshot.caller.iter().map(|c| &c.names);
    processes.chain(shells).chain(caller).chain([&snapshot.session.names]).flatten()
}

fn unseen_names(snapshot: &Snapshot, env: &EnvRef, names: &[String]) -> Vec<String> {
    let asked: BTreeSet<&String> = snapshot
        .outcomes
        .iter()
        .filter_map(|(r, _)| match r {
            ProbeRequest::Sight { env: e, names } if e == env => Some(names),
            _ => None,
        })
        .flatten()
        .collect();
    names.iter().filter(|n| !asked.contains(n)).cloned().collect()
}

/// Where files set the names that matter: first for the starts of the lineage, and where something is wrong for every
/// other start that could tell why.
fn sources_requests(snapshot: &Snapshot, lineage: &Lineage, names: &[String]) -> Vec<ProbeRequest> {
    let own: BTreeSet<StartKind> =
        lineage.nodes.iter().filter_map(|n| Some(n.shell.as_ref()?.kind())).collect();
    let asked_for = snapshot.caller.as_ref().is_some_and(|c| !c.keys.is_empty());
    let others = if asked_for || trouble(snapshot, lineage) { other_starts(&own) } else { vec![] };
    let request = |starts: Vec<StartKind>| {
        let known: BTreeSet<&String> = snapshot
            .outcomes
            .iter()
            .filter_map(|(r, _)| match r {
                ProbeRequest::Sources { starts: s, names, .. } if *s == starts => Some(names),
                _ => None,
            })
            .flatten()
            .collect();
        let new: Vec<String> = names.iter().filter(|n| !known.contains(n)).cloned().collect();
        let needed = !new.is_empty() && !starts.is_empty();
        needed.then_some(ProbeRequest::Sources { env: EnvRef::Session, starts, names: new })
    };
    let own = own.into_iter().filter(|k| k.start.shell != ShellKind::Unknown).collect();
    [own, others].into_iter().filter_map(request).collect()
}

/// Whether anything is there to explain: a key that does not simply work, two values, two homes.
fn trouble(snapshot: &Snapshot, lineage: &Lineage) -> bool {
    let views: Vec<&CodexView> = lineage
        .codex_places()
        .filter_map(|n| codex_request(snapshot, lineage, &lineage.nodes[n]))
        .filter_map(|r| match snapshot.outcome(&r)? {
            Outcome::Codex(seen) => Some(&seen.view),
            _ => None,
        })
        .collect();
    let fine = |v: &&CodexView| matches!(v.key_verdict, KeyVerdict::Ok | KeyVerdict::NotNeeded);
    let print = |v: &&CodexView| v.key.as_ref().and_then(|k| k.fingerprint.clone());
    let same = |v: &&CodexView| views.first().is_none_or(|f| f.home == v.home && print(f) == print(v));
    typed_codex(snapshot, lineage).is_some() || !views.iter().all(|v| fine(v) && same(v))
}

/// Every other start of the shells of the lineage, and the login and interactive ones of the other shells, where a
/// variable may be set "for the other shell".
fn other_starts(own: &BTreeSet<StartKind>) -> Vec<StartKind> {
    let mut kinds: BTreeSet<StartKind> = BTreeSet::new();
    let mut add = |shell, login, interactive| {
        let start = Start { shell, login, interactive };
        if shell != ShellKind::Unknown && !own.iter().any(|k| k.start == start) {
            let marks = if interactive { Marks::Terminal } else { Marks::Program };
            kinds.insert(StartKind { start, marks });
        }
    };
    for kind in own {
        for (login, interactive) in [(true, true), (true, false), (false, true), (false, false)] {
            add(kind.start.shell, login, interactive);
        }
    }
    for shell in [ShellKind::Bash, ShellKind::Zsh, ShellKind::Fish, ShellKind::Sh] {
        for (login, interactive) in [(true, true), (false, true)] {
            add(shell, login, interactive);
        }
    }
    kinds.into_iter().collect()
}
