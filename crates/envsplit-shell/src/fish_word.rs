//! What a word of fish stands for, as far as it can be known: fish-language(1) PARAMETER EXPANSION.
use crate::word::{Expanded, Scope, name_length};

/// What `word` stands for. A command substitution is known only where it names the file's own directory.
pub(crate) fn expand(word: &str, scope: &dyn Scope) -> Expanded {
    let mut out = Expanded::empty();
    if word.len() > 1 << 16 {
        out.unknown();
        return out;
    }
    let mut rest = word;
    if let Some(after) = rest.strip_prefix('~') {
        if after.is_empty() || after.starts_with('/') {
            out.value(scope.var("HOME"), true);
            rest = after;
        } else {
            out.unknown();
        }
    }
    let mut quote = None;
    while let Some(c) = rest.chars().next() {
        let after = &rest[c.len_utf8()..];
        rest = match (c, quote) {
            ('\'' | '"', None) => {
                quote = Some(c);
                out.quoted = true;
                after
            }
            (c, Some(q)) if c == q => {
                quote = None;
                after
            }
            ('\\', q) => {
                let Some(next) = after.chars().next() else { break };
                let escapes = match q {
                    Some('\'') => matches!(next, '\'' | '\\'),
                    Some(_) => matches!(next, '"' | '\\' | '$' | '\n'),
                    None => true,
                };
                if !escapes {
                    out.chars.push(('\\', true));
                }
                if next != '\n' {
                    out.chars.push((next, true));
                }
                &after[next.len_utf8()..]
            }
            ('$', None | Some('"')) if name_length(after) > 0 => {
                let length = name_length(after);
                let value = scope.var(&after[..length]);
                let rest = &after[length..];
                if rest.starts_with('[') {
                    out.unknown();
                    &rest[rest.find(']').map_or(rest.len(), |e| e + 1)..]
                } else {
                    out.splits |= quote.is_none();
                    out.value(value, quote.is_some());
                    rest
                }
            }
            ('(', None) | ('$', Some('"')) if c == '(' || after.starts_with('(') => {
                let inner = after.trim_start_matches('(');
                let own = [
                    "dirname (status filename)",
                    "dirname (status -f)",
                    "status dirname",
                    "dirname (status --current-filename)",
                ];
                let known = own.iter().find(|o| inner.strip_prefix(**o).is_some_and(|r| r.starts_with(')')));
                if let (Some(own), Some(directory)) = (known, scope.file_directory()) {
                    out.push(&directory, true);
                    &inner[own.len() + 1..]
                } else {
                    out.command = true;
                    out.unknown();
                    break;
                }
            }
            (c, q) => {
                out.chars.push((c, q.is_some()));
                after
            }
        };
    }
    out
}
