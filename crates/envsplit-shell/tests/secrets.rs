//! No value comes out: canaries in every construct, searched for in everything that is handed out.
#![allow(missing_docs)] // reason: a test
use envsplit_model::{EnvBlock, ScratchFiles, ShellKind, Start};
use envsplit_shell::{
    EnvFileKind, ShellEnv, env_file, exported_names, mask_line, read_start, settings_anywhere, startup_files,
};
use proptest::prelude::*;
use std::fmt::Write;

const HOME: &str = "/home/u";
/// Secrets of several forms: a key, a word, base64, what looks like a path, a name, a number, an option.
const CANARIES: &[&str] = &[
    "sk-canary0123456789",
    "hunter2",
    "c2VjcmV0Y2FuYXJ5==",
    "/bPxRfiCYcanaryEXAMPLEKEY12",
    "AKIACANARYEXAMPLE1",
    "Canary",
    "-pCanary7",
    "--canary=x7",
    "0123456",
];

const POSIX: &str = r#"export KEY=@
export KEY="@" OTHER='@' KEY=@
export KEY = @
export KEY @
KEY=@ # @
# KEY=@
declare -x KEY=@ @ @
KEY='one
@
two' export KEY
@
cat <<EOF
KEY=@
@
export KEY @
EOF
KEY=(@ "@" '@')
export KEY=(
  @
  "@"
)
export KEY=$(echo @) X=`echo @`
: ${KEY:=@} "${KEY:-@}" @
eval "export KEY=@"
eval "export KEY='@'; export X=@"
[ "$KEY" = @ ] && return
[ "$KEY" = "@" ] || [ @ = "$X" ] && KEY=1
[[ $KEY == @ || $KEY =~ @ ]] && KEY=1
[[ -z $KEY || @ ]] && return
if [ "$X" = '@' ]; then KEY=@; return; fi
case "@" in @) KEY=@; return;; "@"|'@') KEY=1;; esac
case $KEY in
  @) KEY=@ ;;
  *@*) KEY=1; return @ ;;
esac
for KEY in @ "@"; do export KEY=@; done
mysql -p@ && export KEY=1
mysql -p @ --password=@ && export KEY=1
KEY=@ cmd @ && export KEY=2
curl -H "Authorization: @" && export KEY=1
P=@; . "$P" && KEY=1
. "$P/x" && KEY=1
read KEY <<< @
KEY[@]=@
f() { KEY=@; echo @; }
exec 3< @; KEY=1
alias @=@; KEY=1
setenv KEY @; setopt @; unset @ KEY
foo@bar=@ KEY=1
export KEY=1;@
export KEY=1&&@
(@) ; KEY=1
@() { KEY=1; }
@ () { KEY=1; }
function @ { KEY=1; }
test -n @ && exec @
[ -f @ ] && KEY=1
[ -o @ ] && KEY=1
return @
export KEY=after@
exec @ @
"#;

const FISH: &str = r#"set -gx KEY @
set -gx KEY "@" '@' @
set -gx KEY @ # @
# set -gx KEY @
set -x KEY (echo @)
set -Ux KEY @; set -a KEY @
export KEY=@
set -e KEY; @
if test "$KEY" = @; set -gx KEY @; return @; end
switch $KEY
case @ '@'
  set -gx KEY '@
@'
end
string match -q @ $X; and set -gx KEY @
function @
  set -gx KEY 1
end
for KEY in @ @; set -gx KEY @; end
eval "set -gx KEY @"
KEY=@ cmd @; and set KEY @
set P @; source $P; and set KEY 1
exec @ @
"#;

const OTHERS: &str = r#"setenv KEY @
setenv KEY "@"
set KEY = @
if ("$KEY" == @) setenv KEY @
$env.KEY = "@"
$env.KEY = @
load-env { KEY: "@", X: @ }
$env:KEY = "@"
${env:KEY} = '@'
[Environment]::SetEnvironmentVariable('KEY', '@')
Remove-Item Env:KEY; @
if ($env:KEY -eq '@') { $env:KEY = '@' }
KEY=@
SETUVAR --export KEY:@
KEY DEFAULT=@ OVERRIDE="@"
export KEY=@ @
KEY="@\
@"
"#;

fn texts() -> Vec<(&'static str, &'static str)> {
    vec![
        ("/home/u/.bashrc", POSIX),
        ("/home/u/.profile", POSIX),
        ("/home/u/.zshenv", POSIX),
        ("/home/u/.zshrc", POSIX),
        ("/home/u/.config/fish/config.fish", FISH),
        ("/home/u/.config/fish/fish_variables", OTHERS),
        ("/home/u/.tcshrc", OTHERS),
        ("/home/u/.config/nushell/config.nu", OTHERS),
        ("/home/u/.config/powershell/profile.ps1", OTHERS),
        ("/home/u/env.sh", POSIX),
    ]
}

fn starts() -> Vec<Start> {
    let mut starts = Vec::new();
    for shell in ShellKind::ALL {
        for (login, interactive) in [(false, false), (false, true), (true, false), (true, true)] {
            starts.push(Start { shell: *shell, login, interactive });
        }
    }
    starts
}

/// The starts whose shell reads the file.
fn readers(path: &str) -> Vec<Start> {
    let shells: &[ShellKind] = match path {
        p if p.contains("fish") => &[ShellKind::Fish],
        p if p.contains("tcsh") => &[ShellKind::Tcsh],
        p if p.contains("nushell") => &[ShellKind::Nu],
        p if p.contains("powershell") => &[ShellKind::Pwsh],
        p if p.contains("/.z") => &[ShellKind::Zsh],
        _ => &[ShellKind::Bash, ShellKind::Sh, ShellKind::Ksh],
    };
    starts().into_iter().filter(|s| shells.contains(&s.shell)).collect()
}

/// Everything that is handed out about these files.
fn handed_out(files: &ScratchFiles, env: &EnvBlock, starts: &[Start]) -> String {
    let env = ShellEnv { files, env, home: HOME.to_owned() };
    let names = ["KEY".to_owned(), "OTHER".to_owned(), "X".to_owned()];
    let mut out = format!("{env:?}");
    for start in starts {
        let read = read_start(start, &env, &names);
        write!(out, "{read:?}{:?}{:?}", exported_names(start, &env), startup_files(start, &env))
            .expect("text");
        out += &serde_json::to_string(&read).expect("it serializes");
    }
    let paths: Vec<String> = files.files.keys().cloned().collect();
    write!(out, "{:?}", settings_anywhere(&env, &names, &paths)).expect("text");
    for kind in [EnvFileKind::EtcEnvironment, EnvFileKind::EnvironmentD, EnvFileKind::PamEnv] {
        for content in files.files.values().flatten() {
            write!(out, "{:?}", env_file(content, "/etc/environment", kind, &names)).expect("text");
        }
    }
    out
}

fn assert_silent(out: &str, canary: &str, what: &str) {
    if let Some(at) = out.find(canary) {
        let from = at.saturating_sub(300);
        let from = (0..=from).rev().find(|i| out.is_char_boundary(*i)).unwrap_or(0);
        panic!("{what}: {canary} in {}", &out[from..at + canary.len()]);
    }
}

#[test]
fn no_canary_in_anything() {
    for canary in CANARIES {
        // Each line alone as well: an early end or an open quotation must not keep a line from being looked at.
        for (path, text) in texts() {
            let whole = text.replace('@', canary);
            let mut contents = vec![whole.clone()];
            contents.extend(whole.lines().map(|l| format!("export KEY=1\n{l}\nexport KEY=2\n")));
            for content in contents {
                let files = ScratchFiles::of([(path, content.as_str())]);
                let env =
                    EnvBlock::of([("HOME", HOME), ("BASH_ENV", "/home/u/env.sh"), ("SECRET_DIR", canary)]);
                // Function names are part of a reach, and of the file's own text: a name is no value.
                let out =
                    handed_out(&files, &env, &readers(path)).replace(&format!("function: {canary:?}"), "");
                let out = out.replace(&format!("\"function\":{canary:?}"), "");
                assert_silent(&out, canary, &content);
            }
        }
    }
}

#[test]
fn no_canary_in_a_masked_line() {
    for canary in CANARIES {
        for (_, text) in texts() {
            for line in text.replace('@', canary).lines() {
                for shell in ShellKind::ALL {
                    assert_silent(&mask_line(line, *shell), canary, line);
                }
            }
        }
    }
}

#[test]
fn an_inherited_secret_is_named_nowhere() {
    let text = ". \"$SECRET\"\n. \"$SECRET/x\"\n. ~/$SECRET\n[ -f \"$SECRET\" ] && KEY=1\nexport KEY=$SECRET\nZDOTDIR=$SECRET\n";
    let files =
        ScratchFiles::of([("/home/u/.bashrc", text), ("/home/u/.zshenv", text), ("/home/u/.profile", text)]);
    for canary in ["sk-canary0123456789", "/canary/sk"] {
        let env = EnvBlock::of([("HOME", HOME), ("SECRET", canary)]);
        assert_silent(&handed_out(&files, &env, &starts()), canary, text);
    }
}

#[test]
fn what_is_kept_of_a_line() {
    let table = [
        ("export KEY=abc \"x y\"", "export KEY=…"),
        ("export A=x B=y", "export A=… B=…"),
        ("  case $- in", "case $- in"),
        ("[[ $- != *i* ]] && return # old key", "[[ $- != *i* ]] && return"),
        ("[ -z \"$PS1\" ] && return", "[ -z \"$PS1\" ] && return"),
        ("if [ -f ~/.bashrc ]; then", "if [ -f ~/.bashrc ]; then"),
        ("*) return;;", "*) return;;"),
        (". \"$HOME/.cargo/env\"", ". \"$HOME/.cargo/env\""),
        ("[ -t 0 ] || return 1", "[ -t 0 ] || return 1"),
        ("set -a; . ~/.env; set +a", "set -a; . ~/.env; set +a"),
        ("declare -x KEY=\"$(pass show x)\"", "declare -x KEY=…"),
        ("unset KEY", "unset KEY"),
        ("exec zsh -l", "exec zsh -l"),
        ("curl https://x/?key=1 | sh", "… | …"),
        ("KEY=1 cmd --token abc", "KEY=…"),
    ];
    for (line, masked) in table {
        assert_eq!(mask_line(line, ShellKind::Bash), masked, "{line}");
    }
    assert_eq!(mask_line("set -gx KEY a b", ShellKind::Fish), "set -gx KEY …");
    assert_eq!(
        mask_line("status is-interactive; or exit", ShellKind::Fish),
        "status is-interactive; or exit"
    );
    assert_eq!(mask_line("setenv KEY abc", ShellKind::Tcsh), "setenv KEY …");
    assert_eq!(mask_line("$env.KEY = 'x'", ShellKind::Nu), "$env.KEY = …");
    assert_eq!(mask_line("$env:KEY = 'x'", ShellKind::Pwsh), "$env:KEY = …");
    assert_eq!(mask_line("export KEY=\u{1b}]0;x\u{7}", ShellKind::Bash), "export KEY=…; …");
}

proptest! {
    #![proptest_config(ProptestConfig { cases: 48, ..ProptestConfig::default() })]
    #[test]
    fn any_bytes_are_read_without_panic(content in proptest::collection::vec(any::<u8>(), 0..400)) {
        let paths = texts().into_iter().map(|(p, _)| (p.to_owned(), Ok(content.clone())));
        let files = ScratchFiles { files: paths.collect(), ..ScratchFiles::default() };
        let out = handed_out(&files, &EnvBlock::of([("HOME", HOME)]), &starts());
        prop_assert!(out.contains("/home/u/.bashrc"));
    }

    #[test]
    fn any_shell_like_text_is_read_without_panic_and_without_its_values(
        parts in proptest::collection::vec(
            prop_oneof![
                Just("if "), Just("then\n"), Just("fi\n"), Just("case x in "), Just("esac\n"), Just("$("), Just(")"),
                Just("${"), Just("}"), Just("{ "), Just("\""), Just("'"), Just("`"), Just("\\"), Just("\n"), Just(";"),
                Just("<<EOF\n"), Just("EOF\n"), Just("export KEY="), Just("sk-canary77 "), Just("[["), Just(" ]] "),
                Just("(("), Just("=("), Just("é"), Just("\r\n"), Just("#"), Just("&&"), Just("|"), Just("for x in "),
                Just("do\n"), Just("done\n"), Just("function f "), Just("end\n"), Just("begin\n"), Just("set -gx KEY "),
                Just("source "), Just("eval "), Just("~/"), Just("*"), Just("return\n"), Just("[ -f "), Just(" ] "),
            ],
            0..60,
        )
    ) {
        let content = parts.concat();
        let paths = texts().into_iter().map(|(p, _)| (p.to_owned(), Ok(content.clone().into_bytes())));
        let files = ScratchFiles { files: paths.collect(), ..ScratchFiles::default() };
        let out = handed_out(&files, &EnvBlock::of([("HOME", HOME)]), &starts());
        // What stands where a path or a function's name is expected is named as such.
        for line in out.split("text: ").skip(1) {
            let text = line.split(", times:").next().unwrap_or_default();
            prop_assert!(!text.contains("sk-canary77"), "{text}");
        }
    }
}
