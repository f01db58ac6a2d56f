//! `history`: what changed when, and since when something fails. Reads the journal itself, so that it answers with and
//! without a background agent.
use crate::args::Common;
use crate::error::Error;
use crate::output;
use crate::render;
use envsplit_daemon::Query;
use envsplit_model::history::{History, LINE_SCHEMA, Line, Says};
use jiff::civil::{Date, DateTime, Time};
use jiff::{Span, Timestamp, ToSpan as _, Zoned};

/// The exit code where there is a journal and it cannot be read.
const UNDETERMINED: u8 = 3;

pub(crate) fn run(common: &Common, limit: u32, since: Option<Timestamp>) -> Result<u8, Error> {
    let dir = envsplit_system::data_dir()
        .ok_or_else(|| Error::internal("no home directory is known, so neither is the journal's"))?;
    let limit = usize::try_from(limit).unwrap_or(usize::MAX);
    let query = Query { limit: Some(limit), since, at: common.at.clone() };
    let Some(history) = envsplit_daemon::read(&dir, &query) else {
        output::note(
            "There is no journal yet: the background agent writes it while it runs. `envsplit daemon start` starts it.",
        );
        return Ok(0);
    };
    if let Some(trouble) = &history.trouble {
        output::note(&format!("warning: {trouble}"));
    }
    if history.begun_at.is_none() {
        return Ok(if history.trouble.is_some() { UNDETERMINED } else { 0 });
    }
    if common.wants_json() {
        lines(history)?;
    } else {
        let home = std::env::home_dir();
        let home = home.as_ref().and_then(|h| h.to_str());
        output::data(&render::history(&history, &query, home, &Zoned::now()));
    }
    Ok(0)
}

/// One JSON object a line: what fails, then what changed, newest first.
fn lines(history: History) -> Result<(), Error> {
    let failing = history.failing.into_iter().map(Says::Failing);
    for says in failing.chain(history.entries.into_iter().map(Says::Change)) {
        let line = Line { schema: LINE_SCHEMA.to_owned(), says };
        let text = serde_json::to_string(&line)
            .map_err(|e| Error::internal(format!("cannot be written as JSON: {e}")))?;
        output::data(&format!("{text}\n"));
    }
    Ok(())
}

/// A time as people write it; a time of the day is the last one, a date its beginning.
pub(crate) fn since(text: &str) -> Result<Timestamp, &'static str> {
    since_from(text.trim(), &Zoned::now())
        .ok_or("a time is expected: `14:02`, `yesterday`, `2026-11-22`, `2h`, `3 days`, or a full timestamp")
}

fn since_from(text: &str, now: &Zoned) -> Option<Timestamp> {
    let today = now.date();
    let at = |when: DateTime| Some(when.to_zoned(now.time_zone().clone()).ok()?.timestamp());
    let begin = |day: Date| at(day.to_datetime(Time::midnight()));
    match text {
        "today" => return begin(today),
        "yesterday" => return begin(today.yesterday().ok()?),
        _ => {}
    }
    if let Ok(exact) = text.parse::<Timestamp>() {
        return Some(exact);
    }
    if text.len() <= 8
        && let Ok(time) = text.parse::<Time>()
    {
        let this = at(today.to_datetime(time))?;
        return if this <= now.timestamp() {
            Some(this)
        } else {
            at(today.yesterday().ok()?.to_datetime(time))
        };
    }
    if text.len() == 10
        && let Ok(day) = text.parse::<Date>()
    {
        return begin(day);
    }
    if let Ok(when) = text.parse::<DateTime>() {
        return at(when);
    }
    let span: Span = text.strip_suffix(" ago").unwrap_or(text).parse().ok()?;
    let span = if span.is_negative() { span.negate() } else { span };
    (span.fieldwise() != 0.seconds()).then(|| Some(now.checked_sub(span).ok()?.timestamp()))?
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn times_are_read_as_people_write_them() {
        let now: Zoned = "2026-11-22T14:30:00[UTC]".parse().unwrap();
        for (text, wanted) in [
            ("14:02", "2026-11-22T14:02:00Z"),
            ("14:31", "2026-11-21T14:31:00Z"),
            ("yesterday", "2026-11-21T00:00:00Z"),
            ("2026-11-20", "2026-11-20T00:00:00Z"),
            ("2026-11-20T10:00", "2026-11-20T10:00:00Z"),
            ("2026-11-20T10:00:00+02:00", "2026-11-20T08:00:00Z"),
            ("2h", "2026-11-22T12:30:00Z"),
            ("3 days", "2026-11-19T14:30:00Z"),
            ("1 week ago", "2026-11-15T14:30:00Z"),
        ] {
            assert_eq!(since_from(text, &now), Some(wanted.parse().unwrap()), "{text}");
        }
        for text in ["", "soon", "25:00", "2026-13-01", "0s"] {
            assert_eq!(since_from(text, &now), None, "{text}");
        }
    }
}
