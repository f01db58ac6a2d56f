//! Runs the scenario files of `tests/scenarios`, each in namespaces of its own: `tests/README.md`.
#![allow(
    clippy::disallowed_methods,
    reason = "the suite owns its scratch machines and starts the real programs itself"
)]
#![allow(clippy::print_stdout, reason = "a suite reports on standard output")]

use envsplit_tests::isolate::Means;
use envsplit_tests::lab::{Agent, Lab, Options, socket_directory};
use envsplit_tests::scenario::Scenario;
use envsplit_tests::{exec, glob, judge, leaks, programs};
use std::path::{Path, PathBuf};
use std::process::{Command, ExitCode};
use std::sync::atomic::{AtomicUsize, Ordering};
use std::time::{Duration, Instant, SystemTime};

const USAGE: &str = "usage: scenarios [--truth-only] [--as-root] [--with-agent before|after] [-v] [--list] [-j N] [--bin FILE] [--codex FILE] [NAME|GLOB|FILE.toml]...";
/// The longest that one scenario may take, its premise included.
const LIMIT: Duration = Duration::from_mins(10);

#[derive(Debug, Clone, Default)]
struct Arguments {
    truth_only: bool,
    as_root: bool,
    agent: Option<Agent>,
    verbose: bool,
    list: bool,
    jobs: Option<usize>,
    bin: Option<PathBuf>,
    codex: Option<PathBuf>,
    inside: Option<PathBuf>,
    user_namespace: bool,
    names: Vec<String>,
}

impl Arguments {
    fn parse(mut words: impl Iterator<Item = String>) -> Result<Arguments, String> {
        let mut given = Arguments::default();
        while let Some(word) = words.next() {
            let mut value = || words.next().ok_or_else(|| format!("`{word}` needs a value\n{USAGE}"));
            match word.as_str() {
                "--truth-only" => given.truth_only = true,
                "--as-root" => given.as_root = true,
                "--with-agent" => given.agent = Some(Agent::parse(&value()?).ok_or(USAGE)?),
                "-v" => given.verbose = true,
                "--list" => given.list = true,
                "-j" => given.jobs = Some(value()?.parse().map_err(|_| USAGE.to_owned())?),
                "--bin" => given.bin = Some(absolute(&value()?)?),
                "--codex" => given.codex = Some(absolute(&value()?)?),
                "--inside" => given.inside = Some(PathBuf::from(value()?)),
                "--user-namespace" => given.user_namespace = true,
                // What `cargo test` hands to every test program alike.
                "--nocapture" | "--no-capture" | "-q" | "--quiet" => {}
                option if option.starts_with('-') => {
                    return Err(format!("unknown option `{option}`\n{USAGE}"));
                }
                name => given.names.push(name.to_owned()),
            }
        }
        Ok(given)
    }

    /// The scenario files to run: those given as files, else those of the suite whose id a name is in or matches.
    fn files(&self) -> Result<Vec<PathBuf>, String> {
        let (files, names): (Vec<_>, Vec<_>) =
            self.names.iter().partition(|n| Path::new(n).extension().is_some_and(|e| e == "toml"));
        if !files.is_empty() {
            return files.into_iter().map(|f| absolute(f)).collect();
        }
        let dir = programs::repository().join("tests/scenarios");
        let listed = std::fs::read_dir(&dir).map_err(|e| format!("{}: {e}", dir.display()))?;
        let mut all: Vec<_> = listed.flatten().map(|entry| entry.path()).collect();
        all.retain(|path| path.extension().is_some_and(|e| e == "toml"));
        all.sort();
        if names.is_empty() {
            return Ok(all);
        }
        let wanted = |path: &PathBuf| {
            let id = Scenario::read(path).map_or_else(|_| path.display().to_string(), |s| s.id);
            names.iter().any(|name| id.contains(name.as_str()) || glob::matches(name, &id))
        };
        Ok(all.into_iter().filter(wanted).collect())
    }
}

#[derive(Debug, Clone, Copy, PartialEq, Eq)]
enum Outcome {
    Passed,
    Failed,
    Skipped,
}

fn main() -> ExitCode {
    let done = Arguments::parse(std::env::args().skip(1)).and_then(|given| match given.inside.clone() {
        Some(root) => inside(&given, &root),
        None => suite(&given),
    });
    match done {
        Ok(true) => ExitCode::SUCCESS,
        Ok(false) => ExitCode::FAILURE,
        Err(why) => {
            println!("{why}");
            ExitCode::from(2)
        }
    }
}

/// Runs the chosen scenarios, several at a time. Says whether none failed.
fn suite(given: &Arguments) -> Result<bool, String> {
    let files = given.files()?;
    if given.list {
        for file in files {
            println!("{}", Scenario::read(&file)?.id);
        }
        return Ok(true);
    }
    let mut given = given.clone();
    given.codex = given.codex.or_else(programs::codex);
    if given.bin.is_none() && !given.truth_only {
        given.bin = Some(programs::envsplit()?);
    }
    let means = Means::find();
    let cores = std::thread::available_parallelism().map_or(1, usize::from);
    let (next, tally) = (AtomicUsize::new(0), [const { AtomicUsize::new(0) }; 3]);
    std::thread::scope(|scope| {
        for _ in 0..given.jobs.unwrap_or(cores.min(4)).max(1) {
            scope.spawn(|| {
                while let Some(file) = files.get(next.fetch_add(1, Ordering::Relaxed)) {
                    let (outcome, line) = outside(&given, means.as_ref(), file);
                    println!("{}", line.trim_end());
                    tally[outcome as usize].fetch_add(1, Ordering::Relaxed);
                }
            });
        }
    });
    // The labs mounted over it, each for itself. If it is not empty, it is somebody's who was here before.
    let _ = std::fs::remove_dir(socket_directory(given.as_root));
    let [passed, failed, skipped] = tally.map(AtomicUsize::into_inner);
    println!("{passed} passed, {failed} failed, {skipped} skipped");
    Ok(failed == 0)
}

/// Runs one scenario in new namespaces; everything it leaves is removed.
fn outside(given: &Arguments, means: Result<&Means, &String>, file: &Path) -> (Outcome, String) {
    let name = file.file_stem().unwrap_or_default().to_string_lossy().into_owned();
    let scenario = match Scenario::read(file) {
        Ok(scenario) => scenario,
        Err(why) => return (Outcome::Failed, format!("FAILED  {name}\n         {why}")),
    };
    let skip = |why: &str| (Outcome::Skipped, format!("skipped {}: {why}", scenario.id));
    let means = match means {
        Ok(means) => *means,
        Err(why) => return skip(&format!("no namespaces here ({why})")),
    };
    let lack: Vec<_> = scenario.needs.iter().filter(|n| programs::which(n).is_none()).cloned().collect();
    if !lack.is_empty() {
        return skip(&format!("needs {}", lack.join(", ")));
    }
    if scenario.needs_codex() && given.codex.is_none() {
        return skip("needs the real Codex (ENVSPLIT_CODEX, or scripts/test, which fetches it)");
    }
    let began = Instant::now();
    let ran = in_namespaces(given, means, file);
    let took = began.elapsed().as_secs_f64();
    match ran {
        Ok(out) if out.code == 0 => {
            let note = if given.verbose { out.text() } else { String::new() };
            (Outcome::Passed, format!("ok      {} ({took:.1} s)\n{note}", scenario.id))
        }
        Ok(out) => (Outcome::Failed, format!("FAILED  {} ({took:.1} s)\n{}", scenario.id, out.text())),
        Err(why) => (Outcome::Failed, format!("FAILED  {}\n         {why}", scenario.id)),
    }
}

fn in_namespaces(given: &Arguments, means: Means, file: &Path) -> Result<exec::Output, String> {
    let root = tempfile::Builder::new().prefix("envsplit-lab-").tempdir_in("/var/tmp");
    let root = root.map_err(|e| format!("/var/tmp: {e}"))?;
    let me = std::env::current_exe().map_err(|e| format!("this program's own path: {e}"))?;
    let mut command: Command = means.enter();
    command.arg(me).arg("--inside").arg(root.path()).arg(file);
    for (flag, set) in [
        ("--truth-only", given.truth_only),
        ("--as-root", given.as_root),
        ("-v", given.verbose),
        ("--user-namespace", means == Means::UserNamespace),
    ] {
        if set {
            command.arg(flag);
        }
    }
    if let Some(agent) = given.agent {
        command.args(["--with-agent", agent.word()]);
    }
    for (option, path) in [("--bin", &given.bin), ("--codex", &given.codex)] {
        if let Some(path) = path {
            command.arg(option).arg(path);
        }
    }
    std::os::unix::process::CommandExt::process_group(&mut command, 0);
    let ran = exec::run(&mut command, LIMIT);
    // A scenario may have taken the rights to its own directories away.
    let mut open = Command::new("chmod");
    let _ = exec::run(open.args(["-R", "u+rwX", "--"]).arg(root.path()), Duration::from_mins(1));
    root.close().map_err(|e| format!("the lab could not be removed: {e}"))?;
    ran
}

/// The first process of the new namespaces. What is wrong goes to standard output, a line each.
fn inside(given: &Arguments, root: &Path) -> Result<bool, String> {
    let file = given.names.first().ok_or(USAGE)?;
    let scenario = Scenario::read(Path::new(file))?;
    let options = Options {
        root: root.to_path_buf(),
        means: if given.user_namespace { Means::UserNamespace } else { Means::Root },
        as_root: given.as_root,
        codex: given.codex.clone(),
        bin: given.bin.clone(),
        agent: given.agent,
    };
    let mut bad = Vec::new();
    match Lab::lay_out(&scenario, options) {
        Err(why) => bad.push(format!("lay-out: {why}")),
        Ok(mut lab) => {
            bad.extend(lab.truths().into_iter().map(|why| format!("truth: {why}")));
            bad.extend(judge::lint(&lab).into_iter().map(|why| format!("scenario: {why}")));
            if !given.truth_only {
                bad.extend(checked(&lab, given.verbose));
                if let Some(heal) = scenario.heal.as_ref().filter(|_| bad.is_empty()) {
                    bad.extend(lab.heal(heal));
                }
            }
        }
    }
    for line in &bad {
        println!("         {line}");
    }
    Ok(bad.is_empty())
}

fn checked(lab: &Lab<'_>, verbose: bool) -> Vec<String> {
    let (began, clock) = (SystemTime::now(), Instant::now());
    let out = match lab.check() {
        Ok(out) => out,
        Err(why) => return vec![why],
    };
    let took = clock.elapsed();
    let (mut bad, report) = judge::judge(lab, &out);
    let streams = [("stdout", &out.stdout[..]), ("stderr", &out.stderr[..])];
    bad.extend(leaks::find(&lab.secrets.borrow(), &streams, lab.root(), began));
    if verbose {
        let report = report.and_then(|r| serde_json::to_string_pretty(&r).ok()).unwrap_or_default();
        println!(
            "{report:.20000}\n{:.2000}\n{:.2} s",
            String::from_utf8_lossy(&out.stderr),
            took.as_secs_f64()
        );
    }
    bad
}

fn absolute(path: &str) -> Result<PathBuf, String> {
    std::path::absolute(path).map_err(|e| format!("{path}: {e}"))
}
