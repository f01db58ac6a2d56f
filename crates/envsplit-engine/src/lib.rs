//! From a [`Snapshot`] to a [`Report`]: lineage (who is what, and where each environment comes from), then the rules
//! that explain a split, a module a family. [`history`] compares reports: what changed, and why something fails that
//! did not.
//!
//! [`diagnose`] is pure. Where reading is not enough it asks for experiments, and is asked again with the answers; it
//! ends because every round asks only what no earlier round asked, and what it can ask is bounded by the places of
//! the snapshot. This crate does no input or output, knows no value of any variable, and claims nothing that was not
//! observed: a rule that cannot prove itself stays silent.
#![forbid(unsafe_code)]

mod assemble;
pub mod history;
mod lineage;
mod names;
mod newer;
mod products;
mod roles;
mod rules;
mod slices;
mod symptom;
mod wants;
mod world;

pub use slices::{env_slice, keep_places, matches_names, matches_place};
pub use symptom::{Symptom, explain, symptom};

use envsplit_model::{ProbeRequest, ProcessRecord, Report, Snapshot};

/// The result of one round.
#[derive(Debug)]
pub enum Step {
    /// Reading was not enough: these experiments are needed.
    Needs(Vec<ProbeRequest>),
    /// The report.
    Done(Box<Report>),
}

/// Diagnoses a snapshot.
pub fn diagnose(snapshot: &Snapshot) -> Step {
    let lineage = lineage::Lineage::of(snapshot);
    let missing = wants::missing(snapshot, &lineage);
    if !missing.is_empty() {
        return Step::Needs(missing);
    }
    let world = world::World::new(snapshot, &lineage);
    let drafts = rules::drafts(&world);
    let doubts = wants::doubts(snapshot, &lineage, &drafts);
    if doubts.is_empty() {
        Step::Done(Box::new(assemble::report(&world, drafts)))
    } else {
        Step::Needs(doubts)
    }
}

/// The report as far as the answers go, when time has run out: what was not answered is unknown.
pub fn diagnose_as_is(snapshot: &Snapshot) -> Report {
    let lineage = lineage::Lineage::of(snapshot);
    let world = world::World::new(snapshot, &lineage);
    assemble::report(&world, rules::drafts(&world))
}

/// Whether a process may have a role, judged by its program and arguments alone: the door looks at the environments
/// of these and of no others.
pub fn candidate(process: &ProcessRecord) -> bool {
    roles::candidate(process)
}
