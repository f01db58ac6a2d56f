//! `fix`: what to do about a finding; `--apply` does what is marked safe, `--undo` takes it back.
use super::{explain, json};
use crate::args::Common;
use crate::ask::{Answer, ask_alone};
use crate::change;
use crate::error::Error;
use crate::output;
use crate::render;
use envsplit_model::{Applied, Code, Finding, FixSlice, Place, PlaceKind, Report, UndoSlice, text::shown};
use std::path::Path;

pub(crate) fn run(common: &Common, code: Option<&str>, apply: bool) -> Result<u8, Error> {
    let code = code.map(|c| c.trim().parse::<Code>().map_err(|()| explain::no_code(c))).transpose()?;
    // What is changed is looked at here, not by another process.
    let (answer, _) = ask_alone(common, &[])?;
    let wanted = |f: &&Finding| code.is_none_or(|c| f.code == c) && !f.fixes.is_empty();
    let findings: Vec<Finding> = answer.report.findings.iter().filter(wanted).cloned().collect();
    let mut slice = FixSlice {
        schema: "envsplit.fix/v1".to_owned(),
        findings,
        applied: vec![],
        after: None,
        remaining: vec![],
    };
    if !apply {
        print(common, &answer, &slice, code)?;
        return Ok(0);
    }
    let folder = change::folder().map_err(Error::usage)?;
    slice.applied = slice.findings.iter().filter_map(|f| make(&folder, f)).collect();
    let mut after = None;
    if slice.applied.iter().any(|a| !a.files.is_empty()) {
        // What is right is shown by starts that are made anew.
        let (fresh, _) = ask_alone(common, &[])?;
        slice.after = Some(fresh.report.verdict);
        let about = |f: &&Finding| slice.findings.iter().any(|old| old.subject == f.subject);
        slice.remaining = fresh.report.findings.iter().filter(about).cloned().collect();
        after = Some(fresh);
    }
    print(common, after.as_ref().unwrap_or(&answer), &slice, code)?;
    let done = !slice.applied.is_empty() && slice.applied.iter().all(|a| a.refused.is_none());
    let still = |old: &Finding| {
        slice.applied.iter().any(|a| a.code == old.code && !a.files.is_empty())
            && slice.remaining.iter().any(|f| f.code == old.code && f.subject == old.subject)
            && !after.as_ref().is_some_and(|new| better(&answer.report, &new.report, &old.subject.name))
    };
    Ok(u8::from(!done || slice.findings.iter().any(still)))
}

/// Whether a new start has a variable that it had not, or has it clean: what runs since before cannot.
fn better(old: &Report, new: &Report, name: &str) -> bool {
    let faults = |place: &Place| {
        let seen = place.env.get(name).filter(|s| s.is_present())?;
        Some(seen.taints.len())
    };
    new.places.iter().filter(|p| p.kind == PlaceKind::Shell).any(|now| {
        let before = old.place(&now.id).and_then(faults);
        faults(now).is_some_and(|now| before.is_none_or(|before| now < before))
    })
}

/// The first fix of a finding that a program may make.
fn make(folder: &Path, finding: &Finding) -> Option<Applied> {
    let fix = finding.fixes.iter().find(|f| f.safe && !f.changes.is_empty())?;
    let result = change::make(folder, (finding.code.slug(), &fix.id), &fix.changes);
    let mut applied =
        Applied { code: finding.code, fix: fix.id.clone(), files: vec![], backup: None, refused: None };
    match result {
        Ok(done) => {
            applied.files = done.files.iter().map(|f| f.to_string_lossy().into_owned()).collect();
            applied.backup = done.backup;
        }
        Err(why) => applied.refused = Some(why),
    }
    Some(applied)
}

fn print(common: &Common, answer: &Answer, slice: &FixSlice, code: Option<Code>) -> Result<(), Error> {
    if common.wants_json() {
        return json(slice);
    }
    output::data(&render::fix(answer, slice, code));
    Ok(())
}

/// Takes back the last `--apply`, or the one with this number.
pub(crate) fn undo(common: &Common, backup: &str) -> Result<u8, Error> {
    let number = Some(backup).filter(|b| !b.is_empty());
    let undone = change::folder().and_then(|folder| change::undo(&folder, number)).map_err(Error::usage)?;
    let files: Vec<String> = undone.files.iter().map(|f| f.to_string_lossy().into_owned()).collect();
    if common.wants_json() {
        json(&UndoSlice { schema: "envsplit.undo/v1".to_owned(), backup: undone.number, files })?;
        return Ok(0);
    }
    for file in &files {
        output::data(&format!("as it was: {}\n", shown(file)));
    }
    if files.is_empty() {
        output::data("nothing had changed\n");
    }
    Ok(0)
}
