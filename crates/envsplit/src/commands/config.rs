//! `config`: the effective Codex config at each place.
use super::{at, json};
use crate::args::Common;
use crate::ask::ask;
use crate::error::Error;
use crate::output;
use crate::render;
use envsplit_model::ConfigSlice;

pub(crate) fn run(common: &Common, all: bool) -> Result<u8, Error> {
    let mut answer = ask(common, &[])?;
    at(&mut answer.report, common.at.as_deref())?;
    if !common.wants_json() {
        output::data(&render::config(&answer, all));
        return Ok(0);
    }
    json(&ConfigSlice::of(answer.report))?;
    Ok(0)
}
