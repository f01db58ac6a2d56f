//! What is kept how long, and the time by which that is judged: not the clock's, which can jump, but the time that
//! passed while somebody looked.
use super::trouble::Trouble;
use jiff::{SignedDuration, Timestamp};
use rusqlite::{Connection, params};
use serde::{Deserialize, Serialize};

/// The most of what is deleted at once.
const AT_ONCE: i64 = 500;

/// Free pages beyond which the file is made smaller.
const FREE_PAGES: i64 = 64;

/// A longer step of the clock is no age: it may be a jump.
const STEP: SignedDuration = SignedDuration::from_hours(24);

/// A longer step of the clock is worth a note.
const LEAP: SignedDuration = SignedDuration::from_hours(24 * 30);

/// How much is kept.
#[derive(Clone, Copy, Debug)]
pub struct Limits {
    /// The most changes.
    pub rows: u32,
    /// The most bytes of the file.
    pub bytes: u32,
    /// How long a change is kept, by the time that passed while somebody looked.
    pub age: SignedDuration,
}

impl Default for Limits {
    fn default() -> Self {
        Self { rows: 20_000, bytes: 32 << 20, age: SignedDuration::from_hours(24 * 90) }
    }
}

/// What is known of the time.
#[derive(Clone, Debug, Default, PartialEq, Eq, Serialize, Deserialize)]
pub(super) struct Clock {
    /// When the journal was begun.
    pub(super) begun_at: Option<Timestamp>,
    /// When the last look was.
    pub(super) seen_at: Option<Timestamp>,
    /// Seconds that passed while somebody looked.
    pub(super) aged: i64,
    /// How many looks were written down.
    pub(super) look: u64,
}

impl Clock {
    /// A look at `now`; says what makes its time doubtful.
    pub(super) fn advance(&mut self, now: Timestamp) -> Option<String> {
        self.begun_at.get_or_insert(now);
        let before = self.seen_at.replace(now)?;
        let step = now.duration_since(before);
        if step.is_negative() {
            return Some(
                "the clock went back just before: the order is right, the times may not be".to_owned(),
            );
        }
        if step <= STEP {
            self.aged += step.as_secs();
        }
        let days = step.as_hours() / 24;
        (step > LEAP).then(|| {
            format!("{days} days after the look before, by the clock: nobody looked, or it was set forward")
        })
    }
}

/// Deletes what is too old or too much, a little at a time.
pub(super) fn retain(db: &Connection, clock: &Clock, limits: &Limits) -> Result<(), Trouble> {
    let number = |pragma: &str| db.query_row(&format!("PRAGMA {pragma}"), [], |row| row.get::<_, i64>(0));
    let free = number("freelist_count")?;
    let too_large = (number("page_count")? - free) * number("page_size")? > i64::from(limits.bytes);
    db.execute(
        "DELETE FROM changes WHERE seq < (SELECT min(seq) + ?1 FROM changes)
         AND (?2 OR aged < ?3 OR seq <= (SELECT max(seq) - ?4 FROM changes))",
        params![AT_ONCE, too_large, clock.aged - limits.age.as_secs(), limits.rows],
    )?;
    if number("freelist_count")? > FREE_PAGES {
        let mut statement = db.prepare("PRAGMA incremental_vacuum(256)")?;
        let mut rows = statement.query([])?;
        while rows.next()?.is_some() {}
    }
    Ok(())
}
