//! Patterns: bash(1) Pattern Matching, without the extended forms.
use envsplit_model::Files;

/// Whether `text` matches `pattern`, whose quoted characters stand for themselves; `None` for extended patterns.
pub(crate) fn matches(text: &str, pattern: &[(char, bool)]) -> Option<bool> {
    let extended = |w: &[(char, bool)]| !w[0].1 && "?*+@!".contains(w[0].0) && w[1] == ('(', false);
    if pattern.windows(2).any(extended) || pattern.iter().any(|p| matches!(p, ('|' | '(', false))) {
        return None;
    }
    let text: Vec<char> = text.chars().collect();
    Some(run(&text, pattern))
}

fn run(text: &[char], pattern: &[(char, bool)]) -> bool {
    let (mut t, mut p) = (0, 0);
    let mut star: Option<(usize, usize)> = None;
    while t < text.len() {
        if pattern.get(p) == Some(&('*', false)) {
            star = Some((p, t));
            p += 1;
            continue;
        }
        if let Some(length) = one(text[t], &pattern[p.min(pattern.len())..]) {
            t += 1;
            p += length;
            continue;
        }
        let Some((sp, st)) = star else { return false };
        star = Some((sp, st + 1));
        p = sp + 1;
        t = st + 1;
    }
    pattern[p.min(pattern.len())..].iter().all(|c| *c == ('*', false))
}

/// The length of the pattern's first element when it matches `c`.
fn one(c: char, pattern: &[(char, bool)]) -> Option<usize> {
    match pattern.first()? {
        ('?', false) => Some(1),
        ('[', false) => {
            let negated = matches!(pattern.get(1), Some(('!' | '^', false)));
            let from = 1 + usize::from(negated);
            let Some(end) =
                pattern.iter().skip(from + 1).position(|p| *p == (']', false)).map(|e| e + from + 1)
            else {
                return (c == '[').then_some(1);
            };
            let set = &pattern[from..end];
            let mut hit = false;
            let mut i = 0;
            while i < set.len() {
                if i + 2 < set.len() && set[i + 1] == ('-', false) {
                    hit |= (set[i].0..=set[i + 2].0).contains(&c);
                    i += 3;
                } else {
                    hit |= set[i].0 == c;
                    i += 1;
                }
            }
            (hit != negated).then_some(end + 1)
        }
        (p, _) => (*p == c).then_some(1),
    }
}

/// `text` without the part at its front or back that matches `pattern`: `#`, `##`, `%`, `%%`.
pub(crate) fn strip<'a>(text: &'a str, pattern: &[(char, bool)], front: bool, greedy: bool) -> &'a str {
    let mut cuts: Vec<usize> = text.char_indices().map(|(i, _)| i).chain([text.len()]).collect();
    if front == greedy {
        cuts.reverse();
    }
    for cut in cuts {
        let (head, tail) = text.split_at(cut);
        if front && matches(head, pattern) == Some(true) {
            return tail;
        }
        if !front && matches(tail, pattern) == Some(true) {
            return head;
        }
    }
    text
}

/// Whether an unquoted pattern character stands in it.
pub(crate) fn is_pattern(word: &[(char, bool)]) -> bool {
    word.iter().any(|(c, quoted)| !quoted && matches!(c, '*' | '?' | '['))
}

/// The paths that match, sorted; at most `limit`.
pub(crate) fn paths(word: &[(char, bool)], files: &dyn Files, limit: usize) -> Vec<String> {
    let mut found = vec![String::new()];
    let parts: Vec<&[(char, bool)]> = word.split(|(c, _)| *c == '/').collect();
    if parts.len() > 64 {
        return Vec::new();
    }
    for (index, part) in parts.iter().enumerate() {
        let plain: String = part.iter().map(|(c, _)| *c).collect();
        if index == 0 {
            found = vec![plain];
            continue;
        }
        let last = index + 1 == parts.len();
        let mut next = Vec::new();
        for base in &found {
            if is_pattern(part) {
                let directory = if base.is_empty() { "/" } else { base };
                let hidden = plain.starts_with('.');
                for name in files.list(directory).unwrap_or_default() {
                    if name.starts_with('.') == hidden && matches(&name, part) == Some(true) {
                        next.push(format!("{base}/{name}"));
                    }
                    if next.len() >= limit {
                        break;
                    }
                }
            } else {
                let path = format!("{base}/{plain}");
                if !last || files.kind(&path).is_ok() {
                    next.push(path);
                }
            }
        }
        found = next;
    }
    found
}
