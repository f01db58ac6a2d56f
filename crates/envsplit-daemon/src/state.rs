//! What all connections share.
use crate::journal::{FILE_NAME, Journal, Query};
use crate::observer::Observer;
use envsplit_ipc::protocol::{HistoryListParams, JournalStatus};
use envsplit_model::history::History;
use jiff::Timestamp;
use std::path::PathBuf;
use std::sync::atomic::{AtomicU64, AtomicUsize};
use std::sync::{Arc, Mutex};
use tokio::sync::Notify;

/// The daemon's state.
pub(crate) struct State {
    pub(crate) observer: Arc<Observer>,
    pub(crate) started_at: Timestamp,
    pub(crate) socket: PathBuf,
    pub(crate) clients: AtomicUsize,
    pub(crate) subscribers: AtomicUsize,
    pub(crate) requests: AtomicU64,
    /// Numbers subscriptions.
    pub(crate) next: AtomicU64,
    /// Somebody began to subscribe.
    pub(crate) subscribed: Notify,
    /// Somebody was answered: what shells did may be new to the journal.
    pub(crate) answered: Notify,
    /// It is to end.
    pub(crate) ended: Notify,
    pub(crate) journal: Mutex<Kept>,
}

/// The journal and its folder.
pub(crate) struct Kept {
    pub(crate) journal: Option<Journal>,
    pub(crate) dir: PathBuf,
}

impl State {
    /// What changed when; the error says why there is no journal.
    pub(crate) fn history(&self, asked: &HistoryListParams) -> Result<History, String> {
        let query = Query {
            limit: asked.limit.map(|l| usize::try_from(l).unwrap_or(usize::MAX)),
            since: asked.since,
            at: asked.place.clone(),
        };
        let kept = self.journal();
        let journal = kept.journal.as_ref().ok_or("no home directory is known, so no journal is kept")?;
        Ok(journal.history(&query))
    }

    pub(crate) fn journal_status(&self) -> Option<JournalStatus> {
        let kept = self.journal();
        let journal = kept.journal.as_ref()?;
        Some(JournalStatus {
            path: kept.dir.join(FILE_NAME).display().to_string(),
            entries: journal.entries(),
            bytes: journal.bytes(),
            trouble: journal.trouble().map(str::to_owned),
        })
    }
}
