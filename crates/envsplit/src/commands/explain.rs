//! `explain CODE`: the page of a cause code. `explain TEXT`: what a pasted error proves, checked against this machine.
use super::json;
use crate::args::Common;
use crate::ask::ask;
use crate::error::Error;
use crate::output;
use crate::render;
use envsplit_model::{Code, ExplainSlice, Explained};
use std::io::Read as _;

/// More than an error and its surroundings has; the rest of a longer text is not read.
const LIMIT: u64 = 256 * 1024;

pub(crate) fn run(common: &Common, words: &[String]) -> Result<u8, Error> {
    let text = match words {
        [dash] if dash == "-" => standard_input()?,
        _ => words.join(" "),
    };
    let text = text.trim();
    match text.parse::<Code>() {
        Ok(code) => page(common, code).map(|()| 0),
        Err(()) if looks_like_a_code(text) => Err(no_code(text)),
        Err(()) => symptom(common, text).map(|()| 0),
    }
}

fn page(common: &Common, code: Code) -> Result<(), Error> {
    if !common.wants_json() {
        output::data(&format!("{}\n{} ({})\n", code.page().trim_end(), code.title(), code.severity()));
        return Ok(());
    }
    json(&Explained::Code(ExplainSlice::of(code)))
}

fn symptom(common: &Common, text: &str) -> Result<(), Error> {
    let found = envsplit_engine::symptom(text);
    let named: Vec<String> = found.and_then(|s| s.variable).into_iter().collect();
    let answer = ask(common, &named)?;
    let slice = envsplit_engine::explain(text, &answer.report);
    if common.wants_json() {
        return json(&Explained::Text(Box::new(slice)));
    }
    output::data(&render::explain(&answer, &slice));
    Ok(())
}

/// One word that no error says: then a code was meant.
fn looks_like_a_code(text: &str) -> bool {
    !text.contains(char::is_whitespace) && envsplit_engine::symptom(text).is_none()
}

pub(super) fn no_code(text: &str) -> Error {
    // What was typed may be a key: it is not repeated.
    let family = text.split('/').next().unwrap_or_default();
    let mut near: Vec<&str> =
        Code::ALL.iter().map(|c| c.slug()).filter(|s| s.starts_with(&format!("{family}/"))).collect();
    if near.is_empty() {
        near = Code::ALL.iter().map(|c| c.slug()).collect();
    }
    Error::usage("that is no cause code, and no error that is known")
        .hint(format!("codes: {}", near.join(", ")))
}

fn standard_input() -> Result<String, Error> {
    let mut bytes = vec![];
    let read = std::io::stdin().lock().take(LIMIT).read_to_end(&mut bytes);
    read.map_err(|e| Error::usage(format!("standard input cannot be read: {e}")))?;
    Ok(String::from_utf8_lossy(&bytes).into_owned())
}
