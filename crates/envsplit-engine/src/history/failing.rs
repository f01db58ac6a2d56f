//! "It worked yesterday": since when something fails, when it was last in order, and what changed since.
//!
//! The list of changes is undone from the newest to the oldest, a look at a time, until the fault is not there any
//! more while its place is.
use super::rank;
use super::remember::{KeptFinding, Remembered};
use envsplit_model::history::{Change, Failing, What};
use envsplit_model::{PlaceId, Severity, Subject};
use jiff::Timestamp;

/// What fails now, with the changes that may be why. `entries` are those of the journal, newest first; `begun_at` is
/// how far it goes back.
pub fn failing(now: &Remembered, entries: &[Change], begun_at: Timestamp) -> Vec<Failing> {
    let errors = now.findings.iter().filter(|f| f.severity == Severity::Error && !f.unseen);
    errors.map(|finding| one(now, entries, begun_at, finding)).collect()
}

fn one(now: &Remembered, entries: &[Change], begun_at: Timestamp, finding: &KeptFinding) -> Failing {
    let mut walk = Walk::new(now, finding);
    for look in entries.chunk_by(|a, b| a.look == b.look) {
        if walk.undo(look) {
            break;
        }
    }
    let since = walk.since.unwrap_or(begun_at);
    let (key, instance) = shown(now, finding);
    Failing {
        host: instance.map(|i| i.host.clone()),
        role: instance.map(|i| i.role),
        label: instance.map(|i| i.label.clone()),
        pid: instance.and_then(|i| Some(i.process.as_ref()?.pid)),
        place: key,
        code: finding.code.clone(),
        subject: finding.subject.clone(),
        since,
        last_consistent_at: walk.in_order.and_then(|l| l.after),
        note: walk.note,
        culprits: rank::culprits(now, entries, finding, walk.first_look, walk.in_order.map(|l| l.look)),
    }
}

/// Where it fails, for people: the Codex that gets its environment from there, where there is one.
fn shown<'a>(now: &'a Remembered, finding: &KeptFinding) -> (Option<PlaceId>, Option<&'a super::Instance>) {
    let Some(key) = &finding.place else { return (None, None) };
    let live = |k: &PlaceId| now.places.get(k).and_then(|p| p.live.last());
    let codex = now.places.keys().find_map(|k| {
        let instance = live(k).filter(|i| i.role.runs_codex())?;
        (k == key || now.upstream(k).contains(&key)).then_some((k, instance))
    });
    match codex {
        Some((k, instance)) => (Some(k.clone()), Some(instance)),
        None => (Some(key.clone()), now.instance(key)),
    }
}

/// A look at which the fault came, seen from before it.
#[derive(Clone, Copy)]
struct InOrder {
    after: Option<Timestamp>,
    look: u64,
}

struct Walk<'a> {
    place: Option<&'a PlaceId>,
    subject: &'a Subject,
    /// The faults that stand, or the ones in whose place they came: code and subject.
    standing: Vec<(String, Subject)>,
    /// How many processes the place has.
    alive: usize,
    /// Whether the place could not be seen.
    blind: bool,
    since: Option<Timestamp>,
    first_look: Option<u64>,
    in_order: Option<InOrder>,
    note: Option<String>,
}

impl<'a> Walk<'a> {
    fn new(now: &'a Remembered, finding: &'a KeptFinding) -> Self {
        let place = finding.place.as_ref();
        let alive = place.map_or(1, |key| now.places.get(key).map_or(0, |k| k.live.len()));
        Self {
            place,
            subject: &finding.subject,
            standing: vec![(finding.code.clone(), finding.subject.clone())],
            alive,
            blind: false,
            since: None,
            first_look: None,
            in_order: None,
            note: None,
        }
    }

    /// Goes back before one look; whether all was in order then.
    fn undo(&mut self, look: &[Change]) -> bool {
        let mut began = false;
        let mut replaced = vec![];
        let (mut came, mut went) = (0, 0);
        let place = self.place;
        let here = |c: &&Change| place.is_none() || c.place.is_none() || c.place.as_ref() == place;
        for change in look.iter().filter(here) {
            if let Some(note) = &change.note {
                self.note = Some(note.clone());
            }
            match &change.what {
                What::FindingAppeared { code, subject, severity: Severity::Error, seen_before, .. } => {
                    let before = self.standing.len();
                    self.standing.retain(|(c, s)| (c, s) != (code, subject));
                    if self.standing.len() < before {
                        began = true;
                        self.blind |= !seen_before;
                        if subject == self.subject {
                            (self.since, self.first_look) = (Some(change.at), Some(change.look));
                        }
                    }
                }
                What::FindingGone { code, subject, severity: Severity::Error, with_place, .. }
                    if !with_place || subject == self.subject =>
                {
                    replaced.push((code.clone(), subject.clone(), *with_place));
                }
                What::VariableUnknown { name, .. } if *name == self.subject.name => self.blind = false,
                What::PlaceAppeared { .. } if place.is_some() && change.place.as_ref() == place => {
                    came += 1;
                }
                What::PlaceGone { .. } if place.is_some() && change.place.as_ref() == place => {
                    went += 1;
                }
                _ => {}
            }
        }
        // What went in the same look in which this came was the same trouble in other words, or hid it; what went with
        // the place was not mended.
        for (code, subject, with_place) in replaced {
            if began || with_place && self.standing.is_empty() {
                self.standing.push((code, subject));
            }
        }
        self.alive = (self.alive + went).saturating_sub(came);
        if self.alive == 0 && came > 0 {
            // Nobody could see it while it was not there; what its former life saw counts.
            self.blind = false;
        }
        let order = self.standing.is_empty() && self.alive > 0 && !self.blind;
        if order {
            self.in_order = Some(InOrder {
                after: look.iter().find_map(|c| c.unchanged_at),
                look: look.first().map_or(0, |c| c.look),
            });
        }
        order
    }
}
