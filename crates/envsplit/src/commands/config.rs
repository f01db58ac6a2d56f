//! `config`: the effective Codex config at each place.
use super::{at, json};
use crate::args::Common;
use crate::ask::ask;
use crate::error::Error;
use crate::output;
use crate::render;
use envsplit_model::{ConfigSlice, ConfigSlicePlace};

pub(crate) fn run(common: &Common, all: bool) -> Result<u8, Error> {
    let mut answer = ask(common, &[])?;
    at(&mut answer.report, common.at.as_deref())?;
    if !common.wants_json() {
        output::data(&render::config(&answer, all));
        return Ok(0);
    }
    let places = answer.report.places.into_iter().filter(|p| p.codex.is_some());
    json(&ConfigSlice {
        schema: "envsplit.config/v1".to_owned(),
        places: places
            .map(|p| ConfigSlicePlace { id: p.id, host: p.host, role: p.role, codex: p.codex })
            .collect(),
    })?;
    Ok(0)
}
