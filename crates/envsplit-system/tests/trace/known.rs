//! Starts whose truth is known.
use crate::home::{Home, PROGRAM, installed, kind};
use envsplit_model::{ChangeKind, ShellKind, TraceOutcome, TraceSeen};

/// What a trace says, in one line a change: `kind file:line visible`.
fn said(home: &Home, seen: &TraceSeen) -> Vec<String> {
    let root = format!("{}/", home.path().display());
    let changes = seen.changes.iter().map(|c| {
        let line = c.at.line.map_or("?".to_owned(), |l| l.to_string());
        let seen = if c.visible { " visible" } else { "" };
        format!("{} {}:{line}{seen}", c.kind, c.at.path.trim_start_matches(&root))
    });
    let ended = seen.ended.iter().map(|e| {
        let line = e.at.line.map_or("?".to_owned(), |l| l.to_string());
        let whole = if e.whole { " all" } else { "" };
        format!("{} {}:{line}{whole}", e.command, e.at.path.trim_start_matches(&root))
    });
    changes.chain(ended).filter(|l| !l.contains(" /etc/")).collect()
}

struct Case {
    what: &'static str,
    shell: ShellKind,
    flags: &'static str,
    files: &'static [(&'static str, &'static str)],
    env: &'static [(&'static str, &'static str)],
    outcome: TraceOutcome,
    says: &'static [&'static str],
}

use ShellKind::{Bash, Fish, Sh, Zsh};
use TraceOutcome::{Exact, FileOnly, Lost, Partial};

const CASES: &[Case] = &[
    Case {
        what: "every way to set and to take away",
        shell: Bash,
        flags: "il",
        files: &[
            (
                ".bash_profile",
                "THE_KEY=one\nexport THE_KEY\nf() {\n  export THE_KEY=two\n}\nf\neval 'THE_KEY=three'\n. ~/sub\n\
                 IFS=/\nsource <(echo; echo 'export THE_KEY=four')\nset -u\nunset THE_KEY\n( export THE_KEY=no )\n\
                 x=$(THE_KEY=no; echo 1)\ndeclare -x THE_KEY=five\n[ -n \"$HOME\" ] && return 0\nunset THE_KEY\n",
            ),
            ("sub", "export -n THE_KEY\nset -a\nTHE_KEY=\"more\nlines\"\nset +a\n"),
            (".profile", "export THE_KEY=wrong\n"),
        ],
        env: &[],
        outcome: Exact,
        says: &[
            "set .bash_profile:1",
            "exported .bash_profile:2 visible",
            "changed .bash_profile:4 visible",
            "changed .bash_profile:7 visible",
            "unexported sub:1",
            "exported sub:3 visible",
            "changed .bash_profile:10 visible",
            "unset .bash_profile:12",
            "set .bash_profile:15 visible",
            "return .bash_profile:16",
        ],
    },
    Case {
        what: "an interactive shell that is no login shell",
        shell: Bash,
        flags: "it",
        files: &[(
            ".bashrc",
            "case $- in *i*) ;; *) return;; esac\nif [ -t 0 ]; then export THE_KEY=x; fi\n",
        )],
        env: &[],
        outcome: Exact,
        says: &["set .bashrc:2 visible"],
    },
    Case {
        what: "BASH_ENV, after the login files and alone",
        shell: Bash,
        flags: "l",
        files: &[(".profile", "export BASH_ENV=~/env\n"), ("env", "\nexport THE_KEY=x\n")],
        env: &[],
        outcome: Exact,
        says: &["set env:2 visible"],
    },
    Case {
        what: "BASH_ENV of the environment",
        shell: Bash,
        flags: "",
        files: &[("env", "unset THE_KEY\n[ -z \"$BASH_ENV\" ] || export THE_KEY=x\n")],
        env: &[("BASH_ENV", "$HOME/env"), ("THE_KEY", "before")],
        outcome: Exact,
        says: &["unset env:1", "set env:2 visible"],
    },
    Case {
        what: "a start that ends itself",
        shell: Bash,
        flags: "il",
        files: &[(".profile", "export THE_KEY=x\n. ~/sub\nunset THE_KEY\n"), ("sub", "\nexit 3\n")],
        env: &[],
        outcome: Exact,
        says: &["set .profile:1 visible", "exit sub:2 all"],
    },
    Case {
        what: "commands over several lines, and what is evaluated",
        shell: Bash,
        flags: "il",
        files: &[(
            ".bash_profile",
            "export \\\n  THE_KEY=1\neval 'x=1\ny=2\nexport THE_KEY=2\nz=1'\nexport THE_KEY=$(cat <<F\na\nb\nF\n)\n\
             f() {\n  local a=1 \\\n    b=2\n  THE_KEY=$1\n}\nf \\\n  3\nif true; then\n  export THE_KEY=\"a\nb\nc\"\nfi\n\
             eval \"$(printf 'a=1\\nunset THE_KEY\\n')\"\nset +e\n: end\n",
        )],
        env: &[],
        outcome: Exact,
        says: &[
            "set .bash_profile:2 visible",
            "changed .bash_profile:5 visible",
            "changed .bash_profile:7 visible",
            "changed .bash_profile:15 visible",
            "changed .bash_profile:20 visible",
            "unset .bash_profile:24",
        ],
    },
    Case {
        what: "a command that fails under `set -e`",
        shell: Bash,
        flags: "il",
        files: &[
            (".profile", "export THE_KEY=x\n. ~/sub\nunset THE_KEY\n"),
            ("sub", "set -e\nf() {\n  true\n  test -f /\n}\nf\ntrue\n"),
        ],
        env: &[],
        outcome: Exact,
        says: &["set .profile:1 visible", "set -e sub:4 all"],
    },
    Case {
        what: "zsh goes on where a command fails under `set -e` in a start-up file",
        shell: Zsh,
        flags: "l",
        files: &[(".zprofile", "export THE_KEY=x\nset -e\n\ntest -f /\nunset THE_KEY\n")],
        env: &[],
        outcome: Exact,
        says: &["set .zprofile:1 visible", "unset .zprofile:5"],
    },
    Case {
        what: "more commands than can be watched: the line is the only one that does it",
        shell: Bash,
        flags: "il",
        files: &[(
            ".profile",
            "export THE_KEY=x\nfor ((i = 0; i < 20000; i++)); do x=$i; done\nunset THE_KEY\n",
        )],
        env: &[],
        outcome: Partial,
        says: &["set .profile:1 visible", "unset .profile:3"],
    },
    Case {
        what: "… and after the file of the many is done, lines are seen again",
        shell: Bash,
        flags: "il",
        files: &[
            (".profile", ". ~/sub\nf() { eval \"$1 THE_KEY\"; }\nf unset\nexport THE_KEY=z\n"),
            (
                "sub",
                "f() { x=$1; }\nfor ((i = 0; i < 20000; i++)); do f $i; done\nexport THE_KEY=x\nTHE_KEY=y\n",
            ),
        ],
        env: &[],
        outcome: Partial,
        says: &["set :? visible", "unset .profile:2", "set .profile:4 visible"],
    },
    Case {
        what: "… and in zsh after the function of the many",
        shell: Zsh,
        flags: "il",
        files: &[(
            ".zshrc",
            "f() {\n  for ((i = 0; i < 20000; i++)); do x=$i; done\n}\nf\nTHE_KEY=x\nexport THE_KEY\nunset THE_KEY\n",
        )],
        env: &[],
        outcome: Partial,
        says: &["set .zshrc:5", "exported .zshrc:6 visible", "unset .zshrc:7"],
    },
    Case {
        what: "a start that is replaced",
        shell: Bash,
        flags: "il",
        files: &[(".profile", "exec 3>/dev/null\nexport THE_KEY=x\nexec sleep 0\n")],
        env: &[],
        outcome: Exact,
        says: &["set .profile:2 visible", "exec .profile:3 all"],
    },
    Case {
        what: "all four files of zsh, under options that change much",
        shell: Zsh,
        flags: "il",
        files: &[
            (
                ".zshenv",
                "THE_KEY=1\nf() {\n  export THE_KEY=2\n}\nf\neval 'THE_KEY=4'\n. ~/sub\n[ -n \"$HOME\" ] && return 0\n",
            ),
            ("sub", "THE_KEY=5\nunset THE_KEY\n"),
            (
                ".zprofile",
                "emulate sh\nTHE_KEY=55\nsetopt ksharrays nounset\ntypeset -x THE_KEY\nemulate -R zsh\n",
            ),
            (".zshrc", "exec 2>/dev/null\nset +x\nunset THE_KEY\nexport THE_KEY=b\n"),
        ],
        env: &[],
        outcome: Exact,
        says: &[
            "set .zshenv:1",
            "exported .zshenv:3 visible",
            "changed .zshenv:6 visible",
            "changed sub:1 visible",
            "unset sub:2",
            "set .zprofile:2",
            "exported .zprofile:4 visible",
            "unset .zshrc:3",
            "set .zshrc:4 visible",
            "return .zshenv:8",
        ],
    },
    Case {
        what: "ZDOTDIR, from the environment and changed by ~/.zshenv",
        shell: Zsh,
        flags: "i",
        files: &[("a/.zshenv", "ZDOTDIR=$HOME/b\n"), ("b/.zshrc", "\nexport THE_KEY=1\nexit 4\n")],
        env: &[("ZDOTDIR", "$HOME/a")],
        outcome: Exact,
        says: &["set b/.zshrc:2 visible", "exit b/.zshrc:3 all"],
    },
    Case {
        what: "fish: conf.d, functions, sourced files, conditions",
        shell: Fish,
        flags: "il",
        files: &[
            (".config/fish/conf.d/a.fish", "\nset THE_KEY 0\n"),
            (
                ".config/fish/config.fish",
                "set -gx THE_KEY 2\nfunction f\n  set -gx THE_KEY 3\nend\nf\nsource ~/sub.fish\n\
                 if status is-interactive\n  set -e THE_KEY\nend\nset -gx THE_KEY 8\nif true; return; end\n",
            ),
            ("sub.fish", "set -gx THE_KEY 6\n"),
        ],
        env: &[],
        outcome: Exact,
        says: &[
            "set .config/fish/conf.d/a.fish:2",
            "changed .config/fish/config.fish:1 visible",
            "changed .config/fish/config.fish:3 visible",
            "changed sub.fish:1 visible",
            "unset .config/fish/config.fish:8",
            "set .config/fish/config.fish:10 visible",
        ],
    },
    Case {
        what: "fish: what is evaluated has a file and no line",
        shell: Fish,
        flags: "l",
        files: &[(".config/fish/config.fish", "# a\n\neval 'set -gx THE_KEY 4'\n")],
        env: &[("XDG_DATA_DIRS", "/usr/share")],
        outcome: FileOnly,
        says: &["set .config/fish/config.fish:? visible"],
    },
    Case {
        what: "a POSIX shell: the file, and the line where only one does it",
        shell: Sh,
        flags: "l",
        files: &[
            (
                ".profile",
                "THE_KEY=secretvalue\nexport THE_KEY\n. ~/sub\nif true; then\n  unset THE_KEY\nfi\n",
            ),
            ("sub", "\nexport THE_KEY=othersecret\n"),
        ],
        env: &[],
        outcome: FileOnly,
        says: &["set .profile:?", "exported .profile:? visible", "changed sub:2 visible", "unset .profile:5"],
    },
    Case {
        what: "ENV of an interactive POSIX shell",
        shell: Sh,
        flags: "i",
        files: &[("rc", "# \nexport THE_KEY=1\n")],
        env: &[("ENV", "$HOME/rc")],
        outcome: FileOnly,
        says: &["set rc:2 visible"],
    },
    Case {
        what: "a trap in the watch's place",
        shell: Bash,
        flags: "il",
        files: &[(".profile", "export THE_KEY=1\ntrap - DEBUG\nexport THE_KEY=2\n")],
        env: &[],
        outcome: Lost,
        says: &["set .profile:1 visible"],
    },
    Case {
        what: "a trap in the watch's place, in zsh",
        shell: Zsh,
        flags: "il",
        files: &[(".zshenv", "export THE_KEY=1\n"), (".zshrc", "trap - DEBUG\nunset THE_KEY\n")],
        env: &[],
        outcome: Lost,
        says: &["set .zshenv:1 visible"],
    },
];

/// Every value of the files above, and those of the hostile ones.
const SECRETS: &[&str] = &["secretvalue", "othersecret", "canary-"];

const HOSTILE: &[(&str, ShellKind, &str, &str)] = &[
    (
        "xtrace",
        Bash,
        ".profile",
        "PS4='$THE_KEY '\nexport THE_KEY=canary-1\nset -x\nexport THE_KEY=canary-2\n",
    ),
    (
        "printing traps",
        Bash,
        ".profile",
        "export THE_KEY=canary-1\ntrap 'env' EXIT DEBUG RETURN\n. /dev/null\n",
    ),
    (
        "functions",
        Bash,
        ".profile",
        "printf() { env; }\nbuiltin() { env; }\nexport THE_KEY=canary-1\nexport A=canary-2\n",
    ),
    (
        "descriptors",
        Bash,
        ".profile",
        "IFS=0123\nfor f in 3 9 19 60 61 62; do eval \"exec $f>&-\"; done\nexec 19>file\nexport THE_KEY=canary-1\n",
    ),
    (
        "its own state",
        Bash,
        ".profile",
        "export THE_KEY=canary-1\nset\ntrap -p\nset > \"${__envsplit_to:-/dev/null}\"\nunset THE_KEY\n",
    ),
    (
        "shellopts",
        Bash,
        ".profile",
        "export SHELLOPTS\nset -x\nexport PS4='+$THE_KEY' BASH_XTRACEFD=61\nexport THE_KEY=canary-1\n",
    ),
    ("names", Bash, ".profile", "export THE_KEY=canary-1\n. \"$HOME/$THE_KEY\"\n. ~/sub\n"),
    ("xtrace", Zsh, ".zshenv", "PS4='$THE_KEY '\nexport THE_KEY=canary-1\nset -x\nexport THE_KEY=canary-2\n"),
    (
        "functions",
        Zsh,
        ".zshenv",
        "printf() { env; }\nbuiltin() { env; }\nexport THE_KEY=canary-1\nTRAPEXIT() { env; }\n",
    ),
    (
        "its own state",
        Zsh,
        ".zshenv",
        "export THE_KEY=canary-1\nset\ntrap\nset > \"${__envsplit_to:-/dev/null}\"\nunset THE_KEY\n",
    ),
    (
        "a function's argument",
        Fish,
        ".config/fish/config.fish",
        "function f\n  set -gx THE_KEY $argv[1]\nend\nf canary-1\nset fish_trace 1\nf canary-2\n",
    ),
    ("xtrace", Sh, ".profile", "export THE_KEY=canary-1\nPS4='canary-3 '\nexport THE_KEY=canary-2\nset +x\n"),
];

/// Runs them all; panics at the first that is not as it should be.
pub(crate) fn all() {
    let mut skipped = vec![];
    for case in CASES {
        if !installed(case.shell) {
            skipped.push(case.what);
            continue;
        }
        let mut home = Home::new(case.files);
        let here = home.path().display().to_string();
        home.env = case.env.iter().map(|(k, v)| ((*k).to_owned(), v.replace("$HOME", &here))).collect();
        trace_and_compare(case, &home);
        if case.shell == Sh && installed(Bash) {
            // Called `sh`, bash is one.
            std::os::unix::fs::symlink("/bin/bash", home.path().join("sh")).unwrap();
            home.env.push((PROGRAM.to_owned(), format!("{here}/sh")));
            trace_and_compare(case, &home);
        }
    }
    for (what, shell, file, text) in HOSTILE {
        if !installed(*shell) {
            skipped.push(what);
            continue;
        }
        let home = Home::new(&[(file, text), ("sub", "export THE_KEY=canary-9\n")]);
        for flags in ["il", "l", "it"] {
            let (_, said) = home.trace(kind(*shell, flags));
            assert!(SECRETS.iter().all(|s| !said.contains(s)), "{shell} {what}: {said}");
        }
    }
    println!("trace: {} known starts, {} hostile ones, skipped: {skipped:?}", CASES.len(), HOSTILE.len());
}

fn trace_and_compare(case: &Case, home: &Home) {
    let (seen, text) = home.trace(kind(case.shell, case.flags));
    assert_eq!(
        (seen.outcome, said(home, &seen)),
        (case.outcome, case.says.iter().map(|s| (*s).to_owned()).collect()),
        "{} {}: {text}",
        case.shell,
        case.what
    );
    assert!(SECRETS.iter().all(|s| !text.contains(s)), "{}: {text}", case.what);
    assert!(seen.changes.iter().all(|c| c.kind != ChangeKind::Unknown));
}
