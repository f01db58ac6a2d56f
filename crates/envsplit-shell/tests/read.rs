//! What is read, reached, ended and hidden: tables over scratch files.
#![allow(missing_docs)] // reason: a test
use envsplit_model::{EnvBlock, FileError, How, Reach, ScratchFiles, ShellKind, Start, StaticRead};
use envsplit_shell::{
    EnvFileKind, ShellEnv, env_file, program_args, read_start, settings_anywhere, startup_files,
};

const HOME: &str = "/home/u";

fn start(label: &str) -> Start {
    let (shell, flags) = label.split_once(' ').expect("`shell -flags`");
    let shell = shell.parse().expect("a shell");
    Start { shell, login: flags.contains('l'), interactive: flags.contains('i') }
}

fn read_with(label: &str, files: &ScratchFiles, env: &[(&str, &str)]) -> StaticRead {
    let block = EnvBlock::of(env.iter().copied().chain([("HOME", HOME)]));
    let env = ShellEnv { files, env: &block, home: HOME.to_owned() };
    read_start(&start(label), &env, &["KEY".to_owned()])
}

fn read(label: &str, files: &[(&str, &str)]) -> StaticRead {
    let files: Vec<(String, &str)> = files.iter().map(|(p, t)| (p.replace('~', HOME), *t)).collect();
    read_with(label, &ScratchFiles::of(files.iter().map(|(p, t)| (p.as_str(), *t))), &[])
}

/// The settings in short: `~/.bashrc:3:8 export reached`.
fn short(read: &StaticRead) -> Vec<String> {
    let tilde = |p: &str| p.replace(HOME, "~");
    read.settings
        .iter()
        .map(|s| {
            let reach = match &s.reach {
                Reach::Reached => "reached".to_owned(),
                Reach::Ended { guard } => {
                    format!(
                        "ended {}:{}-{} {} `{}`",
                        tilde(&guard.path),
                        guard.line,
                        guard.end_line,
                        guard.command,
                        guard.text
                    )
                }
                Reach::Conditional { path, line } => format!("if {}:{line}", tilde(path)),
                Reach::Skipped { path, line } => format!("skipped {}:{line}", tilde(path)),
                Reach::Uncalled { function } => format!("uncalled {function}"),
                Reach::NotRead => "not read".to_owned(),
            };
            format!("{}:{}:{} {} {reach}", tilde(&s.path), s.line, s.column, s.how)
        })
        .collect()
}

#[test]
fn reach_by_line() {
    let table: &[(&str, &str, &[&str])] = &[
        ("bash -ic", "export KEY=1\n", &["1:8 export reached"]),
        ("bash -ic", "if true\nthen export A=1 KEY=2\nfi\n", &["2:17 export reached"]),
        ("bash -ic", "  KEY='a\nb'\n", &["1:3 assignment reached"]),
        ("bash -ic", "é=1; export KEY=1\n", &["1:13 export reached"]),
        ("bash -ic", "return\nexport KEY=1\n", &["2:8 export ended ~/.bashrc:1-1 return `return`"]),
        (
            "bash -ic",
            "case $- in\n  *i*)\n    return 0;;\nesac\nexport KEY=1\n",
            &["5:8 export ended ~/.bashrc:1-3 return `case $- in`"],
        ),
        (
            "bash -ic",
            "if [ -n \"$PS1\" ]; then # hunter2\n  exec zsh -l\nfi\nexport KEY=1\n",
            &["4:8 export ended ~/.bashrc:1-2 exec `if [ -n \"$PS1\" ]; then`"],
        ),
        ("bash -ic", "exec 3>&1\nexport KEY=1\n", &["2:8 export reached"]),
        ("bash -ic", "command -v brew || return\nexport KEY=1\n", &["2:8 export if ~/.bashrc:1"]),
        ("bash -ic", "[ -t 0 ] || return\nexport KEY=1\n", &["2:8 export if ~/.bashrc:1"]),
        ("bash -ic", "[ -n \"$ZSH_VERSION\" ] && export KEY=1\n", &["1:33 export skipped ~/.bashrc:1"]),
        ("bash -ic", "f() {\n export KEY=1\n}\n", &["2:9 export uncalled f"]),
        ("bash -ic", "f() {\n export KEY=1\n}\nf\n", &["2:9 export reached"]),
        ("bash -ic", "f() {\n export KEY=1\n}\nbrew --prefix && f\n", &["2:9 export if ~/.bashrc:4"]),
        ("bash -ic", "f() { local KEY=1; }; f; declare KEY=2\n", &["1:34 assignment reached"]),
        ("bash -ic", "f() { return; }; f; export KEY=2\n", &["1:28 export reached"]),
        (
            "bash -ic",
            "f() { exit 1; }; f; export KEY=2\n",
            &["1:28 export ended ~/.bashrc:1-1 exit `… () { exit 1; }; …; export KEY=…`"],
        ),
        (
            "bash -ic",
            "KEY=1 cmd\nunset KEY\nexport -n KEY\n",
            &["2:7 unset reached", "3:11 unexport reached"],
        ),
        ("bash -ic", "fi\nexport KEY=1\n", &["2:8 export if ~/.bashrc:1"]),
        (
            "bash -ic",
            "export KEY=1\necho 'open\nexport KEY=2\n",
            &["1:8 export reached", "3:8 export if ~/.bashrc:2"],
        ),
        ("bash -ic", "for i in 1 2 3; do export KEY=$i; done\n", &["1:27 export reached"]),
        ("bash -ic", "for i in $(ls); do export KEY=$i; done\n", &["1:27 export if ~/.bashrc:1"]),
        ("bash -ic", "eval 'export KEY=1'\n", &["1:1 export reached"]),
        ("bash -ic", "A=1 B=2\nexport KEY=1\n", &["2:8 export reached"]),
        ("bash -ic", "[ \"$KEY\" = x ] || export KEY=1\n", &["1:26 export reached"]),
        ("bash -ic", "\u{feff}export KEY=1\n", &[]),
        ("zsh -ic", "path+=(~/bin)\ntypeset -gx KEY=1\n", &["2:13 export reached"]),
        (
            "zsh -ic",
            "[[ -o interactive ]] || return\n[[ -o login ]] && export KEY=1\n",
            &["2:26 export skipped ~/.zshrc:2"],
        ),
        (
            "fish -c",
            "if status is-interactive\n  set -gx KEY 1\nend\n",
            &["2:11 export skipped ~/.config/fish/config.fish:1"],
        ),
        (
            "fish -c",
            "status is-interactive; or exit\nset -Ux KEY 1\n",
            &["2:9 export ended ~/.config/fish/config.fish:1-1 exit `status is-interactive; or exit`"],
        ),
        ("fish -c", "set KEY 1; set -e KEY\n", &["1:5 assignment reached", "1:19 unset reached"]),
        ("fish -c", "if test\nset -gx KEY 1\n", &["2:9 export if ~/.config/fish/config.fish:1"]),
        (
            "tcsh -ic",
            "if (1) then\n setenv KEY x\nendif\nsetenv KEY y\n",
            &["2:9 export if ~/.tcshrc:1", "4:8 export reached"],
        ),
        (
            "nu -ic",
            "$env.KEY = 'x'\nif true {\n  $env.KEY = 'y'\n}\n",
            &["1:6 export reached", "3:8 export if ~/.config/nushell/config.nu:2"],
        ),
        (
            "pwsh -c",
            "$env:KEY = 'x'\n[Environment]::SetEnvironmentVariable('KEY', 'x')\n",
            &["1:6 export reached", "2:40 export reached"],
        ),
    ];
    let mut failures = Vec::new();
    for (label, text, expected) in table {
        let path = match start(label).shell {
            ShellKind::Zsh => "~/.zshrc",
            ShellKind::Fish => "~/.config/fish/config.fish",
            ShellKind::Tcsh => "~/.tcshrc",
            ShellKind::Nu => "~/.config/nushell/config.nu",
            ShellKind::Pwsh => "~/.config/powershell/profile.ps1",
            _ => "~/.bashrc",
        };
        let found = short(&read(label, &[(path, text)]));
        let expected: Vec<String> = expected.iter().map(|e| format!("{path}:{e}")).collect();
        if found != expected {
            failures.push(format!("{label}: {text:?}\n  found {found:?}\n  expected {expected:?}"));
        }
    }
    assert!(failures.is_empty(), "{}", failures.join("\n"));
}

#[test]
fn profile_d_and_the_skeleton_are_followed() {
    let files = [
        (
            "/etc/profile",
            "if [ \"${PS1-}\" ]; then\n  if [ \"${BASH-}\" ] && [ \"$BASH\" != \"/bin/sh\" ]; then\n    if [ -f /etc/bash.bashrc ]; then . /etc/bash.bashrc; fi\n  fi\nfi\nif [ -d /etc/profile.d ]; then\n  for i in /etc/profile.d/*.sh; do\n    if [ -r $i ]; then . $i; fi\n  done\n  unset i\nfi\n",
        ),
        ("/etc/bash.bashrc", "[ -z \"$PS1\" ] && return\nexport KEY=0\n"),
        ("/etc/profile.d/a.sh", "export KEY=1\n"),
        ("/etc/profile.d/b.csh", "setenv KEY 1\n"),
        (
            "~/.profile",
            "if [ -n \"$BASH_VERSION\" ]; then\n  if [ -f \"$HOME/.bashrc\" ]; then\n    . \"$HOME/.bashrc\"\n  fi\nfi\n",
        ),
        ("~/.bashrc", "case $- in\n    *i*) ;;\n      *) return;;\nesac\nexport KEY=2\n"),
    ];
    let found = read("bash -ilc", &files);
    assert_eq!(
        short(&found),
        [
            "/etc/bash.bashrc:2:8 export reached",
            "/etc/profile.d/a.sh:1:8 export reached",
            "~/.bashrc:5:8 export reached"
        ]
    );
    let rc = found.files.iter().find(|f| f.path.ends_with("/.bashrc")).expect("it is read");
    assert_eq!(rc.sourced_at, Some(("/home/u/.profile".to_owned(), 3)));
    assert!(found.opaque.is_empty());
    assert_eq!(
        short(&read("bash -lc", &files)),
        [
            "/etc/bash.bashrc:2:8 export skipped /etc/profile:1",
            "/etc/profile.d/a.sh:1:8 export reached",
            "~/.bashrc:5:8 export ended ~/.bashrc:1-3 return `case $- in`"
        ]
    );
}

#[test]
fn a_guard_in_one_file_does_not_end_the_next() {
    let found = read(
        "bash -lc",
        &[
            ("~/.profile", ". ~/.bashrc\nexport KEY=2\n"),
            ("~/.bashrc", "[[ $- == *i* ]] || return\n. ~/.keys\n"),
            ("~/.keys", "export KEY=1\n"),
        ],
    );
    assert_eq!(
        short(&found),
        [
            "~/.keys:1:8 export ended ~/.bashrc:1-1 return `[[ $- == *i* ]] || return`",
            "~/.profile:2:8 export reached"
        ]
    );
    assert!(found.files.iter().all(|f| f.path != "/home/u/.keys"), "what is not reached is not read");
    let found = read("bash -ilc", &[("/etc/profile", "exec fish\n"), ("~/.profile", "export KEY=2\n")]);
    assert_eq!(short(&found), ["~/.profile:1:8 export ended /etc/profile:1-1 exec `exec fish`"]);
}

#[test]
fn what_hides_what() {
    let rows = |label: &str, files: &[(&str, &str)]| -> Vec<String> {
        read(label, files)
            .startup
            .iter()
            .map(|f| {
                let hidden = f.hidden_by.as_ref().map_or(String::new(), |h| format!(" hidden by {h}"));
                let error = f.error.as_ref().map_or(String::new(), |e| format!(" {e}"));
                assert!(!f.doc.is_empty());
                format!("{}{}{hidden}{error}", f.path, if f.read { " read" } else { "" }).replace(HOME, "~")
            })
            .collect()
    };
    assert_eq!(
        rows("bash -lc", &[("~/.bash_login", ""), ("~/.profile", "")]),
        ["/etc/profile", "~/.bash_profile", "~/.bash_login read", "~/.profile hidden by ~/.bash_login"]
    );
    assert_eq!(
        rows("zsh -ic", &[("~/.zshenv", "ZDOTDIR=~/.zsh\n"), ("~/.zsh/.zshrc", ""), ("/etc/zsh/zshrc", "")]),
        ["/etc/zsh/zshenv", "~/.zshenv read", "/etc/zsh/zshrc read", "~/.zsh/.zshrc read"]
    );
    assert_eq!(
        rows("zsh -ic", &[("~/.zshenv", "setopt no_rcs\n"), ("~/.zshrc", "")]),
        ["/etc/zshenv", "~/.zshenv read", "/etc/zshrc hidden by ~/.zshenv", "~/.zshrc hidden by ~/.zshenv"]
    );
    assert_eq!(
        rows("fish -c", &[("~/.config/fish/conf.d/a.fish", ""), ("/etc/fish/conf.d/a.fish", "")]),
        [
            "~/.config/fish/fish_variables",
            "~/.config/fish/conf.d/a.fish read",
            "/etc/fish/conf.d/a.fish hidden by ~/.config/fish/conf.d/a.fish",
            "/etc/fish/config.fish",
            "~/.config/fish/config.fish"
        ]
    );
}

#[test]
fn unreadable_files_are_said_and_nothing_waits() {
    let mut files = ScratchFiles::of([(
        "/home/u/.profile",
        ". ~/fifo\n. ~/secret\n. ~/none\n. ~/loop\n. ~/a\nexport KEY=1\n",
    )]);
    files.files.insert("/home/u/.bash_profile".into(), Err(FileError::Denied));
    files.files.insert("/home/u/fifo".into(), Err(FileError::NotRegular));
    files.files.insert("/home/u/secret".into(), Err(FileError::Denied));
    files.files.insert("/home/u/a".into(), Ok(b". ~/b\n".to_vec()));
    files.files.insert("/home/u/b".into(), Ok(b". ~/a\n".to_vec()));
    files.links.insert("/home/u/loop".into(), "/home/u/loop".into());
    let block = EnvBlock::of([("HOME", HOME)]);
    let env = ShellEnv { files: &files, env: &block, home: HOME.to_owned() };
    // bash stops at a `.bash_profile` that it may not read: it does not go on to `.profile`.
    let rows = startup_files(&start("bash -lc"), &env);
    assert_eq!(rows[1].error, Some(FileError::Denied));
    assert!(!rows[1].read && rows[3].hidden_by.as_deref() == Some("/home/u/.bash_profile"));
    files.files.remove("/home/u/.bash_profile");
    let found = read_with("bash -lc", &files, &[]);
    let errors: Vec<_> = found.files.iter().filter_map(|f| f.error.clone()).collect();
    assert_eq!(errors, [FileError::NotRegular, FileError::Denied, FileError::NotFound, FileError::LinkLoop]);
    let why: Vec<&str> = found.opaque.iter().map(|o| o.why.as_str()).collect();
    assert_eq!(why, ["not a regular file", "sourced in a circle"]);
    assert_eq!(short(&found), ["~/.profile:6:8 export reached"]);
}

#[test]
fn what_cannot_be_seen_through_is_said() {
    let table: &[(&str, &str)] = &[
        ("eval \"$(ssh-agent -s)\"\n", "command substitution"),
        ("eval $UNKNOWN_FROM_AFAR$(x)\n", "command substitution"),
        ("source <(kubectl completion bash)\n", "process substitution"),
        (". \"$(brew --prefix)/x.sh\"\n", "command substitution"),
        ("read -r P; . \"$P\"\n", "unknown path"),
        (". x/y.sh\n", "relative path"),
        ("if\n", "syntax error"),
        (". /dev/stdin\n", "standard input"),
    ];
    for (text, why) in table {
        let found = read("bash -ic", &[("~/.bashrc", text)]);
        let opaque: Vec<(u32, &str)> = found.opaque.iter().map(|o| (o.line, o.why.as_str())).collect();
        assert_eq!(opaque, [(1, *why)], "{text}");
    }
    let wide: Vec<u8> = "export KEY=1\n".encode_utf16().flat_map(u16::to_le_bytes).collect();
    let mut files = ScratchFiles::default();
    files.files.insert("/home/u/.bashrc".into(), Ok(wide));
    assert_eq!(read_with("bash -ic", &files, &[]).opaque[0].why, "binary file");
    files.files.insert("/home/u/.bashrc".into(), Ok(vec![b'a'; 5 << 20]));
    assert_eq!(read_with("bash -ic", &files, &[]).opaque[0].why, "too large");
}

#[test]
fn after_a_line_that_is_not_seen_through_absence_is_not_claimed() {
    let text = "eval \"$(tool)\"\n[ -z \"$FOO\" ] && return\nexport KEY=1\n";
    assert_eq!(short(&read("bash -ic", &[("~/.bashrc", text)])), ["~/.bashrc:3:8 export if ~/.bashrc:2"]);
}

#[test]
fn relative_paths_follow_the_current_directory() {
    let files = ScratchFiles::of([("/home/u/.bashrc", ". x.sh\n"), ("/w/x.sh", "export KEY=1\n")]);
    assert_eq!(short(&read_with("bash -ic", &files, &[("PWD", "/w")])), ["/w/x.sh:1:8 export reached"]);
    let files = ScratchFiles::of([("/home/u/.bashrc", "cd /w\n. ./x.sh\n"), ("/w/x.sh", "export KEY=1\n")]);
    assert_eq!(short(&read_with("bash -ic", &files, &[])), ["/w/x.sh:1:8 export reached"]);
}

#[test]
fn many_files_and_deep_sourcing_are_bounded() {
    let deep: Vec<(String, String)> =
        (0..60).map(|i| (format!("/home/u/f{i}"), format!(". ~/f{}\nexport KEY=1\n", i + 1))).collect();
    let mut files = ScratchFiles::of(deep.iter().map(|(p, t)| (p.as_str(), t.as_str())));
    files.files.insert("/home/u/.bashrc".into(), Ok(b". ~/f0\n".to_vec()));
    let found = read_with("bash -ic", &files, &[]);
    assert_eq!(found.opaque.iter().map(|o| o.why.as_str()).collect::<Vec<_>>(), ["sourced too deep"]);
    // Each file sources the next one twice: 2^30 files, were there no bound.
    let wide: Vec<(String, String)> =
        (0..30).map(|i| (format!("/home/u/f{i}"), format!(". ~/f{0}\n. ~/f{0}\n", i + 1))).collect();
    let mut files = ScratchFiles::of(wide.iter().map(|(p, t)| (p.as_str(), t.as_str())));
    files.files.insert("/home/u/.bashrc".into(), Ok(b". ~/f0\n".to_vec()));
    let found = read_with("bash -ic", &files, &[]);
    assert!(found.opaque.iter().any(|o| o.why == "too many files"), "{:?}", found.opaque);
}

#[test]
fn a_name_is_found_in_files_that_no_start_reads() {
    let files = ScratchFiles::of([
        ("/home/u/.zshrc", "export KEY=1\nf() { KEY=2 }\n"),
        ("/home/u/x.fish", "set -gx KEY 1\n"),
        ("/home/u/y.ps1", "$env:KEY = 1\n"),
        ("/home/u/broken.sh", "if (\nexport KEY=1\n"),
    ]);
    let block = EnvBlock::default();
    let env = ShellEnv { files: &files, env: &block, home: HOME.to_owned() };
    let paths: Vec<String> = files.files.keys().cloned().collect();
    let found = StaticRead {
        settings: settings_anywhere(&env, &["KEY".to_owned()], &paths),
        ..StaticRead::default()
    };
    assert_eq!(
        short(&found),
        [
            "~/.zshrc:1:8 export not read",
            "~/.zshrc:2:7 assignment not read",
            "~/broken.sh:2:8 export not read",
            "~/x.fish:1:9 export not read",
            "~/y.ps1:1:6 export not read"
        ]
    );
}

#[test]
fn session_files() {
    let names = ["KEY".to_owned()];
    let lines = |kind, text: &str| -> Vec<String> {
        let settings = env_file(text.as_bytes(), "/etc/environment", kind, &names);
        assert!(settings.iter().all(|s| s.how == How::EnvFile && s.reach == Reach::Reached));
        settings.iter().map(|s| format!("{}:{} {}", s.line, s.column, s.text)).collect()
    };
    assert_eq!(
        lines(EnvFileKind::EtcEnvironment, "# KEY=0\nKEY=\"abc\"\nexport KEY=abc # old\n OTHER=1\nKEY =1\n"),
        ["2:1 KEY=…", "3:8 export KEY=…"]
    );
    assert_eq!(lines(EnvFileKind::EnvironmentD, "A=x \\\nKEY=abc\nKEY=${KEY:-abc}\n"), ["3:1 KEY=…"]);
    assert_eq!(
        lines(EnvFileKind::PamEnv, "KEY DEFAULT=abc OVERRIDE=@{X}\nKEYS DEFAULT=1\n"),
        ["1:1 KEY DEFAULT=… OVERRIDE=…"]
    );
}

#[test]
fn arguments_are_those_of_vscode() {
    let args = |label: &str| program_args(start(label).shell, &start(label), "CMD").join(" ");
    assert_eq!(args("bash -ilc"), "-i -l -c CMD");
    assert_eq!(args("sh -lc"), "-l -c CMD");
    assert_eq!(args("nu -ilc"), "-i -l -c CMD");
    assert_eq!(args("tcsh -ilc"), "-ic CMD");
    assert_eq!(args("pwsh -ilc"), "-Login -Command CMD");
    assert_eq!(args("fish -c"), "-c CMD");
}
