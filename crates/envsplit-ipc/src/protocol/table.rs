//! The one table of methods.
use super::ErrorCode;
use serde::{Serialize, de::DeserializeOwned};

/// A request: its name, what it is asked with, what answers it.
pub trait Method {
    /// Its name on the wire.
    const NAME: &'static str;
    /// What it is asked with.
    type Params: Serialize + DeserializeOwned;
    /// What answers it.
    type Result: Serialize + DeserializeOwned;
}

/// A notification: its name and what it carries.
pub trait Notification {
    /// Its name on the wire.
    const NAME: &'static str;
    /// What it carries.
    type Params: Serialize + DeserializeOwned;
}

/// Who sends it.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum Direction {
    /// The client.
    ToDaemon,
    /// The daemon.
    ToClient,
}

/// Whether an answer comes.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum Kind {
    /// One answer.
    Request,
    /// None.
    Notification,
}

/// A row of the table.
#[derive(Clone, Copy, Debug)]
pub struct MethodInfo {
    /// The name on the wire.
    pub name: &'static str,
    /// Who sends it.
    pub direction: Direction,
    /// Whether an answer comes.
    pub kind: Kind,
    /// The parameters' type.
    pub params: &'static str,
    /// The result's type; empty for a notification.
    pub result: &'static str,
    /// What it does.
    pub doc: &'static str,
    /// Errors of its own, besides those that every request can have.
    pub errors: &'static [ErrorCode],
}

/// The row of a method.
pub fn method(name: &str) -> Option<&'static MethodInfo> {
    METHODS.iter().find(|m| m.name == name)
}

macro_rules! table {
    (
        requests { $($(#[doc = $rdoc:literal])* $rtype:ident = $rname:literal ($rparams:ty) -> $rresult:ty, [$($rerror:ident)*];)* }
        notifications { $($(#[doc = $ndoc:literal])* $ntype:ident = $nname:literal ($nparams:ty), $ndirection:ident;)* }
    ) => {
        pub(super) mod methods {
            use super::super::*;
            use envsplit_model::history::History;
            use envsplit_model::{ConfigSlice, EnvSlice, Explained, PlacesSlice, Report};
            $(
                $(#[doc = $rdoc])*
                #[derive(Clone, Copy, Debug)]
                pub enum $rtype {}
                impl Method for $rtype {
                    const NAME: &'static str = $rname;
                    type Params = $rparams;
                    type Result = $rresult;
                }
            )*
            $(
                $(#[doc = $ndoc])*
                #[derive(Clone, Copy, Debug)]
                pub enum $ntype {}
                impl Notification for $ntype {
                    const NAME: &'static str = $nname;
                    type Params = $nparams;
                }
            )*
            /// Gives every row's types to a visitor, in the order of the table.
            #[cfg(feature = "export")]
            pub(in crate::protocol) fn visit(v: &mut impl crate::protocol::export::Visit) {
                $(v.request::<$rparams, $rresult>($rname);)*
                $(v.notification::<$nparams>($nname);)*
            }
        }

        /// Every method.
        pub const METHODS: &[MethodInfo] = &[
            $(MethodInfo {
                name: $rname,
                direction: Direction::ToDaemon,
                kind: Kind::Request,
                params: stringify!($rparams),
                result: stringify!($rresult),
                doc: concat!($($rdoc, "\n"),*),
                errors: &[$(ErrorCode::$rerror),*],
            },)*
            $(MethodInfo {
                name: $nname,
                direction: Direction::$ndirection,
                kind: Kind::Notification,
                params: stringify!($nparams),
                result: "",
                doc: concat!($($ndoc, "\n"),*),
                errors: &[],
            },)*
        ];
    };
}

table! {
    requests {
        /// The handshake. It is the first request of a connection; until it has succeeded, nothing else is answered.
        /// Product version and protocol version are both compared.
        Initialize = "initialize" (InitializeParams) -> InitializeResult, [];
        /// The report, as `envsplit check --json` prints it.
        ReportGet = "report/get" (ReportGetParams) -> Report, [Refused Cancelled];
        /// The report now, and `report/changed` each time that it changes. Subscriptions end with the connection.
        ReportSubscribe = "report/subscribe" (ReportSubscribeParams) -> ReportSubscribed, [Refused Overloaded Cancelled];
        /// Ends a subscription of this connection.
        ReportUnsubscribe = "report/unsubscribe" (ReportUnsubscribeParams) -> (), [];
        /// Where a variable is set, where it is visible, where it is lost, as `envsplit env NAME --json` prints it.
        EnvGet = "env/get" (EnvGetParams) -> EnvSlice, [Refused Cancelled];
        /// The effective Codex config at each place, as `envsplit config --json` prints it.
        ConfigGet = "config/get" (ConfigGetParams) -> ConfigSlice, [Refused Cancelled];
        /// The places and hops, as `envsplit places --json` prints them.
        PlacesList = "places/list" (PlacesListParams) -> PlacesSlice, [Refused Cancelled];
        /// The page of a cause code, or what a pasted error proves, checked against this machine.
        Explain = "explain" (ExplainParams) -> Explained, [Refused Cancelled];
        /// An editor's claim about its own process. It is labelled as one, never overrides what the system says, is not
        /// journalled, and is gone with the process or the connection.
        ObservePush = "observe/push" (super::super::ObservePush) -> ObservePushed, [Refused];
        /// Takes such a claim back.
        ObserveWithdraw = "observe/withdraw" (super::super::ObserveWithdraw) -> (), [Refused];
        /// What changed when, from the journal.
        HistoryList = "history/list" (HistoryListParams) -> History, [Unavailable];
        /// Forgets remembered shell starts and runs them again, with `$/progress` where a token is given.
        ProbeRun = "probe/run" (ProbeRunParams) -> Report, [Refused Cancelled];
        /// How the daemon is.
        Status = "status" (Empty) -> super::super::Status, [];
        /// Ends the daemon, after this answer.
        Shutdown = "shutdown" (Empty) -> (), [];
    }
    notifications {
        /// The report of a subscription has changed. A client that reads too slowly gets the newest report, with the
        /// changes since the last one that it got.
        ReportChanged = "report/changed" (super::super::ReportChanged), ToClient;
        /// How far a request is.
        Progress = "$/progress" (super::super::Progress), ToClient;
        /// From `envsplit rpc` alone: the daemon went away and another is there. Subscriptions and claims of the old
        /// connection are gone: subscribe and push again.
        Reconnected = "$/reconnected" (Empty), ToClient;
        /// The answer to a request is no longer wanted. It is answered with `cancelled`, or with its result where that
        /// was there first.
        CancelRequest = "$/cancelRequest" (CancelParams), ToDaemon;
    }
}
