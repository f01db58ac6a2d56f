//! A writer that is killed at any instant leaves a whole journal, with everything in it that it had been told was
//! written. `ENVSPLIT_ROUNDS` for more rounds.
#![allow(clippy::unwrap_used, clippy::disallowed_methods)] // helpers of tests fail as tests do; the tests' own files
mod machine;

use envsplit_daemon::{Journal, Query};
use envsplit_model::history::What;
use machine::{report, time};
use std::io::{BufRead as _, BufReader, Write as _};
use std::path::Path;
use std::process::{Command, ExitCode, Stdio};

/// Set for the child: the journal's folder.
const WRITER: &str = "ENVSPLIT_TEST_WRITER";

/// Set for the child: the number to go on from.
const FROM: &str = "ENVSPLIT_TEST_FROM";

fn main() -> ExitCode {
    if let Some(dir) = std::env::var_os(WRITER) {
        write_until_killed(Path::new(&dir), std::env::var(FROM).unwrap().parse().unwrap());
    }
    if std::env::args().any(|a| a == "--list") {
        println!("killed: test");
        return ExitCode::SUCCESS;
    }
    let rounds = std::env::var("ENVSPLIT_ROUNDS").ok().and_then(|n| n.parse().ok()).unwrap_or(40);
    let dir = tempfile::tempdir().unwrap();
    let mut told = 0;
    let mut random = 0x2545_f491_4f6c_dd1d_u64;
    for round in 0..rounds {
        random ^= random << 13;
        random ^= random >> 7;
        random ^= random << 17;
        told = one(dir.path(), told, random);
        check(dir.path(), told, round);
    }
    println!("killed {rounds} times, {told} changes written, none lost");
    ExitCode::SUCCESS
}

/// Says each number once it is in the journal.
fn write_until_killed(dir: &Path, from: u64) -> ! {
    let mut journal = Journal::open(dir, time(0)).journal;
    let mut out = std::io::stdout();
    for n in from.. {
        journal.record(&report(n), time(0));
        assert_eq!(journal.trouble(), None);
        writeln!(out, "{n}").and_then(|()| out.flush()).unwrap();
    }
    unreachable!("the numbers do not end")
}

/// Starts a writer, kills it some time after some numbers, and gives the last one that it said.
fn one(dir: &Path, told: u64, random: u64) -> u64 {
    let mut child = Command::new(std::env::current_exe().unwrap())
        .env(WRITER, dir)
        .env(FROM, (told + 1).to_string())
        .stdout(Stdio::piped())
        .spawn()
        .unwrap();
    let mut lines = BufReader::new(child.stdout.take().unwrap()).lines().map_while(Result::ok);
    let mut last = told;
    for line in lines.by_ref().take(usize::try_from(random % 50).unwrap()) {
        last = line.parse().unwrap();
    }
    for _ in 0..random % 300_000 {
        std::hint::spin_loop();
    }
    child.kill().unwrap();
    // What it said and nobody has read yet counts, too.
    last = lines.map(|l| l.parse().unwrap()).last().unwrap_or(last);
    assert!(!child.wait().unwrap().success(), "it was killed");
    last
}

fn check(dir: &Path, told: u64, round: u32) {
    let opened = Journal::open(dir, time(0));
    assert_eq!(opened.trouble, None, "round {round}");
    let history = opened.journal.history(&Query::default());
    assert_eq!(history.trouble, None, "round {round}");
    let models: Vec<u64> = history
        .entries
        .iter()
        .rev()
        .filter_map(|c| match &c.what {
            What::ConfigValueChanged { after: Some(v), .. } => {
                v.value.as_str()?.strip_prefix('m')?.parse().ok()
            }
            _ => None,
        })
        .collect();
    assert!(
        told <= 1 || models.last().is_some_and(|last| *last >= told),
        "round {round}: {told} {:?}",
        models.last()
    );
    for n in 2..=told {
        assert!(models.contains(&n) || told > 15_000, "round {round}: {n} was said to be written");
    }
    assert_eq!(
        std::fs::read_dir(dir)
            .unwrap()
            .filter(|e| { e.as_ref().unwrap().file_name().to_string_lossy().contains("corrupt") })
            .count(),
        0
    );
}
