//! A machine in memory, asked until the diagnosis has what it needs.
use envsplit_engine::Step;
use envsplit_model::{Report, Snapshot};
use envsplit_system::{Asked, MemorySystem, System};

/// The plain question: no names, no flags, shells may run.
pub(crate) fn asked() -> Asked {
    Asked::default()
}

/// The report, and the snapshot that it was made from.
pub(crate) fn diagnosed(machine: MemorySystem, asked: &Asked) -> (Snapshot, Report) {
    let door = machine.open();
    let mut snapshot = door.observe(asked, &envsplit_engine::candidate);
    for _ in 0..8 {
        match envsplit_engine::diagnose(&snapshot) {
            Step::Done(report) => return (snapshot, *report),
            Step::Needs(requests) => {
                let outcomes = door.answer(&requests);
                snapshot.outcomes.extend(requests.into_iter().zip(outcomes));
            }
        }
    }
    panic!("the diagnosis does not end: {:?}", envsplit_engine::diagnose(&snapshot));
}
