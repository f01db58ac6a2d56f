//! Whether a line of a start-up file runs a given command.

/// Whether the words of `command` stand one after another in `line` (quotes taken off, the program by its file name),
/// outside a comment. A script runs under its interpreter: then the words from the second on count as well.
pub(super) fn runs(line: &str, command: &[String]) -> bool {
    let words: Vec<&str> = line
        .split_whitespace()
        .take_while(|w| !w.starts_with('#'))
        .map(|w| w.trim_matches(|c| matches!(c, '"' | '\'' | ';' | '&' | '(' | ')' | '`')))
        .filter(|w| !w.is_empty())
        .collect();
    let name = |w: &str| w.rsplit('/').next().unwrap_or(w).to_owned();
    let found = |command: &[String]| {
        !command.is_empty()
            && words.windows(command.len()).any(|here| {
                name(here[0]) == name(&command[0])
                    && here.iter().zip(command).skip(1).all(|(a, b)| *a == b.as_str())
            })
    };
    found(command)
        || command
            .get(1..)
            .is_some_and(|script| script.first().is_some_and(|s| s.contains('/')) && found(script))
}

#[cfg(test)]
mod tests {
    use super::runs;

    #[test]
    fn a_line_is_known_by_the_words_that_it_runs() {
        let command = |words: &[&str]| words.iter().map(|w| (*w).to_owned()).collect::<Vec<_>>();
        assert!(runs("sleep 12", &command(&["sleep", "12"])));
        assert!(runs("  [ -f x ] && /bin/sleep '12'; echo", &command(&["sleep", "12"])));

        assert!(runs("~/bin/vpn up", &command(&["/bin/sh", "/home/u/bin/vpn", "up"])));
        assert!(!runs("# sleep 12", &command(&["sleep", "12"])));
        assert!(!runs("sleep 1", &command(&["sleep", "12"])));
        assert!(!runs("", &command(&["sleep"])));
    }
}
