//! The words of envsplit as types: what a place, a hop, a sighting, a source and a finding are, the registry of
//! cause codes, the snapshot that an observation leaves behind and the report that a diagnosis makes of it.
//!
//! This crate does no input or output and knows no rule of any shell, of Codex or of an operating system. It never
//! holds the value of a variable: [`Sighting`] says *that* and *what kind of*, a [`Fingerprint`] says *whether the
//! same*, and the only values in a [`Snapshot`] are the structural ones that [`structural::NAMES`] lists.
#![forbid(unsafe_code)]

mod code;
mod codex;
mod editor;
mod files;
mod finding;
pub mod history;
mod host;
mod lookup;
pub mod paths;
mod place;
mod probe;
mod report;
mod scope;
mod sighting;
mod snapshot;
mod start;
pub mod structural;
pub mod text;
mod trace;
mod wire;

pub use code::{Code, Severity};
pub use codex::{CodexView, ConfigValue, HomeFrom, KeyVerdict, Layer, LayerSource, Overridden, Problem};
pub use editor::{EditorSays, EditorSetting};
pub use files::{FileError, FileKind, FileTimes, Files, ScratchFiles};
pub use finding::{At, AtKind, Change, Edit, Finding, Fix, Split, Subject, SubjectKind};
pub use host::{Host, HostId, HostKind};
pub use lookup::{EnvBlock, EnvLookup};
pub use place::{Hop, NewerSource, Place, PlaceId, PlaceKind, PlaceProcess, Role, Rule};
pub use probe::{
    CodexAsked, CodexCaller, CodexSeen, EnvRef, Marks, Outcome, ProbeRequest, ProgramSeen, ScopedSeen,
    ShellAsked, ShellSeen, SourcesSeen, StartKind, StartReads, Waiting,
};
pub use report::{
    Applied, ConfigDiffPlace, ConfigDiffSlice, ConfigDifference, ConfigSlice, ConfigSlicePlace, EnvSlice,
    EnvSlicePlace, EnvSource, EnvUnread, ExplainSlice, Explained, FixSlice, PlacesSlice, Report,
    RequestLayer, SCHEMA, SymptomSlice, UndoSlice, Verdict,
};
pub use scope::{IdeSetting, Scope, ScopedSetting};
pub use sighting::{Fingerprint, Sighting, Source, State, Taint};
pub use snapshot::{Caller, EnvAccess, ProcessRecord, Session, Snapshot};
pub use start::{FileRead, Guard, How, Opaque, Reach, Setting, ShellKind, Start, StartupFile, StaticRead};
pub use trace::{
    ChangeKind, TraceAsked, TraceOutcome, TraceSeen, TracedAt, TracedChange, TracedEnd, TracedFile,
    TracedLine,
};
