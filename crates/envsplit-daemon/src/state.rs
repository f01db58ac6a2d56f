//! What all connections share.
use crate::journal::Journal;
use crate::observer::Observer;
use jiff::Timestamp;
use std::path::PathBuf;
use std::sync::Mutex;
use std::sync::atomic::{AtomicU64, AtomicUsize};
use tokio::sync::Notify;

/// The daemon's state.
pub(crate) struct State {
    pub(crate) observer: std::sync::Arc<Observer>,
    pub(crate) started_at: Timestamp,
    pub(crate) socket: PathBuf,
    pub(crate) clients: AtomicUsize,
    pub(crate) subscribers: AtomicUsize,
    pub(crate) requests: AtomicU64,
    /// Numbers subscriptions.
    pub(crate) next: AtomicU64,
    /// Somebody began or ended to subscribe.
    pub(crate) subscribed: Notify,
    /// Somebody was answered: what shells did may be new to the journal.
    pub(crate) answered: Notify,
    pub(crate) ended: Notify,
    pub(crate) journal: Mutex<Kept>,
}

/// The journal, and why nothing is written to it where that is so.
pub(crate) struct Kept {
    pub(crate) journal: Option<Journal>,
    pub(crate) trouble: Option<String>,
}
