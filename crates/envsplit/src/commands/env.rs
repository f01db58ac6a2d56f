//! `env NAME`: where it is set, where it is visible, where it is lost.
use super::{at, json};
use crate::args::Common;
use crate::ask::ask;
use crate::error::Error;
use crate::output;
use crate::render;

pub(crate) fn run(common: &Common, name: &str) -> Result<u8, Error> {
    let mut answer = ask(common, &[name.to_owned()])?;
    at(&mut answer.report, common.at.as_deref())?;
    let slice = envsplit_engine::env_slice(&answer.snapshot, &answer.report, name);
    if common.wants_json() {
        json(&slice)?;
    } else {
        output::data(&render::env(&answer, &slice));
    }
    Ok(0)
}
