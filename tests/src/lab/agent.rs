//! A background agent in the lab: the same answer is expected of it as of a look without one.
use super::Lab;
use crate::exec;
use crate::scenario::{Command, Step};
use serde_json::Value;
use std::fs;
use std::path::PathBuf;
use std::process::{Child, Stdio};
use std::time::Duration;

/// When the agent is started.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub enum Agent {
    /// Before the steps; it is asked once then, so that it knows a world that the steps change.
    Before,
    /// After the steps.
    After,
}

impl Agent {
    /// Reads the value of `--with-agent`.
    pub fn parse(word: &str) -> Option<Agent> {
        match word {
            "before" => Some(Agent::Before),
            "after" => Some(Agent::After),
            _ => None,
        }
    }

    /// The value of `--with-agent`.
    pub fn word(self) -> &'static str {
        match self {
            Agent::Before => "before",
            Agent::After => "after",
        }
    }
}

/// The agent's process, ended with the lab.
#[derive(Debug, Default)]
pub(super) struct Running(Option<Child>);

impl Drop for Running {
    fn drop(&mut self) {
        self.0.as_mut().map(exec::kill);
    }
}

impl Lab<'_> {
    /// Starts the agent, from an environment of its own, and waits until it can be asked.
    pub(super) fn start_agent(&mut self) -> Result<(), String> {
        let log = self.root().join("agent.log");
        let out = fs::File::create(&log).map_err(|e| format!("{}: {e}", log.display()))?;
        let run = ["{{BIN}}", "daemon", "run"].map(str::to_owned);
        let mut command = self.command(&Command::default(), &run)?;
        let err = out.try_clone().map_err(|e| format!("{}: {e}", log.display()))?;
        let child = command.stdin(Stdio::null()).stdout(out).stderr(err).spawn();
        self.agent = Running(Some(child.map_err(|e| format!("the agent: {e}"))?));
        if exec::wait_for(Duration::from_secs(30), || self.served().is_ok()) {
            return Ok(());
        }
        Err(format!("the agent is not there: {}", fs::read_to_string(&log).unwrap_or_default()))
    }

    /// One question before anything happens.
    pub(super) fn ask_ahead(&self) -> Result<(), String> {
        let check = ["{{BIN}}", "check", "--json"].map(str::to_owned);
        self.run(&Command::default(), &check, 90.0).map(drop)
    }

    /// How many requests the agent has answered, but for this one.
    pub(super) fn served(&self) -> Result<u64, String> {
        let status = ["{{BIN}}", "daemon", "status", "--json"].map(str::to_owned);
        let out = self.run(&Command::default(), &status, 20.0)?;
        let said: Value = serde_json::from_slice(&out.stdout).map_err(|e| format!("daemon status: {e}"))?;
        said["requests_served"]
            .as_u64()
            .map(|n| n - 1)
            .ok_or_else(|| format!("daemon status: {}", out.text()))
    }

    /// The folder of the socket where the lab's user is this machine's root, whose own place labs would share.
    pub(super) fn agent_dir(&self) -> Option<PathBuf> {
        (self.options.agent.is_some() && self.options.as_root).then(|| self.root().join("tmp/agent"))
    }

    /// Runs the steps, with the agent started before or after them.
    pub(super) fn steps(&mut self, steps: &[Step]) -> Result<(), String> {
        if self.options.agent == Some(Agent::Before) {
            self.start_agent()?;
            self.ask_ahead()?;
        }
        for step in steps {
            self.step(step)?;
        }
        if self.options.agent == Some(Agent::After) {
            self.start_agent()?;
        }
        Ok(())
    }
}

/// A scenario's question, asked of the agent: a question with a time limit of its own is not the agent's.
pub(super) fn of_agent(argv: &mut Vec<String>) -> bool {
    argv.retain(|a| a != "--no-daemon");
    !argv.iter().any(|a| a == "--timeout")
}
