//! What stands in the file: changes, and the last state in parts, so that a change writes what it touches and no more.
//! Each row carries a checksum: a row that is not what was written is not believed.
use super::retain::Clock;
use super::trouble::Trouble;
use envsplit_engine::history::{Kept, Remembered, failing};
use envsplit_model::history::{Change, History, SCHEMA};
use envsplit_model::{PlaceId, Role};
use jiff::Timestamp;
use rusqlite::{Connection, Transaction, TransactionBehavior, params};
use std::collections::BTreeMap;

/// So many changes are kept in mind when it is asked why something fails.
const MOST_READ: u32 = 20_000;

const PLACE: &str = "place ";
const CLOCK: &str = "clock";

/// What to tell of the journal.
#[derive(Clone, Debug, Default)]
pub struct Query {
    /// The most changes; all where it is not said.
    pub limit: Option<usize>,
    /// Only changes from then on.
    pub since: Option<Timestamp>,
    /// Only of places of this id, key or role, or whose id this glob matches.
    pub at: Option<String>,
}

impl Query {
    fn wants(&self, key: Option<&PlaceId>, pid: Option<u32>, role: Option<Role>) -> bool {
        let Some(wanted) = &self.at else { return true };
        let Some(key) = key else { return false };
        let id = pid.map_or_else(|| key.clone(), |pid| PlaceId(format!("{key}-{pid}")));
        envsplit_engine::matches_names(&id, key, role.unwrap_or(Role::Unknown), wanted)
    }
}

/// The last state.
pub(super) struct Loaded {
    pub(super) remembered: Remembered,
    pub(super) clock: Clock,
}

/// The state that the last look left behind; that of a beginning in a new file.
pub(super) fn load(db: &Connection) -> Result<Loaded, Trouble> {
    let mut loaded = Loaded { remembered: Remembered::default(), clock: Clock::default() };
    let mut statement = db.prepare("SELECT part, body, sum FROM state")?;
    let mut rows = statement.query([])?;
    while let Some(row) = rows.next()? {
        let (part, body): (String, String) = (row.get(0)?, row.get(1)?);
        if sum(&[&part, &body]) != row.get::<_, i64>(2)? {
            return Err(Trouble::Damaged("its state is not what was written".to_owned()));
        }
        let read = take(&mut loaded, &part, &body);
        read.map_err(|_| Trouble::Damaged("its state cannot be understood".to_owned()))?;
    }
    Ok(loaded)
}

fn take(loaded: &mut Loaded, part: &str, body: &str) -> serde_json::Result<()> {
    let remembered = &mut loaded.remembered;
    match part {
        CLOCK => loaded.clock = serde_json::from_str(body)?,
        "verdict" => remembered.verdict = serde_json::from_str(body)?,
        "findings" => remembered.findings = serde_json::from_str(body)?,
        "hops" => remembered.hops = serde_json::from_str(body)?,
        _ => {
            if let Some(key) = part.strip_prefix(PLACE) {
                remembered.places.insert(PlaceId(key.to_owned()), serde_json::from_str(body)?);
            }
        }
    }
    Ok(())
}

/// Writes changes, numbered, and the parts of the state that are others than before: all or nothing.
pub(super) fn write(
    db: &mut Connection,
    changes: &mut [Change],
    (before, next): (&Remembered, &Remembered),
    clock: &mut Clock,
) -> Result<(), Trouble> {
    let all = db.transaction_with_behavior(TransactionBehavior::Immediate)?;
    clock.look += 1;
    let look = i64::try_from(clock.look).unwrap_or(i64::MAX);
    {
        let mut insert =
            all.prepare("INSERT INTO changes (look, at, aged, body, sum) VALUES (?1, ?2, ?3, ?4, ?5)")?;
        for change in changes.iter_mut() {
            (change.seq, change.look) = (0, clock.look);
            let body = json(change)?;
            let sum = sum(&[&look.to_string(), &body]);
            insert.execute(params![look, change.at.as_millisecond(), clock.aged, body, sum])?;
            change.seq = u64::try_from(all.last_insert_rowid()).unwrap_or_default();
        }
    }
    write_places(&all, &before.places, &next.places)?;
    if before.verdict != next.verdict {
        put(&all, "verdict", &next.verdict)?;
    }
    if before.findings != next.findings {
        put(&all, "findings", &next.findings)?;
    }
    if before.hops != next.hops {
        put(&all, "hops", &next.hops)?;
    }
    put(&all, CLOCK, clock)?;
    Ok(all.commit()?)
}

fn write_places(
    all: &Transaction<'_>,
    before: &BTreeMap<PlaceId, Kept>,
    next: &BTreeMap<PlaceId, Kept>,
) -> Result<(), Trouble> {
    for (key, kept) in next.iter().filter(|(key, kept)| before.get(*key) != Some(kept)) {
        put(all, &format!("{PLACE}{key}"), kept)?;
    }
    for key in before.keys().filter(|key| !next.contains_key(*key)) {
        all.execute("DELETE FROM state WHERE part = ?1", [format!("{PLACE}{key}")])?;
    }
    Ok(())
}

/// Notes when the last look was.
pub(super) fn note_clock(db: &Connection, clock: &Clock) -> Result<(), Trouble> {
    put(db, CLOCK, clock)
}

fn put(db: &Connection, part: &str, value: &impl serde::Serialize) -> Result<(), Trouble> {
    let body = json(value)?;
    db.execute(
        "INSERT INTO state (part, body, sum) VALUES (?1, ?2, ?3)
         ON CONFLICT (part) DO UPDATE SET body = excluded.body, sum = excluded.sum",
        params![part, body, sum(&[part, &body])],
    )?;
    Ok(())
}

/// The changes that are asked for and what fails; with what could not be read, for people.
pub(super) fn history(
    db: &Connection,
    loaded: (&Remembered, &Clock),
    query: &Query,
) -> Result<(History, Option<String>), Trouble> {
    let (remembered, clock) = loaded;
    let mut all = vec![];
    let mut spoilt = 0_u32;
    let mut statement = db.prepare("SELECT seq, look, body, sum FROM changes ORDER BY seq DESC LIMIT ?1")?;
    let mut rows = statement.query([MOST_READ])?;
    while let Some(row) = rows.next()? {
        match read(row)? {
            Some(change) => all.push(change),
            None => spoilt += 1,
        }
    }
    // What retention took away was there before the oldest that is left.
    let oldest = all.last().filter(|c| c.seq > 1).map(|c| c.at);
    let begun_at = oldest.or(clock.begun_at);
    let mut failing = failing(remembered, &all, begun_at.unwrap_or(Timestamp::UNIX_EPOCH));
    failing.retain(|f| query.wants(f.place.as_ref(), f.pid, f.role));
    all.retain(|c| query.since.is_none_or(|t| c.at >= t) && query.wants(c.place.as_ref(), c.pid, c.role));
    all.truncate(query.limit.unwrap_or(usize::MAX));
    let history = History {
        schema: SCHEMA.to_owned(),
        begun_at,
        seen_at: clock.seen_at,
        entries: all,
        failing,
        trouble: None,
    };
    let unread = (spoilt > 0)
        .then(|| format!("{spoilt} of the journal's changes are not what was written; they are left out"));
    Ok((history, unread))
}

/// One change; `None` where it is not what was written.
fn read(row: &rusqlite::Row<'_>) -> rusqlite::Result<Option<Change>> {
    let (Ok(look), Ok(body), Ok(found)) =
        (row.get::<_, i64>(1), row.get::<_, String>(2), row.get::<_, i64>(3))
    else {
        return Ok(None);
    };
    let change = (sum(&[&look.to_string(), &body]) == found)
        .then(|| serde_json::from_str::<Change>(&body).ok())
        .flatten();
    let Some(mut change) = change else { return Ok(None) };
    change.seq = u64::try_from(row.get::<_, i64>(0)?).unwrap_or_default();
    Ok(Some(change))
}

fn json(value: &impl serde::Serialize) -> Result<String, Trouble> {
    serde_json::to_string(value).map_err(|e| Trouble::Io(e.into()))
}

fn sum(parts: &[&str]) -> i64 {
    let mut hash = blake3::Hasher::new();
    for part in parts {
        hash.update(&(part.len() as u64).to_le_bytes()).update(part.as_bytes());
    }
    let mut first = [0; 8];
    first.copy_from_slice(&hash.finalize().as_bytes()[..8]);
    i64::from_le_bytes(first)
}
