//! The journal: an `SQLite` file in the data folder, with what changed and with the last state, so that a new start goes
//! on where the former one ended.
//!
//! Nothing that befalls the file hurts anything else: a damaged file is set aside, a full disk makes the journal pause,
//! a newer version's file is left alone. Each time it is said.
mod file;
mod retain;
mod rows;
mod schema;
mod trouble;

pub use file::FILE_NAME;
pub use retain::Limits;
pub use rows::Query;

use envsplit_engine::history::Remembered;
use envsplit_model::history::{Change, History, What};
use envsplit_model::{HostId, Report};
use jiff::{SignedDuration, Timestamp};
use retain::Clock;
use rusqlite::Connection;
use std::path::{Path, PathBuf};
use trouble::Trouble;

/// How long a journal that cannot be written rests before it tries again.
const PAUSE: SignedDuration = SignedDuration::from_secs(60);

/// A journal, with what had to be done to open it.
#[derive(Debug)]
pub struct Opened {
    /// It can always be used: where it cannot write, it says so and goes on without.
    pub journal: Journal,
    /// What is wrong, for people.
    pub trouble: Option<String>,
}

/// What changed when.
#[derive(Debug)]
pub struct Journal {
    dir: PathBuf,
    limits: Limits,
    open: State,
    /// What was said last about it.
    trouble: Option<String>,
    remembered: Remembered,
    clock: Clock,
    /// Whether this process has looked before: what it has not seen itself happened unwatched.
    watched: bool,
}

#[derive(Debug)]
enum State {
    Ready(Connection),
    /// It tries again then.
    Paused {
        since: Timestamp,
    },
    /// It never does.
    Off,
}

impl Journal {
    /// Opens the journal of the folder `dir`, which is made where it is missing.
    pub fn open(dir: &Path, now: Timestamp) -> Opened {
        Self::open_with(dir, now, Limits::default())
    }

    /// The same with other limits.
    pub fn open_with(dir: &Path, now: Timestamp, limits: Limits) -> Opened {
        let mut journal = Self {
            dir: dir.to_owned(),
            limits,
            open: State::Paused { since: now },
            trouble: None,
            remembered: Remembered::default(),
            clock: Clock::default(),
            watched: false,
        };
        journal.reopen(now);
        Opened { trouble: journal.trouble.clone(), journal }
    }

    /// What is wrong with the journal, for people.
    pub fn trouble(&self) -> Option<&str> {
        self.trouble.as_deref()
    }

    /// How many changes it holds; 0 while it cannot be read.
    pub fn entries(&self) -> u64 {
        let State::Ready(db) = &self.open else { return 0 };
        db.query_row("SELECT count(*) FROM changes", [], |row| row.get::<_, i64>(0))
            .map_or(0, i64::unsigned_abs)
    }

    /// The size of its file, in bytes.
    pub fn bytes(&self) -> u64 {
        std::fs::metadata(self.dir.join(FILE_NAME)).map_or(0, |m| m.len())
    }

    /// Compares a report with the last state and writes down what is not as it was. Nothing is written where nothing
    /// is. The changes are given back with their numbers; none while the journal pauses: they come with the next look.
    pub fn record(&mut self, report: &Report, now: Timestamp) -> Vec<Change> {
        if !self.ready(now) {
            return vec![];
        }
        let mut next = self.remembered.clone();
        let unchanged_at = self.clock.seen_at;
        let mut changes = next.advance(report, now, unchanged_at);
        let mut clock = self.clock.clone();
        let note = clock.advance(now);
        if next == self.remembered {
            (self.clock, self.watched) = (clock, true);
            return vec![];
        }
        for change in &mut changes {
            change.unwatched = !self.watched && unchanged_at.is_some();
            change.note.clone_from(&note);
        }
        self.write(changes, &next, clock, now)
    }

    /// Writes down that files were written which places read.
    pub fn record_files(&mut self, files: &[(HostId, String)], now: Timestamp) -> Vec<Change> {
        if files.is_empty() || !self.ready(now) {
            return vec![];
        }
        let unchanged_at = self.clock.seen_at;
        let mut clock = self.clock.clone();
        let note = clock.advance(now);
        let change = |(host, path): &(HostId, String)| Change {
            seq: 0,
            look: 0,
            at: now,
            unchanged_at,
            unwatched: false,
            place: None,
            host: Some(host.clone()),
            role: None,
            label: None,
            pid: None,
            what: What::FileChanged { path: path.clone() },
            note: note.clone(),
        };
        let next = self.remembered.clone();
        self.write(files.iter().map(change).collect(), &next, clock, now)
    }

    /// What is known, as far as `query` asks.
    pub fn history(&self, query: &Query) -> History {
        let State::Ready(db) = &self.open else { return History::empty(self.trouble.clone()) };
        match rows::history(db, (&self.remembered, &self.clock), query) {
            Ok((mut history, unread)) => {
                history.trouble = self.trouble.clone().or(unread);
                history
            }
            Err(error) => History::empty(Some(error.said(&self.dir))),
        }
    }

    /// Notes when it last looked, and closes the file.
    pub fn close(self) {
        if let State::Ready(db) = &self.open {
            let noted = rows::note_clock(db, &self.clock);
            if let Err(error) = noted {
                tracing::debug!(%error, "the journal's last time was not noted");
            }
        }
    }

    /// A clock that was not written down has not advanced: what is noticed next is as old as that.
    fn write(
        &mut self,
        mut changes: Vec<Change>,
        next: &Remembered,
        mut clock: Clock,
        now: Timestamp,
    ) -> Vec<Change> {
        let State::Ready(db) = &mut self.open else { return vec![] };
        match rows::write(db, &mut changes, (&self.remembered, next), &mut clock) {
            Ok(()) => {
                if let Err(error) = retain::retain(db, &clock, &self.limits) {
                    tracing::debug!(%error, "nothing was deleted from the journal");
                }
                self.clock = clock;
                self.remembered.clone_from(next);
                self.watched = true;
                self.trouble = None;
                changes
            }
            Err(error) => {
                self.fail(&error, now);
                vec![]
            }
        }
    }

    /// Whether it can be written to, after a new attempt where one is due.
    fn ready(&mut self, now: Timestamp) -> bool {
        if let State::Paused { since } = self.open {
            // A clock that went back must not make the pause endless.
            if now >= since && now.duration_since(since) < PAUSE {
                return false;
            }
            self.reopen(now);
        }
        matches!(self.open, State::Ready(_))
    }

    fn reopen(&mut self, now: Timestamp) {
        match file::open(&self.dir, now).and_then(|(db, said)| Ok((rows::load(&db)?, db, said))) {
            Ok((loaded, db, said)) => {
                self.open = State::Ready(db);
                self.remembered = loaded.remembered;
                self.clock = loaded.clock;
                self.watched = false;
                self.trouble = said;
            }
            Err(trouble) => self.fail(&trouble, now),
        }
    }

    fn fail(&mut self, trouble: &Trouble, now: Timestamp) {
        let said = trouble.said(&self.dir);
        if self.trouble.as_deref() != Some(&said) {
            tracing::warn!("{said}");
        }
        self.trouble = Some(said);
        let lasting = trouble.is_lasting();
        let damaged = trouble.is_damage();
        self.open = if lasting { State::Off } else { State::Paused { since: now } };
        self.watched = false;
        if damaged {
            // The file is set aside when it is opened again, which is at once.
            self.begin_anew(now);
        }
    }

    fn begin_anew(&mut self, now: Timestamp) {
        match file::set_aside(&self.dir, now).and_then(|said| Ok((file::open(&self.dir, now)?.0, said))) {
            Ok((db, said)) => {
                self.open = State::Ready(db);
                self.remembered = Remembered::default();
                self.clock = Clock::default();
                self.trouble = Some(said);
            }
            Err(trouble) => {
                self.open = State::Paused { since: now };
                self.trouble = Some(trouble.said(&self.dir));
            }
        }
    }
}

/// What the journal of `dir` says, for a program that runs beside the agent or without one. Nothing is written. `None`
/// where there is no journal.
pub fn read(dir: &Path, query: &Query) -> Option<History> {
    let db = match file::open_to_read(dir) {
        Ok(db) => db?,
        Err(trouble) => return Some(History::empty(Some(trouble.said(dir)))),
    };
    let history = rows::load(&db).and_then(|loaded| {
        let (mut history, unread) = rows::history(&db, (&loaded.remembered, &loaded.clock), query)?;
        history.trouble = unread;
        Ok(history)
    });
    Some(history.unwrap_or_else(|trouble| History::empty(Some(trouble.said(dir)))))
}
