//! `places`: the places and hops as a tree.
use super::{at, json};
use crate::args::Common;
use crate::ask::ask;
use crate::error::Error;
use crate::output;
use crate::render;
use envsplit_model::PlacesSlice;

pub(crate) fn run(common: &Common) -> Result<u8, Error> {
    let mut answer = ask(common, &[])?;
    at(&mut answer.report, common.at.as_deref())?;
    if !common.wants_json() {
        output::data(&render::places(&answer.report));
        return Ok(0);
    }
    let slice = PlacesSlice::of(&answer.report)
        .map_err(|e| Error::internal(format!("cannot be written as JSON: {e}")))?;
    json(&slice)?;
    Ok(0)
}
