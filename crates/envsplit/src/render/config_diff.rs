//! `config --diff` for people: what the two have otherwise, each with the file and line that it comes from.
use super::text::{BOLD, DIM, YELLOW, path, styled, verdict, wrap};
use crate::ask::Answer;
use envsplit_model::{ConfigDiffPlace, ConfigDiffSlice, ConfigValue, text};
use std::fmt::Write as _;

pub(crate) fn config_diff(answer: &Answer, slice: &ConfigDiffSlice) -> String {
    let mut out = String::new();
    for (sign, side) in [("-", &slice.left), ("+", &slice.right)] {
        let head = format!("{sign} {}", text::shown(&side.label));
        let _ = writeln!(out, "{}  {}", styled(BOLD, &head), about(answer, side));
    }
    out.push('\n');
    if !slice.comparable {
        out.push_str("They cannot be compared: one of them is not known.\n");
    } else if slice.differences.is_empty() {
        out.push_str("The two configs have the same values.\n");
    }
    for difference in &slice.differences {
        let note = if difference.hidden { "  (hidden; whether they differ is not known)" } else { "" };
        let _ = writeln!(out, "{}{}", text::shown(&difference.key), styled(YELLOW, note));
        for (sign, value) in [("-", &difference.left), ("+", &difference.right)] {
            let _ = writeln!(out, "  {sign} {}", one(answer, value.as_ref()));
        }
    }
    for side in [&slice.left, &slice.right] {
        for problem in &side.problems {
            let message = problem.message.lines().next().unwrap_or_default();
            let line = format!("{}: {message} [{}]", side.label, problem.code);
            out.push_str(&wrap("! ", "  ", &text::shown(&line)));
        }
        for unknown in &side.unknown {
            out.push_str(&wrap("? ", "  ", &text::shown(&format!("{}: {unknown}", side.label))));
        }
    }
    out
}

fn about(answer: &Answer, side: &ConfigDiffPlace) -> String {
    let home = side.home.as_deref().map_or_else(|| "unknown".to_owned(), |h| path(answer.home(), h));
    let provider = side.provider.as_deref().map_or_else(|| "unknown".to_owned(), text::shown);
    format!("home {home}, provider {provider}, {}", verdict(side.key_verdict))
}

fn one(answer: &Answer, value: Option<&ConfigValue>) -> String {
    let Some(value) = value else { return styled(DIM, "not set") };
    let from = match (&value.path, value.line) {
        (Some(file), Some(line)) => format!("{}:{line}", path(answer.home(), file)),
        (Some(file), None) => path(answer.home(), file),
        _ => "-c".to_owned(),
    };
    format!("{}  {}", text::shown(&value.value.to_string()), styled(DIM, &format!("# {from}")))
}
