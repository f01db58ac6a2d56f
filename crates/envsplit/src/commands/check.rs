//! `check`: observes every place, reports where something is lost.
#![allow(clippy::disallowed_methods)] // the clock of its own wait
use super::{at, json};
use crate::args::{Common, Wanted};
use crate::ask::{Answer, ask};
use crate::error::Error;
use crate::output;
use crate::render;
use envsplit_model::Verdict;
use std::time::{Duration, Instant};

/// How long to wait before looking again.
const PAUSE: Duration = Duration::from_millis(500);

pub(crate) fn run(common: &Common, wait_for: Option<Wanted>) -> Result<u8, Error> {
    let mut answer = match wait_for {
        Some(wanted) => until(common, wanted)?,
        None => ask(common, &[])?,
    };
    let code = answer.report.verdict.exit_code(&answer.report.findings, common.strict);
    at(&mut answer.report, common.at.as_deref())?;
    if common.wants_json() {
        json(&answer.report)?;
    } else {
        output::data(&render::check(&answer, common.quiet));
    }
    // A verdict that was waited for is a success, whatever it is.
    Ok(if wait_for.is_some_and(|w| is(w, answer.report.verdict)) { 0 } else { code })
}

/// The first answer with this verdict, or the last one within the time.
fn until(common: &Common, wanted: Wanted) -> Result<Answer, Error> {
    let end = Instant::now() + Duration::from_secs_f64(common.timeout);
    loop {
        let answer = ask(common, &[])?;
        let left = end.saturating_duration_since(Instant::now());
        if is(wanted, answer.report.verdict) || left.is_zero() {
            return Ok(answer);
        }
        std::thread::sleep(PAUSE.min(left));
    }
}

fn is(wanted: Wanted, verdict: Verdict) -> bool {
    match wanted {
        Wanted::Consistent => verdict == Verdict::Consistent,
        Wanted::Split => verdict == Verdict::Split,
        Wanted::Broken => verdict == Verdict::Broken,
    }
}
