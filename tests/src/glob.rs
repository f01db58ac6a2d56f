//! Shell-style patterns over plain text, as scenario files use them: `*`, `?`, `[a-z]`, `[!a-z]`.

/// Whether the whole of `text` matches `pattern`. A `*` also matches `/`. A `[` without its `]` stands for itself.
pub fn matches(pattern: &str, text: &str) -> bool {
    let (pattern, text): (Vec<char>, Vec<char>) = (pattern.chars().collect(), text.chars().collect());
    let (mut p, mut t) = (0, 0);
    // Where to go on when the part after the last `*` does not fit: one character of the text later.
    let mut retry: Option<(usize, usize)> = None;
    loop {
        let step = match pattern.get(p) {
            Some('*') => {
                retry = Some((p + 1, t));
                p += 1;
                continue;
            }
            None if t == text.len() => return true,
            Some(_) if t < text.len() => one(&pattern[p..], text[t]),
            _ => None,
        };
        if let Some(used) = step {
            p += used;
            t += 1;
        } else if let Some((from, at)) = retry.filter(|(_, at)| *at < text.len()) {
            (p, t) = (from, at + 1);
            retry = Some((from, at + 1));
        } else {
            return false;
        }
    }
}

/// How many characters of the pattern the character uses up, if it fits.
fn one(pattern: &[char], c: char) -> Option<usize> {
    match pattern[0] {
        '?' => Some(1),
        '[' => {
            let negated = pattern.get(1) == Some(&'!');
            let first = if negated { 2 } else { 1 };
            // A `]` in the first place is a member of the set.
            let Some(end) = (first + 1..pattern.len()).find(|i| pattern[*i] == ']') else {
                return (c == '[').then_some(1);
            };
            let set = &pattern[first..end];
            let mut inside = false;
            let mut i = 0;
            while i < set.len() {
                if i + 2 < set.len() && set[i + 1] == '-' {
                    inside |= (set[i]..=set[i + 2]).contains(&c);
                    i += 3;
                } else {
                    inside |= set[i] == c;
                    i += 1;
                }
            }
            (inside != negated).then_some(end + 1)
        }
        literal => (literal == c).then_some(1),
    }
}

#[cfg(test)]
mod tests {
    use super::matches;

    #[test]
    fn patterns_match_like_the_shells() {
        for (pattern, text, want) in [
            ("*", "", true),
            ("*", "linux/process/codex-1", true),
            ("env/*", "env/stale-process", true),
            ("env/*", "config/invalid", false),
            ("codex-*", "codex-app-server", true),
            ("a*b*c", "aXbYbZc", true),
            ("a*b*c", "aXbYbZ", false),
            ("?", "", false),
            ("c[a-c]t", "cbt", true),
            ("c[!a-c]t", "cbt", false),
            ("c[", "c[", true),
            ("", "", true),
            ("", "x", false),
        ] {
            assert_eq!(matches(pattern, text), want, "`{pattern}` on `{text}`");
        }
    }

    #[test]
    fn many_stars_do_not_blow_up() {
        assert!(!matches(&"a*".repeat(60), &"a".repeat(59)));
        assert!(matches(&"*a".repeat(30), &"a".repeat(3_000)));
    }
}
