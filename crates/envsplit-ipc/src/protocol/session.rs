//! The handshake, and what belongs to every method: cancellation and progress.
use super::{Id, PROTOCOL};
use envsplit_model::HostId;
use jiff::Timestamp;
use serde::{Deserialize, Serialize};

/// No parameters.
#[derive(Clone, Copy, Debug, Default, PartialEq, Eq, Serialize, Deserialize)]
#[cfg_attr(feature = "export", derive(schemars::JsonSchema, ts_rs::TS))]
#[cfg_attr(feature = "export", ts(type = "Record<string, never>"))]
pub struct Empty {}

/// Which program a client is.
#[derive(Clone, Debug, PartialEq, Eq, Serialize, Deserialize)]
#[cfg_attr(feature = "export", derive(schemars::JsonSchema, ts_rs::TS))]
pub struct ClientInfo {
    /// Its name: `envsplit`, `vscode-envsplit`.
    pub name: String,
    /// Its own version.
    pub version: String,
}

/// The first message of a client.
#[derive(Clone, Debug, PartialEq, Eq, Serialize, Deserialize)]
#[cfg_attr(feature = "export", derive(schemars::JsonSchema, ts_rs::TS))]
pub struct InitializeParams {
    /// [`PROTOCOL`] of the client.
    pub protocol: u32,
    /// The version of envsplit that the client belongs to. `envsplit rpc` puts its own here: an editor's extension has
    /// a version of its own, and says it in `client`.
    pub version: String,
    /// Which program it is.
    pub client: ClientInfo,
}

impl InitializeParams {
    /// Of a client of this version.
    pub fn of(name: &str) -> Self {
        let version = env!("CARGO_PKG_VERSION").to_owned();
        let client = ClientInfo { name: name.to_owned(), version: version.clone() };
        Self { protocol: PROTOCOL, version, client }
    }

    /// Whether a daemon of this version can serve this client; else why it must be started anew.
    pub fn judge(&self) -> (Ready, Option<String>) {
        differs(("client", self.protocol, &self.version), ("daemon", PROTOCOL, env!("CARGO_PKG_VERSION")))
    }
}

/// Compares both versions of two ends.
pub(crate) fn differs(client: (&str, u32, &str), daemon: (&str, u32, &str)) -> (Ready, Option<String>) {
    if client.1 == daemon.1 && client.2 == daemon.2 {
        return (Ready::Ready, None);
    }
    let reason = format!(
        "the {} is version {} (protocol {}), the {} is version {} (protocol {})",
        daemon.0,
        envsplit_model::text::shown(daemon.2),
        daemon.1,
        client.0,
        envsplit_model::text::shown(client.2),
        client.1,
    );
    (Ready::NeedsRestart, Some(reason))
}

/// Whether this daemon can serve this client.
#[derive(Clone, Copy, Debug, PartialEq, Eq, Serialize, Deserialize)]
#[cfg_attr(feature = "export", derive(schemars::JsonSchema, ts_rs::TS))]
#[serde(rename_all = "kebab-case")]
pub enum Ready {
    /// Both versions are the same.
    Ready,
    /// The product or the protocol has another version: the daemon must be started anew. It answers nothing but
    /// `status` and `shutdown` on this connection.
    #[serde(other)]
    NeedsRestart,
}

/// The daemon's answer to the first message.
#[derive(Clone, Debug, PartialEq, Eq, Serialize, Deserialize)]
#[cfg_attr(feature = "export", derive(schemars::JsonSchema, ts_rs::TS))]
pub struct InitializeResult {
    /// [`PROTOCOL`] of the daemon.
    pub protocol: u32,
    /// The daemon's version of envsplit.
    pub version: String,
    /// The daemon's process.
    pub pid: u32,
    /// When it started.
    pub started_at: Timestamp,
    /// The key under which its fingerprints are made.
    pub key_id: String,
    /// The host that it observes.
    pub host: HostId,
    /// Whether it can serve this client.
    pub ready: Ready,
    /// Why not.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub reason: Option<String>,
}

/// What to cancel.
#[derive(Clone, Debug, PartialEq, Eq, Serialize, Deserialize)]
#[cfg_attr(feature = "export", derive(schemars::JsonSchema, ts_rs::TS))]
pub struct CancelParams {
    /// The request's id.
    pub id: Id,
}

/// What a client chose to tell one request's progress from another's: a number or a text.
pub type ProgressToken = Id;

/// How far a request is.
#[derive(Clone, Debug, PartialEq, Eq, Serialize, Deserialize)]
#[cfg_attr(feature = "export", derive(schemars::JsonSchema, ts_rs::TS))]
pub struct Progress {
    /// The token of the request.
    pub token: ProgressToken,
    /// How far it is.
    pub value: ProgressValue,
}

/// How far a request is.
#[derive(Clone, Debug, PartialEq, Eq, Serialize, Deserialize)]
#[cfg_attr(feature = "export", derive(schemars::JsonSchema, ts_rs::TS))]
pub struct ProgressValue {
    /// What is being done, for people.
    pub message: String,
    /// How many steps are done.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub done: Option<u32>,
    /// Of how many.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub total: Option<u32>,
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn both_versions_are_compared() {
        let own = InitializeParams::of("test");
        assert_eq!(own.judge(), (Ready::Ready, None));
        for other in [
            InitializeParams { protocol: PROTOCOL + 1, ..own.clone() },
            InitializeParams { version: "0.0.9".into(), ..own.clone() },
        ] {
            let (ready, reason) = other.judge();
            assert_eq!(ready, Ready::NeedsRestart);
            let reason = reason.expect("a reason");
            assert!(reason.contains(&other.version) && reason.contains(&own.version), "{reason}");
        }
    }
}
