//! Hosts: one operating-system boundary each.
use crate::wire::wire_enum;
use schemars::JsonSchema;
use serde::{Deserialize, Serialize};

/// The name of a host, the same from whichever side one asks: `linux`, `wsl:Ubuntu-24.04`, `windows`, `macos`.
#[derive(Clone, Debug, PartialEq, Eq, PartialOrd, Ord, Hash, Serialize, Deserialize, JsonSchema)]
#[cfg_attr(feature = "ts", derive(ts_rs::TS))]
#[serde(transparent)]
pub struct HostId(pub String);

impl std::fmt::Display for HostId {
    fn fmt(&self, f: &mut std::fmt::Formatter<'_>) -> std::fmt::Result {
        f.write_str(&self.0)
    }
}

wire_enum! {
    /// What kind of boundary a host is.
    pub enum HostKind {
        /// A Linux machine.
        Linux = "linux",
        /// One distribution of the Windows Subsystem for Linux.
        Wsl = "wsl",
        /// The Windows host.
        Windows = "windows",
        /// A macOS machine.
        Macos = "macos",
        /// A container.
        Container = "container",
        ;
        /// A kind that this version does not know.
        Unknown = "unknown",
    }
}

/// One host of the report.
#[derive(Clone, Debug, PartialEq, Eq, Serialize, Deserialize, JsonSchema)]
#[cfg_attr(feature = "ts", derive(ts_rs::TS))]
pub struct Host {
    /// Its id, used by every place, path and fix.
    pub id: HostId,
    /// Its kind.
    pub kind: HostKind,
    /// A name for people, such as the distribution's.
    pub name: String,
    /// Why the host could not be observed; `None` when it was.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub unobserved_reason: Option<String>,
}
