//! What the whole-program tests are made of: scratch machines, programs with a time limit, and the comparison
//! of a report with what a scenario expects.
//!
//! It drives `envsplit` from outside, as a user does, and knows the report only as JSON: a change of the wire
//! format that breaks readers breaks these tests. It must not link the crates that look at the world.
//!
//! Invariants: a scenario sees no process and no home but its own; every outside program has a time limit;
//! nothing is left behind, neither process nor file; a premise that real programs do not confirm is a failure.
#![forbid(unsafe_code)]
#![allow(
    clippy::disallowed_methods,
    reason = "the tests own their scratch machines and start the real programs themselves"
)]

pub mod exec;
pub mod glob;
pub mod home;
pub mod isolate;
pub mod judge;
pub mod lab;
pub mod leaks;
pub mod oracle;
pub mod programs;
pub mod scenario;
