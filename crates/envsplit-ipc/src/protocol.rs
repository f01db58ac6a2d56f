//! The protocol: what can be asked, with what, and what comes back. JSON-RPC 2.0; parameters are objects.
//!
//! [`METHODS`] is the one table; `docs/protocol.md` and the extension's TypeScript types are generated from it. Fields
//! may be added to any type, so a reader passes over those that it does not know.

mod caller;
mod editor;
mod error;
#[cfg(feature = "export")]
mod example;
#[cfg(feature = "export")]
pub mod export;
mod history;
mod message;
mod payload;
mod report;
mod session;
mod status;
mod table;

pub use caller::Caller;
pub use editor::{
    EditorClaim, ExtensionClaim, ObservePush, ObservePushed, ObserveWithdraw, SHOWN_SETTINGS, SettingClaim,
    SettingScope, SettingValue,
};
pub use envsplit_model::history::{Change, History};
pub use error::{ErrorCode, RpcError};
pub use history::HistoryListParams;
pub use message::{Id, Message, MessageError};
pub use payload::{Part, Payload};
pub use report::{
    ConfigGetParams, EnvGetParams, ExplainParams, PlacesListParams, ProbeRunParams, ProbeWhat, ReportChanged,
    ReportGetParams, ReportSubscribeParams, ReportSubscribed, ReportUnsubscribeParams,
};
pub(crate) use session::differs;
pub use session::{
    CancelParams, ClientInfo, Empty, InitializeParams, InitializeResult, Progress, ProgressToken,
    ProgressValue, Ready,
};
pub use status::{Cost, JournalStatus, ProbesRun, Status};
pub use table::{Direction, Kind, METHODS, Method, MethodInfo, Notification, method};

/// The methods as types: each says its parameters and its result.
pub mod methods {
    pub use super::table::methods::*;
}

/// The version of this protocol. Two ends that differ in it do not talk.
pub const PROTOCOL: u32 = 1;
