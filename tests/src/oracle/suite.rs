//! Generates, asks both sides, shrinks what differs, counts.
use super::compare::{self, Difference};
use super::mock::Mock;
use super::server::{Failed, Server};
use super::world::{Look, Machine, Start, World, fill};
use super::{generate, warnings, wire};
use proptest::strategy::{Strategy, ValueTree};
use proptest::test_runner::{Config, RngAlgorithm, TestRng, TestRunner};
use std::collections::BTreeSet;
use std::fmt::Write as _;
use std::io::Write as _;
use std::path::PathBuf;
use std::time::{Duration, Instant};

/// Worlds for one start of an app-server.
const BATCH: usize = 20;
/// Questions that may be spent on making one disagreement smaller.
const SHRINKING: usize = 150;
/// And the time for it.
const SHRINK_TIME: Duration = Duration::from_secs(6);
/// Different disagreements after which a run ends.
const ENOUGH: usize = 12;

/// What a run is to do.
#[derive(Clone, Debug)]
pub struct Plan {
    /// The real Codex.
    pub codex: PathBuf,
    /// Where.
    pub machine: Machine,
    /// Configs to compare.
    pub configs: usize,
    /// Runs of `codex exec` to compare.
    pub runs: usize,
    /// The same seed gives the same cases.
    pub seed: u64,
    /// After this no new batch begins.
    pub limit: Duration,
    /// Whether to end at the first disagreement, without making it smaller.
    pub first: bool,
}

/// What came of it.
#[derive(Clone, Debug, Default)]
pub struct Report {
    /// Cases in which both sides say the same.
    pub agreed: usize,
    /// Cases in which they do not.
    pub disagreed: usize,
    /// Cases in which the program could not be asked.
    pub failed: usize,
    /// Of the agreed, those in which both refuse the config.
    pub refused: usize,
}

struct Suite<'p> {
    plan: &'p Plan,
    report: Report,
    kinds: BTreeSet<String>,
}

fn runner(seed: u64, batch: u64) -> TestRunner {
    let mut bytes = [0; 32];
    bytes[..8].copy_from_slice(&seed.to_le_bytes());
    bytes[8..16].copy_from_slice(&batch.to_le_bytes());
    TestRunner::new_with_rng(Config::default(), TestRng::from_seed(RngAlgorithm::ChaCha, &bytes))
}

/// Runs the plan. The error says why it could not be run at all.
pub fn run(plan: &Plan) -> Result<Report, String> {
    let mut suite = Suite { plan, report: Report::default(), kinds: BTreeSet::new() };
    let mock = Mock::listen().map_err(|e| format!("the loopback provider: {e}"))?;
    let began = Instant::now();
    let (mut configs, mut runs, mut batch) = (0, 0, 0);
    while (configs < plan.configs || runs < plan.runs) && began.elapsed() < plan.limit && !suite.is_enough() {
        batch += 1;
        let mut runner = runner(plan.seed, batch);
        // Both kinds keep step, so that a limit cuts both alike.
        if configs * plan.runs.max(1) <= runs * plan.configs.max(1) && configs < plan.configs
            || runs >= plan.runs
        {
            let count = BATCH.min(plan.configs - configs);
            let before = suite.asked();
            suite.batch(&mut runner, count)?;
            configs += suite.asked() - before;
        } else {
            suite.exec(&mut runner, &mock)?;
            runs += 1;
        }
    }
    Ok(suite.report)
}

impl Suite<'_> {
    fn asked(&self) -> usize {
        self.report.agreed + self.report.disagreed + self.report.failed
    }

    fn is_enough(&self) -> bool {
        self.kinds.len() >= ENOUGH || (self.plan.first && self.report.disagreed > 0)
    }

    /// One start of an app-server, and many worlds that it is asked about.
    fn batch(&mut self, runner: &mut TestRunner, count: usize) -> Result<(), String> {
        let machine = &self.plan.machine;
        let new = |e: proptest::test_runner::Reason| format!("the generator: {e}");
        let mut start_tree = generate::start().new_tree(runner).map_err(new)?;
        let start = start_tree.current();
        let mut server: Option<Server> = None;
        for number in 0..count {
            let mut tree = generate::world(machine.private_etc).new_tree(runner).map_err(new)?;
            let world = tree.current();
            machine.lay_out(&world)?;
            if server.is_none() {
                match self.begin(&start, &world)? {
                    Begun::Server(begun, found) => {
                        server = Some(*begun);
                        self.count(&found, false);
                        if self.is_new(&found) {
                            let found = shrink(&mut tree, found, |w| self.warned(&start, w));
                            self.tell(&start, &tree.current(), &found);
                        }
                        machine.lay_out(&world)?;
                    }
                    Begun::Refused(found) => {
                        self.count(&found, true);
                        if self.is_new(&found) {
                            let found = shrink(&mut start_tree, found, |s| self.refused(s, &world));
                            self.tell(&start_tree.current(), &world, &found);
                        }
                        return Ok(());
                    }
                    Begun::Oracle => return Ok(()),
                }
            }
            let Some(asked) = &mut server else { continue };
            let mut answer = ask(machine, asked, &start, &world);
            if answer.is_err()
                && let Ok(fresh) = Server::start(&self.plan.codex, machine, &start)
            {
                // A server that has stopped to answer says nothing about the case.
                *asked = fresh;
                answer = ask(machine, asked, &start, &world);
            }
            match answer {
                Err(why) => {
                    self.report.failed += 1;
                    say(&format!("oracle failed: {why}\n{start:?}\n{world:?}"));
                    server = None;
                }
                Ok((found, refused)) => {
                    self.count(&found, refused);
                    if self.is_new(&found) {
                        let found = shrink(&mut tree, found, |w| {
                            machine.lay_out(w).ok()?;
                            ask(machine, asked, &start, w).ok().map(|a| a.0)
                        });
                        self.tell(&start, &tree.current(), &found);
                    }
                }
            }
            if self.is_enough() && number > 0 {
                break;
            }
        }
        Ok(())
    }

    fn begin(&mut self, start: &Start, world: &World) -> Result<Begun, String> {
        let machine = &self.plan.machine;
        match Server::start(&self.plan.codex, machine, start) {
            Ok(mut server) => {
                // Warnings come before the answer to anything else.
                if server.config(None).is_err() {
                    self.report.failed += 1;
                    return Ok(Begun::Oracle);
                }
                let found = self.start_differs(start, &server);
                Ok(Begun::Server(Box::new(server), found))
            }
            Err(Failed::Ended(text)) => {
                let found = self.ended(start, world, &text);
                Ok(Begun::Refused(found))
            }
            Err(Failed::Oracle(why)) => {
                self.report.failed += 1;
                say(&format!("oracle failed: {why}"));
                Ok(Begun::Oracle)
            }
        }
    }

    fn start_differs(&self, start: &Start, server: &Server) -> Vec<Difference> {
        // At its start the app-server reads the config of the directory in which it is.
        let cwd = std::fs::canonicalize(fill(&start.process_cwd, &self.plan.machine.root));
        let cwd = cwd.map(|c| c.to_string_lossy().into_owned()).ok();
        self.plan.machine.resolved(cwd.as_deref(), start, |r| {
            let view = r.view();
            let mut found = Vec::new();
            if view.home.as_deref() != Some(&server.home) {
                found.push(Difference::new("home", format!("Codex {}, rules {:?}", server.home, view.home)));
            }
            if !view.problems.iter().any(|p| p.fatal) {
                found.extend(warnings::compare(&view, &server.warnings));
            }
            found
        })
    }

    fn warned(&self, start: &Start, world: &World) -> Option<Vec<Difference>> {
        self.plan.machine.lay_out(world).ok()?;
        let mut server = Server::start(&self.plan.codex, &self.plan.machine, start).ok()?;
        server.config(None).ok()?.ok();
        Some(self.start_differs(start, &server))
    }

    fn refused(&self, start: &Start, world: &World) -> Option<Vec<Difference>> {
        match Server::start(&self.plan.codex, &self.plan.machine, start) {
            Err(Failed::Ended(text)) => Some(self.ended(start, world, &text)),
            _ => None,
        }
    }

    /// Compares what ended a start with what the rules say, of the workspace or of none: both are read at the start.
    fn ended(&self, start: &Start, world: &World, text: &str) -> Vec<Difference> {
        let machine = &self.plan.machine;
        let of = |cwd: Option<&str>| machine.resolved(cwd, start, |r| ended(&r.view(), text, machine, start));
        let none = of(None);
        if none.is_empty() { none } else { of(world.cwd.as_deref()) }
    }

    fn exec(&mut self, runner: &mut TestRunner, mock: &Mock) -> Result<(), String> {
        let new = |e: proptest::test_runner::Reason| format!("the generator: {e}");
        let mut tree = wire::case(mock.port, self.plan.machine.private_etc).new_tree(runner).map_err(new)?;
        let plan = self.plan;
        let asked = |case: &(Start, World)| wire::ask(&plan.codex, &plan.machine, mock, &case.0, &case.1);
        match asked(&tree.current()) {
            Err(why) => {
                let (start, world) = tree.current();
                self.report.failed += 1;
                say(&format!("oracle failed: {why}\n{start:?}\n{world:?}"));
            }
            Ok((found, refused)) => {
                self.count(&found, refused);
                if self.is_new(&found) {
                    let found = shrink(&mut tree, found, |case| asked(case).ok().map(|a| a.0));
                    let (start, world) = tree.current();
                    self.tell(&start, &world, &found);
                }
            }
        }
        Ok(())
    }

    fn count(&mut self, found: &[Difference], refused: bool) {
        if found.is_empty() {
            self.report.agreed += 1;
            self.report.refused += usize::from(refused);
        } else {
            self.report.disagreed += 1;
        }
    }

    /// Whether a disagreement is of a kind that was not seen yet, so that its case is made smaller and printed.
    fn is_new(&mut self, found: &[Difference]) -> bool {
        let new = found.first().is_some_and(|f| self.kinds.insert(f.kind.clone()));
        if new && self.plan.first {
            let texts = found.iter().map(|f| format!("{} | {}", f.kind, f.detail));
            texts.for_each(|text| say(&text));
        }
        new && !self.plan.first
    }

    fn tell(&mut self, start: &Start, world: &World, found: &[Difference]) {
        let mut text = String::new();
        for difference in found {
            let detail = difference.detail.replace('\n', "\n      ");
            let _ = writeln!(text, "  [{}]\n      {detail}", difference.kind);
        }
        let _ = write!(text, "    start {start:?}\n{world:?}");
        say(&text);
    }
}

/// Prints at once: a long run shows what it found.
fn say(text: &str) {
    // A reader that is gone is no reason to end.
    let _ = writeln!(std::io::stdout(), "{text}");
}

enum Begun {
    Server(Box<Server>, Vec<Difference>),
    Refused(Vec<Difference>),
    Oracle,
}

/// Compares what ended a start with what the rules call fatal.
fn ended(
    view: &envsplit_model::CodexView,
    stderr: &str,
    machine: &Machine,
    start: &Start,
) -> Vec<Difference> {
    let fatal: Vec<_> = view.problems.iter().filter(|p| p.fatal).collect();
    let look = |look: Look<'_>| machine.refused(start, look);
    // Words of several lines, or one line with what the program says after it.
    let (_, whole) = stderr.split_once("Error: ").unwrap_or(("", stderr));
    let line = whole.lines().next().unwrap_or_default();
    let found = compare::refusal(&fatal, whole, &look);
    found.and_then(|found| compare::refusal(&fatal, line, &look).map(|_| found)).into_iter().collect()
}

/// One question to a running app-server: what differs, and whether it was refused.
fn ask(
    machine: &Machine,
    server: &mut Server,
    start: &Start,
    world: &World,
) -> Result<(Vec<Difference>, bool), String> {
    let cwd = world.cwd.as_deref().map(|c| fill(c, &machine.root));
    let answer = server.config(cwd.as_deref())?;
    let look = |look: Look<'_>| machine.refused(start, look);
    let found = machine.resolved(world.cwd.as_deref(), start, |r| compare::config(&r.view(), &answer, &look));
    Ok((found, answer.is_err()))
}

/// Makes a failing case smaller as long as a difference of the same kind remains.
fn shrink<T: ValueTree>(
    tree: &mut T,
    mut found: Vec<Difference>,
    mut again: impl FnMut(&T::Value) -> Option<Vec<Difference>>,
) -> Vec<Difference> {
    let kind = |d: &Difference| d.kind.split(':').next().unwrap_or_default().to_owned();
    let wanted = found.first().map(&kind);
    let mut simpler = tree.simplify();
    let began = Instant::now();
    for _ in 0..SHRINKING {
        if !simpler || began.elapsed() > SHRINK_TIME {
            break;
        }
        match again(&tree.current()) {
            Some(now) if now.first().map(&kind) == wanted && wanted.is_some() => {
                found = now;
                simpler = tree.simplify();
            }
            _ => simpler = tree.complicate(),
        }
    }
    // The tree may stand at a case that agrees: it goes back to the last that did not.
    if again(&tree.current()).is_none_or(|now| now.first().map(&kind) != wanted) {
        while tree.complicate() {
            if let Some(now) = again(&tree.current())
                && now.first().map(&kind) == wanted
            {
                return now;
            }
        }
    }
    found
}
