//! One root cause, one finding; the one that explains the failure first.
use super::draft::{Draft, spoken};
use crate::world::World;
use envsplit_model::{AtKind, Code, EnvAccess, Finding, KeyVerdict, Role, Severity};

/// How near a place is to what the user complains about: the process that they named, then what runs in an IDE.
fn rank(w: &World<'_>, place: usize) -> u8 {
    let node = w.node(place);
    if w.snapshot.caller.as_ref().is_some_and(|c| c.pid_asked.is_some() && c.pid_asked == node.pid) {
        return 0;
    }
    match node.role {
        _ if node.predicted => 7,
        Role::CodexAppServer => 1,
        Role::ExtensionHost => 2,
        Role::CodexDaemon => 3,
        Role::CodexCli => 4,
        Role::Caller => 5,
        _ => 6,
    }
}

/// The family's rank where two errors stand side by side: a config that Codex refuses explains everything after it.
fn family(code: Code) -> u8 {
    match code {
        Code::ConfigHomeInvalid
        | Code::ConfigBinariesDiffer
        | Code::ConfigInvalid
        | Code::ConfigReservedProvider
        | Code::ConfigProviderNotFound => 0,
        Code::ConfigTwoHomes | Code::AuthEnvKeyHoldsSecret | Code::ConfigUnknownKey => 1,
        _ => 2,
    }
}

fn severity_rank(severity: Severity) -> u8 {
    match severity {
        Severity::Error => 0,
        Severity::Warning => 1,
        _ => 2,
    }
}

/// Every finding, the one that explains the failure first.
pub(crate) fn findings(w: &World<'_>, mut drafts: Vec<Draft>) -> Vec<Finding> {
    drafts.sort_by_key(|d| {
        (severity_rank(d.finding.severity), family(d.finding.code), rank(w, d.place), d.finding.code)
    });
    let mut kept: Vec<Draft> = vec![];
    for draft in drafts {
        match kept.iter_mut().find(|k| same_root(&k.finding, &draft.finding)) {
            Some(first) => merge(w, first, &draft),
            None => kept.push(draft),
        }
    }
    // Two homes explain every difference of a variable that only one of the two configs names.
    if kept.iter().any(|d| d.finding.code == Code::ConfigTwoHomes) {
        kept.retain(|d| !explained_by_homes(w, d));
    }
    // What is proved for one place explains the same loss elsewhere, where only the loss itself was seen.
    let proved = |k: &Draft| k.finding.code != Code::EnvUnexplained && k.finding.severity == Severity::Error;
    let subjects: Vec<_> = kept.iter().filter(|k| proved(k)).map(|k| k.finding.subject.clone()).collect();
    kept.retain(|d| {
        d.finding.code != Code::EnvUnexplained
            || rank(w, d.place) < 5
            || !subjects.contains(&d.finding.subject)
    });
    kept.into_iter().map(|d| d.finding).collect()
}

fn explained_by_homes(w: &World<'_>, draft: &Draft) -> bool {
    // A key that only the other config's provider wants is a consequence only where nobody has it.
    draft.finding.code == Code::EnvMissingEverywhere && w.node(draft.place).predicted
}

/// Whether two drafts speak of the same cause: the same code, subject and source line (or, without one, the same
/// problem in the same file).
fn same_root(a: &Finding, b: &Finding) -> bool {
    let root = |f: &Finding| {
        let of = |kinds: &[AtKind]| {
            let at = f.at.iter().find(|at| kinds.contains(&at.kind) && at.path.is_some());
            at.map(|at| (at.path.clone(), at.line))
        };
        of(&[AtKind::Source]).or_else(|| of(&[AtKind::ShadowedBy, AtKind::Edited, AtKind::Read]))
    };
    let path = |f: &Finding| f.at.iter().find_map(|at| at.path.clone());
    if a.code == Code::ConfigProjectKeyDenied {
        // Codex says one sentence for all of a file's keys.
        return b.code == a.code
            && path(a) == path(b)
            && a.summary.split_once(": ").map(|s| s.1) == b.summary.split_once(": ").map(|s| s.1);
    }
    a.code == b.code && a.subject == b.subject && (root(a) == root(b) || a.code == Code::ConfigTwoHomes)
}

fn merge(w: &World<'_>, first: &mut Draft, other: &Draft) {
    let also = spoken(w, other.place);
    let known = first.finding.evidence.iter().any(|e| e.contains(&also));
    if first.place != other.place && !known && spoken(w, first.place) != also {
        first.finding.evidence.push(format!("the same holds for {also}"));
    }
    let lines = other.finding.code == Code::ConfigProjectKeyDenied;
    for at in other.finding.at.iter().filter(|at| at.kind == AtKind::Process || lines) {
        if !first.finding.at.contains(at) && !w.node(other.place).predicted {
            first.finding.at.push(at.clone());
        }
    }
}

/// Places that matter for `undetermined`: where Codex runs, what stands on their chains as a process, and the caller.
pub(super) fn matters(w: &World<'_>) -> Vec<usize> {
    let asked = w.snapshot.caller.as_ref().and_then(|c| c.pid_asked);
    let asked_shell = |n: &usize| w.node(*n).pid == asked && asked.is_some() && w.node(*n).codex.is_none();
    let mut all: Vec<usize> = (0..w.lineage.nodes.len()).filter(asked_shell).collect();
    for place in w.lineage.codex_places() {
        if w.node(place).predicted {
            // A prediction that needs a shell which was not run is none.
            let via = w.node(place).up.and_then(|u| u.via);
            let unknown = w.codex(place).is_none_or(|s| s.view.key_verdict != KeyVerdict::Ok);
            all.extend(via.filter(|v| unknown && w.unobserved(*v).is_some()));
        } else if w.unobserved(place).is_some() || w.codex(place).is_some_and(|s| s.view.untested) {
            all.push(place);
        }
        for n in w.lineage.chain(place) {
            if !w.node(n).predicted && w.process(n).is_some_and(|p| p.env == EnvAccess::Denied) {
                all.push(n);
            }
        }
    }
    all.sort_unstable();
    all.dedup();
    all
}
