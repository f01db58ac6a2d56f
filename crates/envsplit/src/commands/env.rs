//! `env NAME`: where it is set, where it is visible, where it is lost.
use super::{at, json};
use crate::args::Common;
use crate::ask::ask_env;
use crate::error::Error;
use crate::output;
use crate::render;

pub(crate) fn run(common: &Common, name: &str) -> Result<u8, Error> {
    let (mut answer, mut slice) = ask_env(common, name)?;
    at(&mut answer.report, common.at.as_deref())?;
    let kept = |id: &envsplit_model::PlaceId| answer.report.place(id).is_some();
    slice.places.retain(|p| kept(&p.id));
    for source in &mut slice.sources {
        source.read_by.retain(kept);
        source.reached_by.retain(kept);
    }
    if common.wants_json() {
        json(&slice)?;
    } else {
        output::data(&render::env(&answer, &slice));
    }
    Ok(0)
}
