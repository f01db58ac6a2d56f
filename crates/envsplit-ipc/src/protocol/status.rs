//! What the daemon says of itself.
use jiff::Timestamp;
use serde::{Deserialize, Serialize};

/// Experiments that were run since the start.
#[derive(Clone, Copy, Debug, Default, PartialEq, Eq, Serialize, Deserialize)]
#[cfg_attr(feature = "export", derive(schemars::JsonSchema, ts_rs::TS))]
pub struct ProbesRun {
    /// Shell starts.
    pub shells_run: u64,
    /// Shell starts under a watch.
    pub traces_run: u64,
    /// How long the last round took, in milliseconds; `null` where there was none.
    pub last_ms: Option<u64>,
}

/// What the daemon has cost since its start.
#[derive(Clone, Copy, Debug, Default, PartialEq, Eq, Serialize, Deserialize)]
#[cfg_attr(feature = "export", derive(schemars::JsonSchema, ts_rs::TS))]
pub struct Cost {
    /// Time on a processor, in milliseconds.
    pub cpu_ms: u64,
    /// Resident memory now, in KiB.
    pub rss_kb: u64,
}

/// The journal.
#[derive(Clone, Debug, PartialEq, Eq, Serialize, Deserialize)]
#[cfg_attr(feature = "export", derive(schemars::JsonSchema, ts_rs::TS))]
pub struct JournalStatus {
    /// Its file.
    pub path: String,
    /// How many changes it holds.
    pub entries: u64,
    /// Its size.
    pub bytes: u64,
    /// Why nothing is written to it now.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub trouble: Option<String>,
}

/// Result of `status`.
#[derive(Clone, Debug, PartialEq, Eq, Serialize, Deserialize)]
#[cfg_attr(feature = "export", derive(schemars::JsonSchema, ts_rs::TS))]
pub struct Status {
    /// The process.
    pub pid: u32,
    /// When it started.
    pub started_at: Timestamp,
    /// Its version of envsplit.
    pub version: String,
    /// For how long it has run, in seconds.
    pub uptime_s: u64,
    /// Connections now, this one included.
    pub clients: u32,
    /// Subscriptions now.
    pub subscribers: u32,
    /// Files and folders that are watched.
    pub files_watched: u64,
    /// How: `inotify`, `polling`, `none`, and what later versions add.
    pub watching: String,
    /// Why not all is watched as it should be, and what to do.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub watch_trouble: Option<String>,
    /// Processes in the table.
    pub processes_known: u64,
    /// Experiments.
    pub probes: ProbesRun,
    /// Cost.
    pub cost: Cost,
    /// The journal; `null` where none is kept.
    pub journal: Option<JournalStatus>,
    /// The socket's file.
    pub socket: String,
    /// Requests that were answered.
    pub requests_served: u64,
}
