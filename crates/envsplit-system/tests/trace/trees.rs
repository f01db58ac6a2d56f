//! Generated start-up files: the line that the trace names is the one that an independent look finds. Every line gives
//! a value of its own, so the value at the end of a plain start tells which line gave it; where the variable is gone,
//! the line is the one without which it stays. Either line is taken out to confirm it.
use crate::home::{Home, installed, kind};
use envsplit_model::{ShellKind, TraceOutcome};
use proptest::prelude::*;
use proptest::test_runner::{Config, RngAlgorithm, TestRng, TestRunner};
use std::sync::Mutex;

/// How many trees, unless `ENVSPLIT_TREES` says so.
const TREES: u32 = 60;

#[derive(Clone, Debug)]
enum Item {
    Set,
    SetThenExport,
    Unset,
    Eval,
    Other,
    Source(Vec<Item>),
    Function(bool, Vec<Item>),
    If(Test, Vec<Item>),
    Return(Test),
}

#[derive(Clone, Copy, Debug)]
enum Test {
    Always,
    Never,
    Terminal,
}

fn items() -> impl Strategy<Value = Vec<Item>> {
    let test = || prop_oneof![Just(Test::Always), Just(Test::Never), Just(Test::Terminal)];
    let leaf = prop_oneof![
        4 => Just(Item::Set),
        2 => Just(Item::SetThenExport),
        3 => Just(Item::Unset),
        1 => Just(Item::Eval),
        3 => Just(Item::Other),
        1 => test().prop_map(Item::Return),
    ];
    let item = leaf.prop_recursive(3, 16, 4, move |inner| {
        let body = || prop::collection::vec(inner.clone(), 1..4);
        prop_oneof![
            body().prop_map(Item::Source),
            (any::<bool>(), body()).prop_map(|(called, b)| Item::Function(called, b)),
            (test(), body()).prop_map(|(t, b)| Item::If(t, b)),
        ]
    });
    prop::collection::vec(item, 1..6)
}

/// Files in the making.
struct Tree {
    shell: ShellKind,
    files: Vec<(String, Vec<String>)>,
    count: u32,
}

impl Tree {
    fn of(shell: ShellKind, items: &[Item]) -> Self {
        let first = match shell {
            ShellKind::Zsh => ".zshrc",
            ShellKind::Fish => ".config/fish/config.fish",
            _ => ".profile",
        };
        let mut tree = Self { shell, files: vec![(first.to_owned(), vec![])], count: 0 };
        tree.items(items, 0, false);
        tree
    }

    fn next(&mut self) -> u32 {
        self.count += 1;
        self.count
    }

    fn put(&mut self, file: usize, posix: &str, fish: &str) {
        let line = if self.shell == ShellKind::Fish { fish } else { posix };
        self.files[file].1.push(line.to_owned());
    }

    fn items(&mut self, items: &[Item], file: usize, inside: bool) {
        for item in items {
            let n = self.next();
            match item {
                Item::Set => {
                    self.put(file, &format!("export THE_KEY=v{n}x"), &format!("set -gx THE_KEY v{n}x"));
                }
                Item::SetThenExport => {
                    self.put(file, &format!("THE_KEY=v{n}x"), &format!("set -g THE_KEY v{n}x"));
                    self.put(file, "export THE_KEY", &format!("set -gx THE_KEY v{n}y"));
                }
                Item::Unset => self.put(file, "unset THE_KEY", "set -e THE_KEY"),
                Item::Eval => self.put(
                    file,
                    &format!("eval \"export THE_KEY=v{n}x\""),
                    &format!("eval \"set -gx THE_KEY v{n}x\""),
                ),
                Item::Other => self.put(file, &format!("other_{n}=1"), &format!("set other_{n} 1")),
                Item::Return(test) if !inside => {
                    let test = self.test(*test);
                    self.put(
                        file,
                        &format!("if {test}; then return 0; fi"),
                        &format!("if {test}; return 0; end"),
                    );
                }
                Item::Return(_) => {}
                Item::Source(body) => {
                    self.files.push((format!("sub{n}"), vec![]));
                    let sub = self.files.len() - 1;
                    self.items(body, sub, false);
                    self.put(file, &format!(". ~/sub{n}"), &format!("source ~/sub{n}"));
                }
                Item::Function(called, body) => {
                    self.put(file, &format!("f{n}() {{"), &format!("function f{n}"));
                    self.put(file, ":", "true");
                    self.items(body, file, true);
                    self.put(file, "}", "end");
                    if *called {
                        self.put(file, &format!("f{n}"), &format!("f{n}"));
                    }
                }
                Item::If(test, body) => {
                    let test = self.test(*test);
                    self.put(file, &format!("if {test}; then"), &format!("if {test}"));
                    self.put(file, ":", "true");
                    self.items(body, file, inside);
                    self.put(file, "fi", "end");
                }
            }
        }
    }

    fn test(&self, test: Test) -> &'static str {
        match (test, self.shell) {
            (Test::Always, _) => "test -d /",
            (Test::Never, _) => "test -f /",
            (Test::Terminal, _) => "test -t 0",
        }
    }

    fn write(&self, home: &Home, without: Option<(usize, usize)>) {
        for (f, (path, lines)) in self.files.iter().enumerate() {
            let kept = lines.iter().enumerate().map(|(l, line)| {
                if without != Some((f, l)) {
                    line.as_str()
                } else if self.shell == ShellKind::Fish {
                    "true"
                } else {
                    ":"
                }
            });
            home.write(path, &(kept.collect::<Vec<_>>().join("\n") + "\n"));
        }
    }

    fn find(&self, what: impl Fn(&str) -> bool) -> Vec<(usize, usize)> {
        let files = self.files.iter().enumerate();
        let all =
            files.flat_map(|(f, (_, lines))| lines.iter().enumerate().map(move |(l, line)| (f, l, line)));
        all.filter(|(_, _, line)| what(line)).map(|(f, l, _)| (f, l)).collect()
    }
}

#[derive(Default, Debug)]
struct Figures {
    given: u32,
    gone: u32,
    never: u32,
    undecided: u32,
    file_only: u32,
}

/// Compares one tree.
fn compare(shell: ShellKind, items: &[Item], figures: &Mutex<Figures>) -> Result<(), TestCaseError> {
    let tree = Tree::of(shell, items);
    let home = Home::new(&[]);
    tree.write(&home, None);
    let kind = kind(shell, "il");
    let plain = home.ends_with(kind.start);
    let (seen, _) = home.trace(kind);
    prop_assert!(
        matches!(seen.outcome, TraceOutcome::Exact | TraceOutcome::FileOnly),
        "{shell}: {seen:?}\n{:?}",
        tree.files
    );
    let last = seen.changes.iter().rfind(|c| !c.at.path.starts_with("/etc/"));
    let mut figures = figures.lock().unwrap();
    let found = if let Some(value) = &plain {
        figures.given += 1;
        let at = tree.find(|l| l.contains(value.as_str()))[0];
        tree.write(&home, Some(at));
        let without = home.ends_with(kind.start);
        prop_assert_ne!(&without, &plain, "{}: {:?} without {:?}", shell, tree.files, at);
        Some(at)
    } else if last.is_none_or(|c| c.kind != envsplit_model::ChangeKind::Unset) {
        figures.never += 1;
        prop_assert!(last.is_none_or(|c| !c.visible));
        None
    } else {
        let resets = tree.find(|l| matches!(l, "unset THE_KEY" | "set -e THE_KEY"));
        let stays = |at: &(usize, usize)| {
            tree.write(&home, Some(*at));
            home.ends_with(kind.start).is_some()
        };
        let found: Vec<_> = resets.into_iter().filter(stays).collect();
        if found.len() == 1 {
            figures.gone += 1;
        } else {
            // Two lines in a row that both remove it: neither alone is the one.
            figures.undecided += 1;
        }
        (found.len() == 1).then(|| found[0])
    };
    let Some(found) = found else { return Ok(()) };
    // `N=…` and then `export N`: the line with the value, which the trace has as a change of its own.
    let named = match &plain {
        Some(_) => seen.changes.iter().rfind(|c| {
            use envsplit_model::ChangeKind::{Changed, Set};
            matches!(c.kind, Set | Changed)
        }),
        None => last,
    };
    let Some(named) = named else {
        return Err(TestCaseError::fail(format!("{shell}: nothing named: {:?} {seen:?}", tree.files)));
    };
    let (path, line) = (home.path().join(&tree.files[found.0].0), u32::try_from(found.1 + 1).unwrap());
    prop_assert_eq!(&named.at.path, &path.display().to_string(), "{}: {:?} {:?}", shell, tree.files, seen);
    if let Some(named) = named.at.line {
        prop_assert_eq!(named, line, "{}: {:?} {:?}", shell, tree.files, seen);
    } else {
        prop_assert_eq!(seen.outcome, TraceOutcome::FileOnly);
        figures.file_only += 1;
    }
    Ok(())
}

pub(crate) fn all() {
    let trees = std::env::var("ENVSPLIT_TREES").ok().and_then(|n| n.parse().ok()).unwrap_or(TREES);
    let shells: Vec<ShellKind> = [ShellKind::Bash, ShellKind::Zsh, ShellKind::Fish, ShellKind::Sh]
        .into_iter()
        .filter(|s| installed(*s))
        .collect();
    let Ok(share) = u32::try_from(shells.len()).map(|n| trees.div_ceil(n.max(1))) else { return };
    for (i, shell) in shells.into_iter().enumerate() {
        let figures = Mutex::new(Figures::default());
        let config =
            Config { cases: share, failure_persistence: None, max_shrink_iters: 60, ..Config::default() };
        let seed = [u8::try_from(i).unwrap() + 1; 32];
        let mut runner = TestRunner::new_with_rng(config, TestRng::from_seed(RngAlgorithm::ChaCha, &seed));
        if let Err(error) = runner.run(&items(), |items| compare(shell, &items, &figures)) {
            panic!("{shell}: {error}");
        }
        println!("trace: {share} trees of {shell}: {:?}", figures.lock().unwrap());
    }
}
