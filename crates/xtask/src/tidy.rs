//! What no other tool checks: length of files, white space, words that have no place in the project.
use std::path::Path;

/// The most lines of a source file.
const LONGEST: usize = 450;

/// Words that must not stand in any file: marks of unfinished work.
const WORDS: &[&str] = &["TODO", "FIXME", "XXX:", "unimplemented!("];

/// Kinds of files that are looked at.
const KINDS: &[&str] = &["rs", "md", "toml", "js", "ts", "py", "sh", "json"];

/// Names every fault with file and line.
pub(crate) fn run(root: &Path) -> Vec<String> {
    let mut faults = vec![];
    for dir in ["crates", "docs", "tests", "extension-bridge", "scripts", ".ci"] {
        visit(&root.join(dir), &mut faults);
    }
    for entry in std::fs::read_dir(root).into_iter().flatten().flatten() {
        if entry.path().is_file() {
            look(&entry.path(), &mut faults);
        }
    }
    faults
}

fn visit(dir: &Path, faults: &mut Vec<String>) {
    for entry in std::fs::read_dir(dir).into_iter().flatten().flatten() {
        let path = entry.path();
        let name = entry.file_name();
        if name == "target" || name == "node_modules" || entry.file_type().is_ok_and(|t| t.is_symlink()) {
            continue;
        }
        if path.is_dir() {
            visit(&path, faults);
        } else {
            look(&path, faults);
        }
    }
}

fn look(path: &Path, faults: &mut Vec<String>) {
    let kind = path.extension().and_then(|e| e.to_str()).unwrap_or_default();
    if !KINDS.contains(&kind) || path.ends_with("xtask/src/tidy.rs") {
        return;
    }
    let Ok(text) = std::fs::read_to_string(path) else { return };
    let shown = path.display();
    let lines = text.lines().count();
    if kind == "rs" && lines > LONGEST {
        faults.push(format!("{shown}: {lines} lines, the most is {LONGEST}"));
    }
    // A scenario's files carry what the situation needs, trailing white space included.
    let own_text = !path.components().any(|c| c.as_os_str() == "scenarios");
    for (n, line) in text.lines().enumerate() {
        if own_text && kind != "md" && line.ends_with([' ', '\t']) {
            faults.push(format!("{shown}:{}: white space at the end", n + 1));
        }
        for word in WORDS {
            if line.contains(word) {
                faults.push(format!("{shown}:{}: `{word}`", n + 1));
            }
        }
    }
    if !text.is_empty() && !text.ends_with('\n') {
        faults.push(format!("{shown}: no line end at its end"));
    }
}
