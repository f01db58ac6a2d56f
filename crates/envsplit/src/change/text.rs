//! What a change makes of a file's bytes. Whatever is not as the diagnosis saw it is refused.
use envsplit_model::Change;

/// The bytes with the change made; the same bytes where it is made already.
pub(super) fn changed(bytes: &[u8], change: &Change) -> Result<Vec<u8>, &'static str> {
    match change {
        Change::Append { text, .. } => Ok(append(bytes, text.as_bytes())),
        Change::Replace { line, old, new, .. } => replace(bytes, *line, old.as_bytes(), new.as_bytes()),
        Change::MoveToTop { line, name, .. } => move_to_top(bytes, *line, name.as_bytes()),
        Change::UnixLineEnds { .. } => Ok(unix_line_ends(bytes)),
        Change::Unknown => Err("this version does not know how to make that change"),
    }
}

fn append(bytes: &[u8], text: &[u8]) -> Vec<u8> {
    if bytes.split(|b| *b == b'\n').any(|line| line == text) {
        return bytes.to_vec();
    }
    let mut now = bytes.to_vec();
    if !now.is_empty() && !now.ends_with(b"\n") {
        now.push(b'\n');
    }
    now.extend_from_slice(text);
    now.push(b'\n');
    now
}

/// The line with its end, as a range of the bytes.
fn line_at(bytes: &[u8], line: u32) -> Option<std::ops::Range<usize>> {
    let mut from = 0;
    for (number, part) in (1..).zip(bytes.split_inclusive(|b| *b == b'\n')) {
        if number == line {
            return Some(from..from + part.len());
        }
        from += part.len();
    }
    None
}

fn places(text: &[u8], word: &[u8]) -> Vec<usize> {
    if word.is_empty() {
        return vec![];
    }
    (0..text.len()).filter(|at| text[*at..].starts_with(word)).collect()
}

const CHANGED: &str = "the line is not as it was when it was looked at; run `envsplit check` again";

fn replace(bytes: &[u8], line: u32, old: &[u8], new: &[u8]) -> Result<Vec<u8>, &'static str> {
    let range = line_at(bytes, line).ok_or(CHANGED)?;
    let text = &bytes[range.clone()];
    // Where the new word holds the old one, the change may be made already.
    if !places(text, new).is_empty() && places(new, old).len() == places(text, old).len() {
        return Ok(bytes.to_vec());
    }
    let [at] = places(text, old)[..] else { return Err(CHANGED) };
    let at = range.start + at;
    Ok([&bytes[..at], new, &bytes[at + old.len()..]].concat())
}

/// A line such as `export NAME=word` needs nothing that stands before it, whatever its quotes, if nothing in it is
/// expanded or run.
fn stands_alone(text: &[u8], name: &[u8]) -> bool {
    let Some(value) = text.strip_prefix(b"export ").and_then(|t| t.strip_prefix(name)) else { return false };
    let Some(value) = value.strip_prefix(b"=") else { return false };
    let plain = |b: &u8| !b"$`()<>;&|\\#*?[]{}!~ \t".contains(b) && b.is_ascii_graphic();
    match value {
        [b'\'', inner @ .., b'\''] => inner.iter().all(|b| *b != b'\'' && *b != b'\n'),
        [b'"', inner @ .., b'"'] => inner.iter().all(|b| plain(b) && *b != b'"'),
        _ => value.iter().all(|b| plain(b) && *b != b'\'' && *b != b'"'),
    }
}

fn move_to_top(bytes: &[u8], line: u32, name: &[u8]) -> Result<Vec<u8>, &'static str> {
    let range = line_at(bytes, line).ok_or(CHANGED)?;
    let text = bytes[range.clone()].trim_ascii_end();
    if !stands_alone(text, name) {
        return Err("the line needs what stands around it, or is not as it was: move it yourself");
    }
    if places(bytes, name).len() != 1 {
        return Err("the name stands in other lines, too: move the line yourself");
    }
    let before = &bytes[..range.start];
    if before.trim_ascii_end().ends_with(b"\\")
        || places(before, b"<<").iter().any(|at| at + 2 < before.len())
    {
        return Err("the line may belong to the one before it: move it yourself");
    }
    let top = if bytes.starts_with(b"#!") { line_at(bytes, 1).map_or(0, |r| r.end) } else { 0 };
    if range.start <= top {
        return Ok(bytes.to_vec());
    }
    Ok([&bytes[..top], text, b"\n", &bytes[top..range.start], &bytes[range.end..]].concat())
}

fn unix_line_ends(bytes: &[u8]) -> Vec<u8> {
    let mut now = Vec::with_capacity(bytes.len());
    for line in bytes.split_inclusive(|b| *b == b'\n') {
        match line {
            [text @ .., b'\r', b'\n'] => {
                now.extend_from_slice(text);
                now.push(b'\n');
            }
            [text @ .., b'\r'] => now.extend_from_slice(text),
            _ => now.extend_from_slice(line),
        }
    }
    now
}

#[cfg(test)]
mod tests {
    use super::*;

    fn path() -> String {
        "f".to_owned()
    }

    #[test]
    fn a_line_is_appended_once_and_stands_by_itself() {
        for (before, after) in
            [("", "x\n"), ("a\n", "a\nx\n"), ("a", "a\nx\n"), ("x\na\n", "x\na\n"), ("ax\n", "ax\nx\n")]
        {
            let change = Change::Append { path: path(), text: "x".to_owned() };
            let now = changed(before.as_bytes(), &change).unwrap();
            assert_eq!(String::from_utf8(now.clone()).unwrap(), after);
            assert_eq!(changed(&now, &change).unwrap(), now, "a second time changes nothing");
        }
    }

    #[test]
    fn a_word_is_replaced_only_where_it_stands_once() {
        let change = |old: &str, new: &str| Change::Replace {
            path: path(),
            line: 2,
            old: old.to_owned(),
            new: new.to_owned(),
        };
        let text = b"envkey = 1\nenvkey = \"K\"\r\n";
        assert_eq!(changed(text, &change("envkey", "env_key")).unwrap(), b"envkey = 1\nenv_key = \"K\"\r\n");
        assert!(changed(b"a\nenvkey = \"envkey\"\n", &change("envkey", "env_key")).is_err());
        assert!(changed(b"a\n", &change("envkey", "env_key")).is_err());
        assert!(changed(b"a\nb\n", &change("envkey", "env_key")).is_err());
        let export = change("K=", "export K=");
        let now = changed(b"\nK=1\n", &export).unwrap();
        assert_eq!(now, b"\nexport K=1\n");
        assert_eq!(changed(&now, &export).unwrap(), now, "a second time changes nothing");
    }

    #[test]
    fn only_a_line_that_needs_nothing_moves_to_the_top() {
        let moved = |text: &str, line| {
            let change = Change::MoveToTop { path: path(), line, name: "K".to_owned() };
            changed(text.as_bytes(), &change).map(|b| String::from_utf8(b).unwrap())
        };
        assert_eq!(moved("g\nexport K=v\nz\n", 2).unwrap(), "export K=v\ng\nz\n");
        assert_eq!(moved("#!/bin/sh\ng\nexport K='a $b'", 3).unwrap(), "#!/bin/sh\nexport K='a $b'\ng\n");
        assert_eq!(moved("export K=v\ng\n", 1).unwrap(), "export K=v\ng\n");
        for text in [
            "g\nexport K=$(cat x)\n",
            "g\nexport K=\"$X\"\n",
            "g\n  export K=v\n",
            "g\nexport K=v; echo\n",
            "g \\\nexport K=v\n",
            "cat <<E\nexport K=v\nE\n",
            "unset K\nexport K=v\n",
            "g\nexport KEY=v\n",
            "g\nexport K='v\n",
        ] {
            assert!(moved(text, 2).is_err(), "{text}");
        }
    }

    #[test]
    fn line_ends_become_those_of_unix() {
        let change = Change::UnixLineEnds { path: path() };
        assert_eq!(changed(b"a\r\nb\rc\r\n\r\nd\r", &change).unwrap(), b"a\nb\rc\n\nd");
    }
}
