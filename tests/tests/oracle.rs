//! The rules of `envsplit-codex` beside the real Codex, on generated situations: `tests/README.md`.
#![allow(
    clippy::disallowed_methods,
    reason = "the suite owns its scratch machine and starts the real program itself"
)]
#![allow(clippy::print_stdout, reason = "a suite reports on standard output")]

use envsplit_tests::isolate::Means;
use envsplit_tests::oracle::defects;
use envsplit_tests::oracle::suite::{self, Plan, Report};
use envsplit_tests::oracle::world::Machine;
use envsplit_tests::{exec, programs};
use std::path::{Path, PathBuf};
use std::process::{Command, ExitCode, Stdio};
use std::time::{Duration, Instant};

const USAGE: &str = "usage: oracle [--cases N] [--runs N] [--seed S] [--seconds T] [--first] [--codex FILE]";

/// The seed of a run that names none.
const SEED: u64 = 169;

#[derive(Clone, Debug)]
struct Arguments {
    cases: usize,
    runs: usize,
    seed: u64,
    seconds: u64,
    /// Whether to speak of cases rather than of tests.
    oracle: bool,
    first: bool,
    codex: Option<PathBuf>,
    inside: Option<PathBuf>,
}

impl Arguments {
    fn parse(mut words: impl Iterator<Item = String>) -> Result<Self, String> {
        let mut given = Self {
            cases: 1500,
            runs: 60,
            seed: SEED,
            seconds: 80,
            oracle: false,
            first: false,
            codex: None,
            inside: None,
        };
        let mut runs = None;
        while let Some(word) = words.next() {
            let mut value = || words.next().ok_or_else(|| format!("`{word}` needs a value\n{USAGE}"));
            let number =
                |text: String| text.parse::<u64>().map_err(|_| format!("`{text}` is no number\n{USAGE}"));
            match word.as_str() {
                "--cases" => {
                    given.cases = usize::try_from(number(value()?)?).map_err(|e| e.to_string())?;
                    given.seconds = 24 * 3600;
                    given.oracle = true;
                }
                "--runs" => runs = Some(usize::try_from(number(value()?)?).map_err(|e| e.to_string())?),
                "--seed" => given.seed = number(value()?)?,
                "--seconds" => given.seconds = number(value()?)?,
                "--first" => given.first = true,
                "--codex" => given.codex = Some(PathBuf::from(value()?)),
                "--inside" => given.inside = Some(PathBuf::from(value()?)),
                // What `cargo test` hands to every test program alike.
                "--nocapture" | "--no-capture" | "-q" | "--quiet" => {}
                other => return Err(format!("unknown argument `{other}`\n{USAGE}")),
            }
        }
        given.runs = runs.unwrap_or(if given.oracle { given.cases / 20 } else { given.runs });
        Ok(given)
    }
}

fn main() -> ExitCode {
    let given = match Arguments::parse(std::env::args().skip(1)) {
        Ok(given) => given,
        Err(why) => {
            println!("{why}");
            return ExitCode::from(2);
        }
    };
    let Some(codex) = given.codex.clone().or_else(programs::codex) else {
        println!("skipped: needs the real Codex (ENVSPLIT_CODEX, or scripts/test, which fetches it)");
        println!("0 passed, 0 failed, 1 skipped");
        return ExitCode::SUCCESS;
    };
    let done = match &given.inside {
        Some(root) => inside(&given, codex, root, true),
        None => outside(&given, codex),
    };
    match done {
        Ok(true) => ExitCode::SUCCESS,
        Ok(false) => ExitCode::FAILURE,
        Err(why) => {
            println!("{why}");
            ExitCode::FAILURE
        }
    }
}

/// Goes into namespaces of its own, where `/etc/codex` is private and no process outlives the suite.
fn outside(given: &Arguments, codex: PathBuf) -> Result<bool, String> {
    let root = tempfile::Builder::new().prefix("envsplit-oracle-").tempdir_in("/var/tmp");
    let root = root.map_err(|e| format!("/var/tmp: {e}"))?;
    let codex = std::path::absolute(codex).map_err(|e| e.to_string())?;
    let real = root.path().canonicalize().map_err(|e| format!("/var/tmp: {e}"))?;
    let done = match Means::find() {
        Ok(means) => {
            let me = std::env::current_exe().map_err(|e| format!("this program's own path: {e}"))?;
            let mut command: Command = means.enter();
            command.arg(me).args(std::env::args().skip(1)).arg("--codex").arg(&codex);
            let status = command.arg("--inside").arg(&real).stdin(Stdio::null()).status();
            status.map(|s| s.success()).map_err(|e| format!("unshare: {e}"))
        }
        Err(why) => {
            println!("without system and managed layers: no namespaces here ({why})");
            inside(given, codex, &real, false)
        }
    };
    root.close().map_err(|e| format!("the scratch machine could not be removed: {e}"))?;
    done
}

/// An empty `/etc/codex`, in a private `/etc`, and a scratch machine in memory: each Codex writes databases at its start.
fn private_etc(root: &Path) -> Result<(), String> {
    let script = r#"set -e
mkdir "$1/etc-private"
mount -t tmpfs tmpfs "$1/etc-private"
cp -R --preserve=mode,links /etc/. "$1/etc-private" 2> "$1/etc-private/.left" || true
mount --bind "$1/etc-private" /etc
umount -l "$1/etc-private"
rm -rf /etc/codex "$1/etc-private"
mkdir /etc/codex "$1/m"
mount -t tmpfs tmpfs "$1/m""#;
    let mut mount = Command::new("sh");
    mount.args(["-c", script, "sh"]).arg(root);
    let out = exec::run(&mut mount, Duration::from_mins(1))?;
    if out.code == 0 { Ok(()) } else { Err(out.text().trim().to_owned()) }
}

fn inside(given: &Arguments, codex: PathBuf, root: &Path, own: bool) -> Result<bool, String> {
    let private_etc =
        own && private_etc(root).map_err(|why| println!("without system and managed layers: {why}")).is_ok();
    let plan = Plan {
        codex,
        machine: Machine { root: root.join("m"), private_etc },
        configs: given.cases,
        runs: given.runs,
        seed: given.seed,
        limit: Duration::from_secs(given.seconds),
        first: given.first,
    };
    std::fs::create_dir_all(&plan.machine.root).map_err(|e| e.to_string())?;
    let began = Instant::now();
    let report = suite::run(&plan)?;
    Ok(tell(given, &report, began.elapsed()))
}

fn tell(given: &Arguments, report: &Report, took: Duration) -> bool {
    let Report { agreed, disagreed, failed, refused, .. } = report;
    let seconds = took.as_secs_f64();
    println!("seed {}: of the agreed, Codex refuses the config in {refused}; {seconds:.1} s", given.seed);
    let met: Vec<String> = defects::met().map(|(what, count)| format!("  {count:5} {what}")).collect();
    if !met.is_empty() && !given.first {
        println!("known defects of Codex that were passed over:\n{}", met.join("\n"));
    }
    if given.oracle {
        println!("{agreed} agreed, {disagreed} disagreed, {failed} oracle failed");
    } else {
        let skipped = (given.cases + given.runs).saturating_sub(agreed + disagreed + failed);
        if skipped > 0 && !given.first {
            println!("the time of {} s was over before the rest", given.seconds);
        }
        println!("{agreed} passed, {} failed, {skipped} skipped", disagreed + failed);
    }
    *disagreed == 0 && *failed == 0
}
