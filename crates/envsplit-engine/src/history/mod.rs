//! What changed between two reports, and why something fails that did not.
//!
//! Pure: a [`Remembered`] is what one look leaves behind for the next, [`changes`] compares two reports by it, and
//! [`failing()`] reads a list of changes backwards. What was merely not looked at is no change: the last thing that was
//! known stays remembered. Nothing here knows where a journal lies or what time it is.
mod codex;
mod failing;
mod findings;
mod rank;
mod remember;

pub use failing::failing;
pub use remember::{Instance, Kept, KeptFinding, Remembered};

use envsplit_model::Report;
use envsplit_model::history::Change;

/// What is not as it was, place by place. `seq` and `look` are 0: they belong to a journal.
pub fn changes(before: &Report, after: &Report) -> Vec<Change> {
    let mut remembered = Remembered::default();
    remembered.advance(before, before.generated_at, None);
    remembered.advance(after, after.generated_at, Some(before.generated_at))
}
