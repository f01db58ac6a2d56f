//! The background agent: what is seen is kept current, so that a question is answered from what is known already.
//!
//! It holds what the machine shows to everybody; what a caller brings along is laid over it for that caller's answer
//! alone. It runs no shell of its own accord: only when somebody asks or subscribes. It writes its own journal and log
//! and nothing else, and knows no rule and no value of a variable.

pub mod ask;
mod claims;
mod observer;
mod watch;
