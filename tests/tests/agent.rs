//! The background agent as a whole, the real program on a real socket: `tests/README.md`.
//!
//! Each test runs in namespaces of its own, with a home, a user database and a process table that are its alone.
#![allow(clippy::unwrap_used, missing_docs, reason = "a test ends at what fails")]
#![allow(clippy::disallowed_methods, reason = "the tests start the real program on scratch machines")]
#![allow(clippy::unnecessary_wraps, reason = "a test that was skipped says why, and all have one type")]
#![allow(clippy::print_stdout, reason = "a suite reports on standard output")]

#[path = "agent/canaries.rs"]
mod canaries;
#[path = "agent/editor.rs"]
mod editor;
#[path = "agent/hostile.rs"]
mod hostile;
#[path = "agent/life.rs"]
mod life;
#[path = "agent/load.rs"]
mod load;
#[path = "agent/scene.rs"]
mod scene;
#[path = "agent/strangers.rs"]
mod strangers;
#[path = "agent/tools.rs"]
mod tools;
#[path = "agent/watching.rs"]
mod watching;
#[path = "agent/wire.rs"]
mod wire;

use envsplit_tests::isolate::Means;
use envsplit_tests::{exec, programs};
use scene::Scene;
use std::path::Path;
use std::process::ExitCode;
use std::sync::atomic::{AtomicUsize, Ordering};
use std::time::{Duration, Instant};

/// What a test says: why it could not be run.
pub(crate) type Done = Result<(), String>;
type Test = (&'static str, fn(&Scene) -> Done);

const SKIPPED: u8 = 77;
/// Puts the first argument over the user database and runs the rest.
const INSIDE: &str = r#"mount --bind "$1" /etc/passwd && shift && "$@"; exit $?"#;

fn tests() -> Vec<Test> {
    [
        life::TESTS,
        strangers::TESTS,
        load::TESTS,
        hostile::TESTS,
        watching::TESTS,
        canaries::TESTS,
        editor::TESTS,
        tools::TESTS,
    ]
    .concat()
}

fn main() -> ExitCode {
    let words: Vec<String> = std::env::args().skip(1).collect();
    let inner: Vec<&str> = words.iter().map(String::as_str).collect();
    match inner.as_slice() {
        ["--inside", name, home, bin, root] => {
            return inside(name, Path::new(home), Path::new(bin), *root == "root");
        }
        ["--stranger", socket] => return strangers::knock(Path::new(socket)),
        ["--reads", file] => return strangers::reads(Path::new(file)),
        _ => {}
    }
    let wanted: Vec<&&str> = inner.iter().filter(|w| !w.starts_with('-')).collect();
    let mut tests = tests();
    tests.retain(|(name, _)| wanted.is_empty() || wanted.iter().any(|w| name.contains(**w)));
    if inner.contains(&"--list") {
        for (name, _) in &tests {
            println!("{name}: test");
        }
        return ExitCode::SUCCESS;
    }
    match suite(&tests) {
        Ok(0) => ExitCode::SUCCESS,
        Ok(_) => ExitCode::FAILURE,
        Err(why) => {
            println!("{why}");
            ExitCode::from(2)
        }
    }
}

/// Runs the tests, a few at a time; says how many failed.
fn suite(tests: &[Test]) -> Result<usize, String> {
    let bin = programs::envsplit()?;
    let means = match Means::find() {
        Ok(means) => means,
        Err(why) => {
            println!("skipped: all of it (no namespaces here: {why})");
            return Ok(0);
        }
    };
    let cores = std::thread::available_parallelism().map_or(1, usize::from);
    let (next, tally) = (AtomicUsize::new(0), [const { AtomicUsize::new(0) }; 3]);
    std::thread::scope(|scope| {
        for _ in 0..cores.min(4) {
            scope.spawn(|| {
                while let Some((name, _)) = tests.get(next.fetch_add(1, Ordering::Relaxed)) {
                    let began = Instant::now();
                    let ran = outside(name, means, &bin);
                    let took = began.elapsed().as_secs_f64();
                    let kind = match ran {
                        Ok(out) if out.code == 0 => {
                            println!("ok      {name} ({took:.1} s)");
                            0
                        }
                        Ok(out) if out.code == i32::from(SKIPPED) => {
                            println!("skipped {name}: {}", out.text().trim());
                            2
                        }
                        Ok(out) => {
                            println!("FAILED  {name} ({took:.1} s)\n{}", out.text());
                            1
                        }
                        Err(why) => {
                            println!("FAILED  {name}: {why}");
                            1
                        }
                    };
                    tally[kind].fetch_add(1, Ordering::Relaxed);
                }
            });
        }
    });
    let [passed, failed, skipped] = tally.map(AtomicUsize::into_inner);
    println!("{passed} passed, {failed} failed, {skipped} skipped");
    Ok(failed)
}

/// Runs one test in new namespaces, in which the caller is root and the user database has that user's home.
fn outside(name: &str, means: Means, bin: &Path) -> Result<exec::Output, String> {
    let home = tempfile::Builder::new()
        .prefix("envsplit-agent-")
        .tempdir_in("/var/tmp")
        .map_err(|e| e.to_string())?;
    let passwd = home.path().join("passwd");
    let text = format!(
        "root:x:0:0::{}:/bin/bash\nother:x:{}:{}::/nonexistent:/bin/sh\n",
        home.path().display(),
        strangers::OTHER,
        strangers::OTHER
    );
    std::fs::write(&passwd, text).map_err(|e| e.to_string())?;
    let me = std::env::current_exe().map_err(|e| e.to_string())?;
    let mut command = means.enter();
    let root = if means == Means::Root { "root" } else { "user" };
    command.args(["sh", "-c", INSIDE, "sh"]).arg(&passwd).arg(me);
    command.args(["--inside", name]).arg(home.path()).arg(bin).arg(root);
    std::os::unix::process::CommandExt::process_group(&mut command, 0);
    // The test is a client, too: what it has in its environment counts.
    command.env_clear().env("HOME", home.path()).env("SHELL", "/bin/bash").env("LANG", "C.UTF-8");
    let kept = ["PATH", "ENVSPLIT_ROUNDS", "ENVSPLIT_CLIENTS", "ENVSPLIT_EACH"];
    command.envs(kept.into_iter().filter_map(|name| Some((name, std::env::var_os(name)?))));
    let limit = std::env::var("ENVSPLIT_TEST_LIMIT").ok().and_then(|s| s.parse().ok()).unwrap_or(300);
    exec::run(&mut command, Duration::from_secs(limit))
}

fn inside(name: &str, home: &Path, bin: &Path, root: bool) -> ExitCode {
    let all = tests();
    let Some((_, test)) = all.iter().find(|(n, _)| *n == name) else { return ExitCode::from(2) };
    match test(&Scene::new(home, bin, root)) {
        Ok(()) => ExitCode::SUCCESS,
        Err(why) => {
            println!("{why}");
            ExitCode::from(SKIPPED)
        }
    }
}
