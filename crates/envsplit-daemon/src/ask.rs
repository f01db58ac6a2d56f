//! Asking a door until the diagnosis has what it needs.
use envsplit_engine::Step;
use envsplit_model::{ProbeRequest, Report, Snapshot};
use envsplit_system::{Asked, System};

/// Rounds of questions: configs, shells and files, what the shells answer, what follows from that. More than this
/// would be a fault of the diagnosis; what is missing then is reported as unknown.
const ROUNDS: usize = 8;

/// A report with the snapshot that it was made from.
#[derive(Debug)]
pub struct Answer {
    /// What was seen.
    pub snapshot: Snapshot,
    /// What it means.
    pub report: Report,
}

/// Told before questions are put to the door, and after.
pub trait Progress {
    /// These are about to be answered.
    fn begin(&mut self, _requests: &[ProbeRequest]) {}
    /// They are.
    fn end(&mut self) {}
}

/// Nobody is told.
impl Progress for () {}

/// Diagnoses what `snapshot` shows, asking `door` for what is missing.
pub fn ask(door: &impl System, mut snapshot: Snapshot, progress: &mut impl Progress) -> Answer {
    for round in 0..ROUNDS {
        let requests = match envsplit_engine::diagnose(&snapshot) {
            Step::Done(_) if door.forget_ended(&mut snapshot) => {
                tracing::debug!(round, "a process ended meanwhile");
                continue;
            }
            Step::Done(report) => {
                tracing::debug!(round, "diagnosed");
                return Answer { snapshot, report: *report };
            }
            Step::Needs(requests) => requests,
        };
        tracing::debug!(round, requests = requests.len(), "asking");
        progress.begin(&requests);
        let outcomes = door.answer(&requests);
        progress.end();
        snapshot.outcomes.extend(requests.into_iter().zip(outcomes));
    }
    let report = envsplit_engine::diagnose_as_is(&snapshot);
    Answer { snapshot, report }
}

/// Observes with `asked` and diagnoses.
pub fn observe(door: &impl System, asked: &Asked, progress: &mut impl Progress) -> Answer {
    ask(door, door.observe(asked, &envsplit_engine::candidate), progress)
}
