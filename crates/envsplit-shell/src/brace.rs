//! Brace expansion: bash(1) Brace Expansion, without sequences.

/// The words that braces make of one: `~/.{path,aliases}`. At most 256.
pub(crate) fn braces(word: &str) -> Vec<String> {
    let mut done = Vec::new();
    let mut open = vec![word.to_owned()];
    while let Some(word) = open.pop() {
        match (done.len() + open.len() < 256).then(|| split_braces(&word)).flatten() {
            Some((before, parts, after)) => {
                open.extend(parts.into_iter().rev().map(|part| format!("{before}{part}{after}")));
            }
            None => done.push(word),
        }
    }
    done
}

fn split_braces(word: &str) -> Option<(&str, Vec<&str>, &str)> {
    let bytes = word.as_bytes();
    let mut quote = 0;
    let mut at = 0;
    while at < bytes.len() {
        match bytes[at] {
            b'\\' => at += 1,
            b if quote != 0 && b == quote => quote = 0,
            _ if quote != 0 => {}
            b @ (b'\'' | b'"' | b'`') => quote = b,
            b'{' if at == 0 || bytes[at - 1] != b'$' => {
                let mut depth = 0_usize;
                let mut from = at + 1;
                let mut parts = Vec::new();
                for (i, b) in bytes.iter().enumerate().skip(at + 1) {
                    match b {
                        b'{' => depth += 1,
                        b'}' if depth == 0 => {
                            if parts.is_empty() {
                                break;
                            }
                            parts.push(&word[from..i]);
                            return Some((&word[..at], parts, &word[i + 1..]));
                        }
                        b'}' => depth -= 1,
                        b',' if depth == 0 => {
                            parts.push(&word[from..i]);
                            from = i + 1;
                        }
                        b' ' | b'\n' => break,
                        _ => {}
                    }
                }
                return None;
            }
            _ => {}
        }
        at += 1;
    }
    None
}
