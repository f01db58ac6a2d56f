//! Which change is the likeliest culprit, and why.
use super::remember::{KeptFinding, Remembered};
use envsplit_model::history::{Change, Culprit, What};
use envsplit_model::{AtKind, HostId, KeyVerdict, PlaceId, PlaceKind, Source, Subject, SubjectKind, text};
use jiff::Timestamp;
use std::cmp::Reverse;

/// The most changes that are named.
const MOST: usize = 50;

/// The changes between the last look at which all was in order and the one that noticed the fault, the likeliest
/// first. A process keeps what it got at its start: where one of those concerned took a former one's part, what changed
/// since that one's start counts, too.
pub(super) fn culprits(
    now: &Remembered,
    entries: &[Change],
    finding: &KeptFinding,
    fault_look: Option<u64>,
    in_order: Option<u64>,
) -> Vec<Culprit> {
    // Without the look that noticed it, the fault is older than the journal: nothing in it can be why.
    let Some(fault_look) = fault_look else { return vec![] };
    let from = in_order.unwrap_or(0);
    let case =
        Case { finding, upstream: finding.place.as_ref().map(|k| now.upstream(k)).unwrap_or_default(), now };
    let within = |c: &&Change| c.look <= fault_look && c.look >= from;
    let back = entries.iter().filter(within).filter_map(|c| case.former_start(c)).min();
    let counts = |c: &&Change| within(c) || c.look < from && back.is_some_and(|back| back <= c.at);
    // A file can be written long before a start reads it: the last time that one was which the fault comes from.
    let mut written: Vec<String> = vec![];
    let mut last_written = |c: &Change| match &c.what {
        What::FileChanged { path } if c.look <= fault_look && case.names(c, path) => {
            let first = !written.contains(path);
            written.push(path.clone());
            first
        }
        _ => false,
    };
    let mut found: Vec<(u32, Culprit)> = vec![];
    for change in entries {
        let (last_written, counts) = (last_written(change), counts(&change));
        if !last_written && !counts {
            continue;
        }
        let Some((weight, why)) = case.weigh(change) else { continue };
        let weight = if counts { weight } else { weight.min(WRITTEN_BEFORE) };
        found.push((weight, Culprit { why, change: change.clone() }));
    }
    // Of two that are as likely, the one nearer to the fault.
    found.sort_by_key(|(weight, culprit)| (Reverse(*weight), Reverse(culprit.change.seq)));
    found.truncate(MOST);
    found.into_iter().map(|(_, culprit)| culprit).collect()
}

/// The weight of a file that was written while all was still in order.
const WRITTEN_BEFORE: u32 = 85;

struct Case<'a> {
    now: &'a Remembered,
    finding: &'a KeptFinding,
    upstream: Vec<&'a PlaceId>,
}

/// Where a change is, as the fault sees it.
#[derive(Clone, Copy, PartialEq, Eq)]
enum Side {
    /// A shell start or a session: what sets variables.
    Origin,
    /// So many steps above the failing place.
    Upstream(u32),
    /// The failing place itself, or one below it.
    Here,
    Elsewhere,
}

impl Case<'_> {
    /// When the former process of a place concerned started: the earliest time where that is not known.
    fn former_start(&self, change: &Change) -> Option<Timestamp> {
        if self.side(change) == Side::Elsewhere {
            return None;
        }
        match &change.what {
            What::PlaceRestarted { before, .. } => Some(before.started_at.unwrap_or(Timestamp::MIN)),
            What::PlaceGone { process: Some(process) } => Some(process.started_at.unwrap_or(Timestamp::MIN)),
            _ => None,
        }
    }

    /// Whether the fault comes from that file.
    fn names(&self, change: &Change, path: &str) -> bool {
        let host = change.host.as_ref();
        self.finding
            .at
            .iter()
            .filter(|at| self.finding.subject.kind != SubjectKind::Env || at.kind != AtKind::Read)
            .any(|at| at.path.as_deref() == Some(path) && host.is_none_or(|h| *h == at.host))
    }

    fn side(&self, change: &Change) -> Side {
        let Some(key) = &change.place else { return Side::Elsewhere };
        if let Some(steps) = self.upstream.iter().position(|k| *k == key) {
            let kind = self.now.instance(key).map(|i| i.kind);
            return match kind {
                Some(PlaceKind::Shell | PlaceKind::Session | PlaceKind::Registry) => Side::Origin,
                _ => Side::Upstream(u32::try_from(steps).unwrap_or(u32::MAX)),
            };
        }
        let place = self.finding.place.as_ref();
        if Some(key) == place || place.is_some_and(|p| self.now.upstream(key).contains(&p)) {
            return Side::Here;
        }
        // Shells are started beside the chain: by the IDE, by the person who types.
        let instance = self.now.instance(key);
        let shell = instance.is_some_and(|i| i.kind == PlaceKind::Shell);
        let host = place.and_then(|p| self.now.instance(p)).map(|i| &i.host);
        match place {
            Some(_) if shell && (host.is_none() || change.host.as_ref() == host) => Side::Origin,
            Some(_) => Side::Elsewhere,
            // The fault is the same everywhere, and so is its cause.
            None => Side::Here,
        }
    }

    /// How likely, and why; `None` for what only tells of the fault.
    fn weigh(&self, change: &Change) -> Option<(u32, String)> {
        if matches!(
            change.what,
            What::FindingAppeared { .. } | What::FindingGone { .. } | What::VerdictChanged { .. }
        ) {
            return None;
        }
        let side = self.side(change);
        if let Some(reason) = self.by_line(change) {
            return Some(reason);
        }
        if let Some(reason) = self.by_subject(change, side) {
            return Some(reason);
        }
        Some(match (&change.what, side) {
            (_, Side::Elsewhere) => (5, "it is on no way by which this place gets what it has".to_owned()),
            (What::CodexHomeChanged { .. }, _) => {
                (70, "Codex reads its config and `.env` from another folder since".to_owned())
            }
            (What::ProviderChanged { .. } | What::EnvKeyChanged { .. }, _) => {
                (70, "Codex asks for another provider's key since".to_owned())
            }
            (What::CodexVersionChanged { .. }, _) => {
                (65, "another version of Codex reads the config by other rules".to_owned())
            }
            (What::ConfigLayerChanged { .. }, _) => {
                (55, "the config file that this Codex reads says something else since".to_owned())
            }
            (What::PlaceRestarted { .. } | What::PlaceAppeared { .. }, _) => (
                50,
                "a process keeps what it got at its start: a new one takes over what has changed".to_owned(),
            ),
            (What::ConfigValueChanged { .. }, _) => {
                (40, "another value of the same config changed then".to_owned())
            }
            (What::FileChanged { .. }, _) => {
                (30, "a file that is read on the way there was written".to_owned())
            }
            (What::KeyVerdictChanged { .. }, _) => (15, "that is how the fault shows in Codex".to_owned()),
            _ => (20, "it changed on the way by which this place gets what it has".to_owned()),
        })
    }

    /// Whether the change is that of a file or a line which the finding names.
    fn by_line(&self, change: &Change) -> Option<(u32, String)> {
        let mut best: Option<(u32, String)> = None;
        for (host, path, line) in locations(change) {
            for at in self.finding.at.iter().filter(|at| at.path.as_deref() == Some(path)) {
                if host.is_some_and(|h| *h != at.host) {
                    continue;
                }
                let shown = text::shown(path);
                let same = line.is_some() && line == at.line;
                // The config only names the variable: what it says otherwise takes none away.
                let beside = self.finding.subject.kind == SubjectKind::Env && at.kind == AtKind::Read;
                let written = matches!(change.what, What::FileChanged { .. });
                let reason = match line {
                    _ if beside && !same => (45, format!("{shown}, which names the variable, was written")),
                    Some(line) if same => {
                        (100, format!("it is the very line that the fault comes from: {shown}:{line}"))
                    }
                    _ if written => (95, format!("{shown}, where the fault comes from, was written")),
                    _ => (80, format!("it is in {shown}, where the fault comes from")),
                };
                if best.as_ref().is_none_or(|(weight, _)| *weight < reason.0) {
                    best = Some(reason);
                }
            }
        }
        // A symptom may quote the cause's line: it stays behind the cause.
        best.map(|(weight, why)| {
            if change.place.is_some() && self.side(change) == Side::Elsewhere {
                (weight - 30, why)
            } else {
                (weight, why)
            }
        })
    }

    fn by_subject(&self, change: &Change, side: Side) -> Option<(u32, String)> {
        let Subject { kind, name } = &self.finding.subject;
        let shown = text::shown(name);
        let (variable, blind) = match &change.what {
            What::VariableAppeared { name, .. }
            | What::VariableVanished { name, .. }
            | What::VariableChanged { name, .. }
            | What::TaintsChanged { name, .. }
            | What::SourcesChanged { name, .. } => (Some(name), false),
            What::VariableUnknown { name, .. } => (Some(name), true),
            _ => (None, false),
        };
        if variable == Some(name) && *kind != SubjectKind::Config
            || variable == Some(name) && name == "CODEX_HOME"
        {
            return match side {
                _ if blind => Some((10, format!("`{shown}` could not be seen there, which proves nothing"))),
                Side::Origin => {
                    Some((90, format!("it is `{shown}` itself, where a shell or the session sets it")))
                }
                Side::Upstream(steps) => Some((
                    82 + steps.min(7),
                    format!("it is `{shown}` itself, at a place from which this one gets it"),
                )),
                Side::Here => Some((60, format!("that is how it shows: `{shown}` at the place itself"))),
                Side::Elsewhere => None,
            };
        }
        if side == Side::Elsewhere {
            return None;
        }
        match &change.what {
            What::ConfigValueChanged { key, .. } if *kind == SubjectKind::Config && related(key, name) => {
                Some((90, format!("it is the config's `{shown}` itself")))
            }
            What::EnvKeyChanged { after, .. } if after.as_ref() == Some(name) => {
                Some((88, format!("Codex looks for its key in `{shown}` only since then")))
            }
            What::ConfigValueChanged { key, .. } if key.ends_with(".env_key") || key == "model_provider" => {
                Some((75, "it says in which variable Codex looks for its key".to_owned()))
            }
            What::KeyVerdictChanged { env_key, after: KeyVerdict::Missing, .. }
                if env_key.as_ref() == Some(name) =>
            {
                Some((15, "that is how the fault shows in Codex".to_owned()))
            }
            _ => None,
        }
    }
}

/// Whether one dotted key is the other, or lies below it.
fn related(a: &str, b: &str) -> bool {
    let below =
        |a: &str, b: &str| a.strip_prefix(b).is_some_and(|rest| rest.is_empty() || rest.starts_with('.'));
    below(a, b) || below(b, a)
}

/// The files, and lines, of which a change tells.
fn locations(change: &Change) -> Vec<(Option<&HostId>, &str, Option<u32>)> {
    let host = change.host.as_ref();
    match &change.what {
        What::VariableAppeared { set_by, .. }
        | What::VariableVanished { set_by, .. }
        | What::VariableChanged { set_by, .. } => from_sources(set_by),
        What::SourcesChanged { before, after, .. } => {
            from_sources(before).into_iter().chain(from_sources(after)).collect()
        }
        What::ConfigLayerChanged { path: Some(path), .. } | What::FileChanged { path } => {
            vec![(host, path, None)]
        }
        What::ConfigValueChanged { before, after, .. } => [before, after]
            .into_iter()
            .flatten()
            .filter_map(|v| Some((host, v.path.as_deref()?, v.line)))
            .collect(),
        _ => vec![],
    }
}

fn from_sources(sources: &[Source]) -> Vec<(Option<&HostId>, &str, Option<u32>)> {
    sources.iter().map(|s| (Some(&s.host), s.path.as_str(), s.line)).collect()
}
