//! Who asks: what a request brings with it, laid over what the daemon knows of the machine.
use serde::{Deserialize, Serialize};
use std::fmt;

/// The calling process and what it was asked with. Its environment does not travel: the daemon reads that of `pid`
/// through the operating system.
#[derive(Clone, PartialEq, Eq, Serialize, Deserialize)]
#[cfg_attr(feature = "export", derive(schemars::JsonSchema, ts_rs::TS))]
#[cfg_attr(feature = "export", ts(optional_fields))]
#[serde(default)]
pub struct Caller {
    /// The process that is meant by `self`: the peer of the socket (which is the default) or one of its ancestors, of
    /// the same user.
    #[serde(skip_serializing_if = "Option::is_none")]
    pub pid: Option<u32>,
    /// The directory of the question; by default that of the process.
    #[serde(skip_serializing_if = "Option::is_none")]
    pub cwd: Option<String>,
    /// Variables to look at besides those that the configs name.
    #[serde(skip_serializing_if = "Vec::is_empty")]
    #[cfg_attr(feature = "export", ts(as = "Option<Vec<String>>", optional))]
    pub keys: Vec<String>,
    /// Codex's `--profile`.
    #[serde(skip_serializing_if = "Option::is_none")]
    pub profile: Option<String>,
    /// Codex's `-c key=value`, in order.
    #[serde(skip_serializing_if = "Vec::is_empty")]
    #[cfg_attr(feature = "export", ts(as = "Option<Vec<String>>", optional))]
    pub overrides: Vec<String>,
    /// Treat this process as the one that fails.
    #[serde(skip_serializing_if = "Option::is_none")]
    pub failing_pid: Option<u32>,
    /// Whether shells may be started for the answer; `true` unless said otherwise.
    #[cfg_attr(feature = "export", ts(as = "Option<bool>", optional))]
    pub shells: bool,
}

impl Default for Caller {
    fn default() -> Self {
        Self {
            pid: None,
            cwd: None,
            keys: vec![],
            profile: None,
            overrides: vec![],
            failing_pid: None,
            shells: true,
        }
    }
}

/// Without what `-c` says, which can hold a secret.
impl fmt::Debug for Caller {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.debug_struct("Caller")
            .field("pid", &self.pid)
            .field("keys", &self.keys)
            .field("failing_pid", &self.failing_pid)
            .field("shells", &self.shells)
            .finish_non_exhaustive()
    }
}
