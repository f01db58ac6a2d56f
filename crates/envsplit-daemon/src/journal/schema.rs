//! The format of the file. A version is frozen once it was in use: `tests/data/journal` holds a file of each, and every
//! later version reads it.
use super::trouble::Trouble;
use rusqlite::Connection;

/// The format that this version writes.
pub(super) const VERSION: i64 = 1;

/// How to get from each format to the next: the first makes an empty file a journal.
const STEPS: [&str; 1] = ["
    CREATE TABLE changes (
        seq INTEGER PRIMARY KEY AUTOINCREMENT,
        look INTEGER NOT NULL,
        at INTEGER NOT NULL,
        aged INTEGER NOT NULL,
        body TEXT NOT NULL,
        sum INTEGER NOT NULL
    );
    CREATE TABLE state (part TEXT PRIMARY KEY, body TEXT NOT NULL, sum INTEGER NOT NULL) WITHOUT ROWID;
"];

/// The file's format; 0 for an empty file.
pub(super) fn version(db: &Connection) -> rusqlite::Result<i64> {
    db.query_row("PRAGMA user_version", [], |row| row.get(0))
}

/// Brings the file to [`VERSION`], all at once or not at all.
pub(super) fn migrate(db: &mut Connection) -> Result<(), Trouble> {
    let change = db.transaction_with_behavior(rusqlite::TransactionBehavior::Immediate)?;
    let found = version(&change)?;
    if found == VERSION {
        return Ok(());
    }
    let from = usize::try_from(found).map_err(|_| Trouble::Damaged(format!("it has the format {found}")))?;
    for step in STEPS.get(from..).ok_or(Trouble::Newer(found))? {
        change.execute_batch(step).map_err(|error| match error.sqlite_error_code() {
            // A table of that name is there already: the format's number is not the file's.
            Some(rusqlite::ErrorCode::Unknown) => {
                Trouble::Damaged("it is not of the format that it says".to_owned())
            }
            _ => error.into(),
        })?;
    }
    change.pragma_update(None, "user_version", VERSION)?;
    Ok(change.commit()?)
}

/// Whether the file holds what its format says: a number may be right by accident.
pub(super) fn verify(db: &Connection) -> Result<(), Trouble> {
    for statement in
        ["SELECT seq, look, at, aged, body, sum FROM changes", "SELECT part, body, sum FROM state"]
    {
        db.prepare(statement)
            .map_err(|_| Trouble::Damaged("its tables are not those of a journal".to_owned()))?;
    }
    Ok(())
}
