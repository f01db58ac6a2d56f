//! `check`: observes every place, reports where something is lost.
use super::{at, json};
use crate::args::Common;
use crate::ask::ask;
use crate::error::Error;
use crate::output;
use crate::render;

pub(crate) fn run(common: &Common) -> Result<u8, Error> {
    let mut answer = ask(common, &[])?;
    let code = answer.report.verdict.exit_code(&answer.report.findings, common.strict);
    at(&mut answer.report, common.at.as_deref())?;
    if common.wants_json() {
        json(&answer.report)?;
    } else {
        output::data(&render::check(&answer, common.quiet));
    }
    Ok(code)
}
