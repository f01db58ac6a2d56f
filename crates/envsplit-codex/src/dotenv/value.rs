//! One logical line of `.env` as name and value, by the rules of `dotenvy` 0.15.

/// Why a line does not parse, and the byte at which that shows.
pub(super) struct Bad {
    pub(super) offset: usize,
    pub(super) why: &'static str,
    /// Whether Codex ends there: `set_var` panics at a NUL.
    pub(super) fatal: bool,
}

/// No line of a working file is expanded to more than this; without a bound, thirty lines that double each other
/// fill the memory.
const VALUE_LIMIT: usize = 1 << 20;

/// The name and the value of a line; `None` for an empty line or a comment.
pub(super) fn pair(
    line: &str,
    lookup: &dyn Fn(&str) -> Option<String>,
) -> Result<Option<(String, String)>, Bad> {
    let whole = line.trim_end();
    let mut rest = whole.trim_start();
    let offset = |rest: &str| whole.len() - rest.len();
    if rest.is_empty() || rest.starts_with('#') {
        return Ok(None);
    }
    let mut name = take_name(&mut rest).ok_or(Bad { offset: offset(rest), why: NO_NAME, fatal: false })?;
    rest = rest.trim_start();
    if name == "export" && !rest.starts_with('=') {
        name = take_name(&mut rest).ok_or(Bad { offset: offset(rest), why: NO_NAME, fatal: false })?;
        rest = rest.trim_start();
    }
    let value = rest
        .strip_prefix('=')
        .ok_or(Bad { offset: offset(rest), why: "`=` is missing", fatal: false })?
        .trim_start();
    if value.is_empty() || value.starts_with('#') {
        return Ok(Some((name.to_owned(), String::new())));
    }
    let expanded = expand(value, lookup).map_err(|bad| Bad { offset: bad.offset + offset(value), ..bad })?;
    if name.contains('\0') || expanded.contains('\0') {
        return Err(Bad { offset: offset(value), why: "a variable cannot hold a NUL", fatal: true });
    }
    Ok(Some((name.to_owned(), expanded)))
}

const NO_NAME: &str = "a name begins with a letter or `_`, and has letters, digits, `_` and `.` only";

fn take_name<'a>(rest: &mut &'a str) -> Option<&'a str> {
    if !rest.starts_with(|c: char| c.is_ascii_alphabetic() || c == '_') {
        return None;
    }
    let end = rest.find(|c: char| !(c.is_ascii_alphanumeric() || c == '_' || c == '.')).unwrap_or(rest.len());
    let (name, after) = rest.split_at(end);
    *rest = after;
    Some(name)
}

/// The reference that is being read.
enum Reference {
    /// `$NAME`, letters and digits only: `dotenvy` 0.15 ends the name at `_`.
    Bare(String),
    /// `${NAME}`
    Braced(String),
}

fn expand(value: &str, lookup: &dyn Fn(&str) -> Option<String>) -> Result<String, Bad> {
    let bad = |offset, why| Err(Bad { offset, why, fatal: false });
    let (mut single, mut double, mut escaped, mut ended) = (false, false, false, false);
    let mut reference: Option<Reference> = None;
    let mut out = String::new();
    for (at, c) in value.char_indices() {
        if out.len() > VALUE_LIMIT {
            return bad(at, "the value grows too long");
        }
        if ended {
            match c {
                ' ' | '\t' => {}
                '#' => break,
                _ => return bad(at, "white space in a value needs quotation marks"),
            }
        } else if escaped {
            match c {
                '\\' | '\'' | '"' | '$' | ' ' => out.push(c),
                'n' => out.push('\n'),
                _ => return bad(at, "no such escape: only `\\\\`, `\\'`, `\\\"`, `\\$`, `\\ ` and `\\n`"),
            }
            escaped = false;
        } else if single {
            if c == '\'' { single = false } else { out.push(c) }
        } else if let Some(open) = reference.take() {
            reference = continue_reference(open, c, &mut out, lookup);
        } else {
            match c {
                '$' => reference = Some(Reference::Bare(String::new())),
                '\\' => escaped = true,
                '"' => double = !double,
                '\'' if !double => single = true,
                ' ' | '\t' if !double => ended = true,
                _ => out.push(c),
            }
        }
    }
    match reference {
        Some(Reference::Braced(_)) => return bad(value.len(), "`${` is not closed"),
        Some(Reference::Bare(name)) => out.push_str(&lookup(&name).unwrap_or_default()),
        None => {}
    }
    if single || double {
        return bad(value.len(), "a quotation mark is not closed");
    }
    if out.len() > VALUE_LIMIT {
        return bad(value.len(), "the value grows too long");
    }
    Ok(out)
}

/// Takes one more character into a reference; gives back what is open then.
fn continue_reference(
    open: Reference,
    c: char,
    out: &mut String,
    lookup: &dyn Fn(&str) -> Option<String>,
) -> Option<Reference> {
    match open {
        Reference::Bare(mut name) if c.is_alphanumeric() => {
            name.push(c);
            Some(Reference::Bare(name))
        }
        Reference::Bare(name) if c == '{' && name.is_empty() => Some(Reference::Braced(name)),
        Reference::Bare(name) => {
            out.push_str(&lookup(&name).unwrap_or_default());
            if c == '$' {
                return Some(Reference::Bare(String::new()));
            }
            out.push(c);
            None
        }
        Reference::Braced(name) if c == '}' => {
            out.push_str(&lookup(&name).unwrap_or_default());
            None
        }
        Reference::Braced(mut name) => {
            name.push(c);
            Some(Reference::Braced(name))
        }
    }
}
