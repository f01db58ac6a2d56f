//! What one look leaves behind for the next: places by key, each variable and config as last known.
use super::codex::KeptCodex;
use super::findings;
use envsplit_model::history::{Change, Process, What};
use envsplit_model::{
    Host, HostId, Place, PlaceId, PlaceKind, Report, Role, Sighting, Source, State, Subject, Verdict,
};
use jiff::Timestamp;
use serde::{Deserialize, Serialize};
use std::collections::{BTreeMap, BTreeSet};

/// What is remembered of everything that was looked at.
#[derive(Clone, Debug, Default, PartialEq, Eq, Serialize, Deserialize)]
pub struct Remembered {
    /// The last answer; `None` before the first look.
    pub verdict: Option<Verdict>,
    /// The places, by key.
    pub places: BTreeMap<PlaceId, Kept>,
    /// The findings.
    pub findings: Vec<KeptFinding>,
    /// From which place's environment which one's comes, by keys.
    pub hops: BTreeSet<(PlaceId, PlaceId)>,
}

/// What is remembered under one key.
#[derive(Clone, Debug, Default, PartialEq, Eq, Serialize, Deserialize)]
pub struct Kept {
    /// What is there now: several processes can have one key.
    pub live: Vec<Instance>,
    /// The last one that went: the next to come is compared with it.
    pub gone: Option<Instance>,
}

/// One place as last known.
#[derive(Clone, Debug, PartialEq, Eq, Serialize, Deserialize)]
pub struct Instance {
    /// Its host.
    pub host: HostId,
    /// Its kind.
    pub kind: PlaceKind,
    /// Its role.
    pub role: Role,
    /// For people.
    pub label: String,
    /// Whether it could be looked at.
    pub observed: bool,
    /// Its process.
    pub process: Option<Process>,
    vars: BTreeMap<String, Var>,
    /// Its Codex.
    pub codex: Option<KeptCodex>,
}

/// One variable as last known.
#[derive(Clone, Debug, Default, PartialEq, Eq, Serialize, Deserialize)]
struct Var {
    known: Option<Sighting>,
    /// Why it cannot be seen now.
    unknown: Option<String>,
}

/// A finding as far as a journal needs it.
#[derive(Clone, Debug, PartialEq, Eq, Serialize, Deserialize)]
pub struct KeptFinding {
    /// Its code.
    pub code: String,
    /// What it is about.
    pub subject: Subject,
    /// How bad it is.
    pub severity: envsplit_model::Severity,
    /// The key of the place where it shows; `None` when it is the same everywhere.
    pub place: Option<PlaceId>,
    /// Its locations, without their lines' text.
    pub at: Vec<envsplit_model::At>,
    /// Whether it could not be looked for last time: it is neither there nor gone.
    pub unseen: bool,
}

/// Where changes are collected.
pub(super) struct Noticed {
    at: Timestamp,
    unchanged_at: Option<Timestamp>,
    pub(super) list: Vec<Change>,
}

impl Noticed {
    pub(super) fn push(&mut self, place: Option<(&PlaceId, &Instance)>, what: What) {
        self.list.push(Change {
            seq: 0,
            look: 0,
            at: self.at,
            unchanged_at: self.unchanged_at,
            unwatched: false,
            place: place.map(|(key, _)| key.clone()),
            host: place.map(|(_, i)| i.host.clone()),
            role: place.map(|(_, i)| i.role),
            label: place.map(|(_, i)| i.label.clone()),
            pid: place.and_then(|(_, i)| Some(i.process.as_ref()?.pid)),
            what,
            note: None,
        });
    }
}

impl Remembered {
    /// Takes in a report and says what is not as it was. The first one is where everything begins: it changes
    /// nothing. `at` is when it was made, `unchanged_at` when
    /// the one before was.
    pub fn advance(
        &mut self,
        report: &Report,
        at: Timestamp,
        unchanged_at: Option<Timestamp>,
    ) -> Vec<Change> {
        let mut noticed = Noticed { at, unchanged_at, list: vec![] };
        let before = findings::Before::of(self, report);
        let mut here: BTreeMap<&PlaceId, Vec<&Place>> = BTreeMap::new();
        // The caller is somebody else each time.
        for place in report.places.iter().filter(|p| p.role != Role::Caller) {
            here.entry(&place.key).or_default().push(place);
        }
        let keys: BTreeSet<PlaceId> =
            self.places.keys().cloned().chain(here.keys().map(|k| (*k).clone())).collect();
        for key in keys {
            let places = here.get(&key).map(Vec::as_slice).unwrap_or_default();
            let kept = self.places.entry(key.clone()).or_default();
            kept.advance(&key, places, &report.hosts, &mut noticed);
        }
        before.tell(self, &mut noticed);
        let key = |id: &PlaceId| report.place(id).filter(|p| p.role != Role::Caller).map(|p| p.key.clone());
        self.hops = report.hops.iter().filter_map(|h| Some((key(&h.from)?, key(&h.to)?))).collect();
        let first = self.verdict.is_none();
        let before = self.verdict.replace(report.verdict);
        match before {
            Some(before) if before != report.verdict && report.verdict != Verdict::Unknown => {
                noticed.push(None, What::VerdictChanged { before, after: report.verdict });
            }
            _ => {}
        }
        if first { vec![] } else { noticed.list }
    }

    /// The place's key and one instance of it, the newest first, gone ones last.
    pub fn instance(&self, key: &PlaceId) -> Option<&Instance> {
        let kept = self.places.get(key)?;
        kept.live.last().or(kept.gone.as_ref())
    }

    /// The keys of all places from which the environment of `key` comes, the nearest first.
    pub fn upstream(&self, key: &PlaceId) -> Vec<&PlaceId> {
        let mut found: Vec<&PlaceId> = vec![];
        let mut front = vec![key];
        while let Some(next) = front.pop() {
            for (from, to) in &self.hops {
                if to == next && from != key && !found.contains(&from) {
                    found.push(from);
                    front.insert(0, from);
                }
            }
        }
        found
    }
}

impl Kept {
    fn advance(&mut self, key: &PlaceId, places: &[&Place], hosts: &[Host], noticed: &mut Noticed) {
        let unobserved = |host: &HostId| hosts.iter().any(|h| h.id == *host && h.unobserved_reason.is_some());
        if places.is_empty() && self.live.iter().any(|i| unobserved(&i.host)) {
            return;
        }
        let mut before = std::mem::take(&mut self.live);
        let mut same = vec![];
        let mut others = vec![];
        for place in places {
            let process = process_of(place);
            match before.iter().position(|i| same_process(i.process.as_ref(), process.as_ref())) {
                Some(at) => same.push((Some(before.remove(at)), *place)),
                None => others.push(*place),
            }
        }
        // What is left on both sides took the other's part, the eldest first.
        let age = |p: Option<&Process>| p.map(|p| (p.started_at, p.pid));
        before.sort_by_key(|i| age(i.process.as_ref()));
        others.sort_by_key(|p| age(process_of(p).as_ref()));
        let mut before = before.into_iter();
        let alone = same.is_empty();
        for (n, place) in others.into_iter().enumerate() {
            let was = before.next();
            let came = was.is_none();
            let was = was.or_else(|| if alone && n == 0 { self.gone.take() } else { None });
            let now = Instance::of(was.as_ref(), place);
            match (was.as_ref().and_then(|w| w.process.clone()), now.process.clone()) {
                (Some(before), Some(after)) if !came => {
                    noticed.push(Some((key, &now)), What::PlaceRestarted { before, after });
                }
                (_, Some(process)) => {
                    noticed.push(Some((key, &now)), What::PlaceAppeared { process: Some(process) });
                }
                _ => {}
            }
            same.push((was, place));
        }
        for gone in before {
            if gone.process.is_some() {
                noticed.push(Some((key, &gone)), What::PlaceGone { process: gone.process.clone() });
            }
            self.gone = Some(gone);
        }
        for (was, place) in same {
            let now = Instance::of(was.as_ref(), place);
            if let Some(was) = &was {
                now.compare(was, key, place, noticed);
            }
            self.live.push(now);
        }
        self.live.sort_by_key(|i| age(i.process.as_ref()));
    }
}

impl Instance {
    /// A place as it is, with what `was` knew where nobody could look now.
    fn of(was: Option<&Self>, place: &Place) -> Self {
        let mut vars = was.map(|w| w.vars.clone()).unwrap_or_default();
        for (name, sighting) in &place.env {
            if sighting.state != State::Unknown {
                vars.insert(name.clone(), Var { known: Some(sighting.clone()), unknown: None });
            } else if !not_looked_at(sighting) {
                vars.entry(name.clone()).or_default().unknown.clone_from(&sighting.reason);
            }
        }
        let codex = KeptCodex::of(was.and_then(|w| w.codex.as_ref()), place.codex.as_ref());
        Self {
            host: place.host.clone(),
            kind: place.kind,
            role: place.role,
            label: place.label.clone(),
            observed: place.observed,
            process: process_of(place),
            vars,
            codex,
        }
    }

    fn compare(&self, was: &Self, key: &PlaceId, place: &Place, noticed: &mut Noticed) {
        let me = Some((key, self));
        for (name, sighting) in &place.env {
            let Some(var) = was.vars.get(name) else { continue };
            let Some(known) = &var.known else { continue };
            if sighting.state == State::Unknown {
                if var.unknown.is_none() && !not_looked_at(sighting) {
                    let reason = sighting.reason.clone().unwrap_or_default();
                    noticed.push(me, What::VariableUnknown { name: name.clone(), reason });
                }
                continue;
            }
            variable(name, known, sighting, |what| noticed.push(me, what));
        }
        if let (Some(was), Some(view)) = (&was.codex, &place.codex) {
            was.compare(view, |what| noticed.push(me, what));
        }
    }

    /// Whether the variable was looked for and seen, or seen not to be there.
    pub(super) fn knows(&self, name: &str) -> bool {
        self.vars.get(name).is_none_or(|v| v.unknown.is_none())
    }
}

fn variable(name: &str, was: &Sighting, now: &Sighting, mut push: impl FnMut(What)) {
    let name = || name.to_owned();
    match (was.is_present(), now.is_present()) {
        (false, false) => {}
        (false, true) => push(What::VariableAppeared {
            name: name(),
            fingerprint: now.fingerprint.clone(),
            taints: now.taints.clone(),
            set_by: now.set_by.clone(),
        }),
        (true, false) => push(What::VariableVanished {
            name: name(),
            fingerprint: was.fingerprint.clone(),
            set_by: was.set_by.clone(),
        }),
        (true, true) => {
            let sources = |s: &Sighting| s.set_by.iter().cloned().collect::<BTreeSet<Source>>();
            match (was.agrees(now), &was.fingerprint, &now.fingerprint) {
                (Some(false), Some(before), Some(after)) => push(What::VariableChanged {
                    name: name(),
                    before: before.clone(),
                    after: after.clone(),
                    set_by: now.set_by.clone(),
                }),
                _ if !was.set_by.is_empty() && !now.set_by.is_empty() && sources(was) != sources(now) => {
                    push(What::SourcesChanged {
                        name: name(),
                        before: was.set_by.clone(),
                        after: now.set_by.clone(),
                    });
                }
                _ => {}
            }
            let taints = |s: &Sighting| s.taints.iter().copied().collect::<BTreeSet<_>>();
            if taints(was) != taints(now) {
                push(What::TaintsChanged {
                    name: name(),
                    before: was.taints.clone(),
                    after: now.taints.clone(),
                });
            }
        }
    }
}

/// Nobody looked, which is no news: unlike a look that failed.
fn not_looked_at(sighting: &Sighting) -> bool {
    sighting.reason.as_deref().is_none_or(|r| r == "not looked at")
}

fn process_of(place: &Place) -> Option<Process> {
    place.process.as_ref().map(|p| Process { pid: p.pid, started_at: p.started_at })
}

fn same_process(a: Option<&Process>, b: Option<&Process>) -> bool {
    match (a, b) {
        (None, None) => true,
        (Some(a), Some(b)) => {
            a.pid == b.pid
                && (a.started_at == b.started_at || a.started_at.is_none() || b.started_at.is_none())
        }
        _ => false,
    }
}
