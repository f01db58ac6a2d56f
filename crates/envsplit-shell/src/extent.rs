//! The lines that a command stands in: shells name the first, or the last, as they please.
use crate::ast::{Cmd, Kind, Span};
use crate::parse::script;

/// The first and the last line of the simple command at `line` of a file for bash, or of the last one before it.
pub fn command_lines(text: &str, line: u32) -> Option<(u32, u32)> {
    let mut all = Vec::new();
    for (cmd, _) in &script(text, false).items {
        simple(cmd, &mut all);
    }
    let ends: Vec<usize> = text.match_indices('\n').map(|(at, _)| at).collect();
    let at = |byte: usize| u32::try_from(ends.partition_point(|end| *end < byte) + 1).unwrap_or(u32::MAX);
    all.sort_by_key(|span: &Span| span.start);
    let last = all.partition_point(|span| at(span.start) <= line).checked_sub(1)?;
    let span = &all[last];
    Some((at(span.start), at(span.end)))
}

fn simple(cmd: &Cmd, all: &mut Vec<Span>) {
    let mut list = |cmds: &[Cmd]| cmds.iter().for_each(|c| simple(c, all));
    match &cmd.kind {
        Kind::Simple(words) => {
            if let (Some(first), Some(last)) = (words.first(), words.last()) {
                all.push(first.start.min(cmd.at)..last.end);
            }
        }
        Kind::Chain(first, rest) => {
            simple(first, all);
            for (_, next) in rest {
                simple(next, all);
            }
        }
        Kind::Not(inner) | Kind::Pipe(inner) => simple(inner, all),
        Kind::Group(body) | Kind::For { body, .. } => list(body),
        Kind::If { arms, otherwise } => {
            for arm in arms {
                list(&arm.condition);
                list(&arm.body);
            }
            list(otherwise);
        }
        Kind::Case { choices, .. } => choices.iter().for_each(|c| list(&c.body)),
        Kind::While { condition, body, .. } => {
            list(condition);
            list(body);
        }
        Kind::Function { body, .. } => list(body),
        Kind::Test(_) | Kind::Apart => {}
    }
}

#[cfg(test)]
mod tests {
    use super::command_lines;

    #[test]
    fn a_command_over_several_lines_has_one_extent() {
        let text = "export \\\n  A=1\nf() {\n  A=\"x\ny\"\n}\nread -r A <<E\nx\nE\n";
        assert_eq!(command_lines(text, 1), Some((1, 2)));
        assert_eq!(command_lines(text, 2), Some((1, 2)));
        assert_eq!(command_lines(text, 5), Some((4, 5)));
        assert_eq!(command_lines(text, 9), Some((7, 7)));
        assert_eq!(command_lines("# nothing\n", 1), None);
    }
}
