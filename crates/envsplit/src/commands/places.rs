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
    let report = answer.report;
    let mut places = vec![];
    for place in &report.places {
        let mut value = serde_json::to_value(place)
            .map_err(|e| Error::internal(format!("cannot be written as JSON: {e}")))?;
        if let Some(object) = value.as_object_mut() {
            object.remove("env");
            object.remove("codex");
        }
        places.push(value);
    }
    json(&PlacesSlice {
        schema: "envsplit.places/v1".to_owned(),
        hosts: report.hosts,
        places,
        hops: report.hops,
    })?;
    Ok(0)
}
