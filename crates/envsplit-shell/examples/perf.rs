use envsplit_model::*;
use envsplit_shell::*;
fn main() {
    let n = 4_100_000usize;
    let rep = |s: &str| s.repeat(n / s.len());
    let mut cases: Vec<(&str, String)> = vec![
        ("exports", rep("export KEY=abcdef OTHER=x # c\n")),
        ("ifs", rep("if [ -n \"$X\" ]; then export KEY=1; fi\n")),
        ("open quotes", rep("echo \"$(\n")),
        ("arith", rep("$((")),
        ("arith lines", rep("echo $((1 + \n")),
        ("parens", rep("(")),
        ("nest", rep("if x; then ")),
        ("oneline", rep("a;")),
        ("word", "a".repeat(n)),
        ("quotes", rep("'\n")),
        ("dq", rep("\"\n")),
        ("braces", rep("${")),
        ("bt", rep("`a\n")),
        ("functions", rep("f() { export KEY=1; }\n")),
        ("calls", format!("f() {{ {} }}\n{}", "export KEY=1; ".repeat(2000), "f\n".repeat(100000))),
        ("evals", rep("eval 'export KEY=1'\n")),
        ("conds", rep("x && export KEY=1\n")),
        ("heredocs", rep("cat <<A\n")),
        ("heredoc2", rep("cat <<A; cat <<B\nA\nB\n")),
        ("case", rep("case x in a|b) c;; esac\n")),
        ("vars", rep("A=$A$A$A\n")),
        ("long var", format!("A={}\n{}", "x".repeat(4000), "B=${A%%*y*}; [ $A = *x*x*x*z ]\n".repeat(50000))),
        ("glob", rep("[[ $HOME == *a*a*a*a*b ]]\n")),
        ("nestfun", format!("{}{}", "f(){ ".repeat(30), "}; ".repeat(30))),
        (
            "expo",
            (0..40).map(|i| format!("f{i}() {{ f{j}; f{j}; }}\n", j = i + 1)).collect::<String>() + "f0\n",
        ),
        (
            "for",
            format!(
                "for a in {{1,2,3,4,5,6,7,8}}{{1,2,3,4,5,6,7,8}}{{1,2,3,4,5,6,7,8}}; do for b in {{1,2,3,4,5,6,7,8}}{{1,2,3,4,5,6,7,8}}; do for c in 1 2 3 4 5 6 7 8 9; do export KEY=1; done; done; done\n"
            ),
        ),
        ("andchain", rep("a && ")),
        ("pipechain", rep("a | ")),
        ("not", rep("! ")),
        ("errors", rep("fi\n")),
        ("and/or same line", format!("{} a", "a && ".repeat(n / 6))),
        ("commentless", rep("#\n")),
        ("elif", format!("if a; then b; {} fi", "elif x; then y; ".repeat(n / 17))),
        ("casearms", format!("case $X in {} esac", "a) b;; ".repeat(n / 8))),
        ("array", format!("A=({})", rep("a "))),
        ("deepcmd", format!("{}{}", "$(".repeat(n / 4), ")".repeat(n / 4))),
        ("fishlist", rep("set -gx KEY 1; and true\n")),
        ("fishnest", rep("begin\n")),
        ("fishand", rep("and a\n")),
        ("fishparen", rep("(")),
        ("fishquote", rep("'\n")),
    ];
    let only = std::env::args().nth(1);
    cases.retain(|c| only.as_ref().is_none_or(|o| c.0 == o));
    for (name, text) in cases {
        for (sh, path) in [
            ("bash", "/h/.bashrc"),
            ("zsh", "/h/.zshrc"),
            ("fish", "/h/.config/fish/config.fish"),
            ("pwsh", "/h/.config/powershell/profile.ps1"),
        ] {
            let files = ScratchFiles::of([(path, text.as_str())]);
            let env = EnvBlock::of([("HOME", "/h")]);
            let e = ShellEnv { files: &files, env: &env, home: "/h".into() };
            let t = std::time::Instant::now();
            let r = read_start(
                &Start { shell: sh.parse().unwrap(), login: false, interactive: true },
                &e,
                &["KEY".to_string()],
            );
            let d = t.elapsed();
            if d.as_millis() > 400 || true {
                println!("{name} {sh} {:?} settings {} opaque {}", d, r.settings.len(), r.opaque.len());
            }
        }
    }
}
