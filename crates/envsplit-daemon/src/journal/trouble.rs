//! What can be wrong with the journal, and what it means for it.
use rusqlite::ErrorCode;
use std::path::Path;

/// Why the journal cannot do what it should.
#[derive(Debug, thiserror::Error)]
pub(super) enum Trouble {
    #[error("the folder is not this user's own: {0}")]
    NotOwn(String),
    #[error("a newer version of envsplit wrote it (format {0}, this version knows {known})", known = super::schema::VERSION)]
    Newer(i64),
    #[error("it is damaged: {0}")]
    Damaged(String),
    #[error("{0}")]
    Io(#[from] std::io::Error),
    #[error("{}", in_words(.0))]
    Sqlite(rusqlite::Error),
}

impl From<rusqlite::Error> for Trouble {
    fn from(error: rusqlite::Error) -> Self {
        match error.sqlite_error_code() {
            // None: SQLite is content, and a row is not of the kind that it should be.
            Some(ErrorCode::DatabaseCorrupt | ErrorCode::NotADatabase) | None => {
                Self::Damaged(in_words(&error))
            }
            _ => Self::Sqlite(error),
        }
    }
}

impl Trouble {
    /// Whether trying again is of no use.
    pub(super) fn is_lasting(&self) -> bool {
        matches!(self, Self::Newer(_) | Self::NotOwn(_))
    }

    /// Whether the file has to be set aside.
    pub(super) fn is_damage(&self) -> bool {
        matches!(self, Self::Damaged(_))
    }

    /// What is, why, what to do.
    pub(super) fn said(&self, dir: &Path) -> String {
        let file = envsplit_model::text::shown(&dir.join(super::FILE_NAME).to_string_lossy());
        let rest = match self {
            Self::NotOwn(_) => "no journal is kept; make the folder yours, or remove it",
            Self::Newer(_) => {
                "it is left alone and no journal is kept; use the newer version, or move the file away"
            }
            Self::Damaged(_) => "the background agent sets it aside and begins anew",
            Self::Io(_) | Self::Sqlite(_) => "nothing is written down meanwhile; it is tried again",
        };
        format!("the journal `{file}`: {self}; {rest}")
    }
}

/// In words, without the text of a statement.
fn in_words(error: &rusqlite::Error) -> String {
    match error.sqlite_error_code() {
        Some(ErrorCode::DiskFull) => "the disk is full".to_owned(),
        Some(ErrorCode::ReadOnly) => "it cannot be written".to_owned(),
        Some(ErrorCode::CannotOpen) => "it cannot be opened".to_owned(),
        Some(ErrorCode::DatabaseBusy | ErrorCode::DatabaseLocked) => "another program holds it".to_owned(),
        Some(ErrorCode::SystemIoFailure) => "reading or writing it failed".to_owned(),
        Some(code) => format!("SQLite says {code:?}"),
        None => "it holds what this version does not understand".to_owned(),
    }
}
