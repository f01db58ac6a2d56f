//! What `sh -x` prints: the file that is read, the state of the watched variables, and the command, which is looked at
//! here and goes no further.
use crate::backend::{RawChange, RawEnd, RawTrace};
use envsplit_model::{TracedAt, TracedFile};

/// What the trace says; `None` where it never began.
pub(super) fn read(printed: &[u8], token: &str, names: &[String]) -> Option<RawTrace> {
    let mut trace = RawTrace { by_text: true, ..RawTrace::empty() };
    let mut state: Option<Vec<String>> = None;
    let mut before = (String::new(), String::new());
    let mut exported = vec![false; names.len()];
    let mut ended = false;
    for line in printed.split(|b| *b == b'\n') {
        let line = String::from_utf8_lossy(line);
        let line = line.trim_end_matches('\r');
        let Some(rest) = line.strip_prefix(token).and_then(|r| r.strip_prefix(' ')) else { continue };
        // The state holds neither colon nor blank; a path may hold both.
        let Some(at) = state_at(rest, names.len()) else { continue };
        let (path, tail) = (&rest[..at], &rest[at + 1..]);
        let (now, command) = tail.split_once(' ').unwrap_or((tail, ""));
        // bash, called `sh`, prints the assignment of an `export` once more by itself.
        let export = before.1.strip_suffix(command).filter(|_| command.contains('='));
        if export.is_some_and(|export| export.starts_with("export ")) {
            continue;
        }
        let now: Vec<String> = now.split(',').map(str::to_owned).collect();
        if command.starts_with(": __envsplit_end") {
            ended = true;
        }
        for (i, name) in names.iter().enumerate() {
            // dash prints an assignment after it was made, every other command before.
            let own = command.starts_with(&format!("{name}="));
            let (file, did) = if own { (path, command) } else { (before.0.as_str(), before.1.as_str()) };
            if exports(did, name) {
                exported[i] = true;
            }
            let known = state.as_ref().and_then(|s| s.get(i));
            if (own || !exports(did, name)) && known.is_some_and(|was| *was == now[i]) {
                continue;
            }
            if known.is_none() {
                exported[i] = !now[i].is_empty();
                continue;
            }
            let set = !now[i].is_empty();
            if !set {
                exported[i] = false;
            }
            let at = (!file.is_empty()).then(|| TracedAt { path: file.to_owned(), line: None });
            trace.changes.push(RawChange {
                name: i,
                set,
                visible: set && exported[i],
                at,
                callers: vec![],
                eval: None,
            });
        }
        state = Some(now);
        if !path.is_empty() && !trace.files.iter().any(|f| f.path == path) {
            trace.files.push(TracedFile { path: path.to_owned(), micros: 0 });
        }
        before = (path.to_owned(), command.to_owned());
    }
    state?;
    let word = before.1.split(' ').next().unwrap_or_default();
    if !ended {
        if matches!(word, "exit" | "exec") && !before.0.is_empty() {
            let at = TracedAt { path: before.0, line: None };
            trace.ended.push(RawEnd { at, command: word.to_owned(), whole: true });
        } else {
            trace.complete = false;
            trace.reason = Some("the watched start did not come to its end".to_owned());
        }
    }
    Some(trace)
}

/// Where the state begins: at the colon before the first word that has the form of one.
fn state_at(rest: &str, names: usize) -> Option<usize> {
    rest.match_indices(':').map(|(at, _)| at).find(|at| {
        let word = rest[at + 1..].split(' ').next().unwrap_or_default();
        let one = |s: &str| {
            s.is_empty() || s.strip_prefix('s').is_some_and(|n| n.bytes().all(|b| b.is_ascii_digit()))
        };
        word.split(',').count() == names && word.split(',').all(one)
    })
}

fn exports(command: &str, name: &str) -> bool {
    let word = |w: &str| w == name || w.strip_prefix(name).is_some_and(|r| r.starts_with('='));
    command.strip_prefix("export ").is_some_and(|rest| rest.split(' ').any(word))
}
