//! The command line's grammar.
use clap::{Args as ClapArgs, Parser, Subcommand, ValueEnum};

/// Finds where an environment variable, or a Codex config, is lost between your shell, your IDE and Codex.
///
/// `envsplit` alone means `envsplit check`. No value of a variable is ever shown.
#[derive(Debug, Parser)]
#[command(name = "envsplit", version, propagate_version = true, disable_help_subcommand = true)]
pub(crate) struct Args {
    /// What to do.
    #[command(subcommand)]
    pub(crate) command: Option<Command>,
    #[command(flatten)]
    pub(crate) common: Common,
}

/// The commands.
#[derive(Debug, Subcommand)]
pub(crate) enum Command {
    /// Observe every place and report where something is lost
    Check {
        /// Look again until the verdict is this one, at the longest for `--timeout` seconds.
        #[arg(long, value_name = "VERDICT", value_enum)]
        wait_for: Option<Wanted>,
    },
    /// Where NAME is set, where it is visible, where it is lost
    Env {
        /// The variable.
        #[arg(value_parser = name)]
        name: String,
    },
    /// The effective Codex config at each place, each value with its origin
    Config {
        /// Show what each value overrides as well.
        #[arg(long, conflicts_with = "diff")]
        all: bool,
        /// Show the keys in which these two places differ: ids, roles or globs of ids.
        #[arg(long, num_args = 2, value_names = ["PLACE", "PLACE"])]
        diff: Vec<String>,
    },
    /// The places and where each environment comes from, as a tree
    Places,
    /// What a cause code means, or what a pasted error proves
    Explain {
        /// A code, such as `env/rc-early-return`; or the text of an error; `-` reads it from standard input.
        #[arg(required = true, num_args = 1.., value_name = "CODE|TEXT")]
        text: Vec<String>,
    },
    /// What changed when, and since when something fails, from the background agent's journal
    History {
        /// The most changes to show.
        #[arg(long, value_name = "N", default_value = "100", value_parser = clap::value_parser!(u32).range(1..))]
        limit: u32,
        /// Only changes from then on: `14:02`, `yesterday`, `2026-11-22`, `2h`, `3 days`, a full timestamp.
        #[arg(long, value_name = "TIME", value_parser = crate::commands::since)]
        since: Option<jiff::Timestamp>,
    },
    /// What to do about a finding: the exact edits and commands
    Fix {
        /// Only for findings with this cause code.
        #[arg(value_name = "CODE")]
        code: Option<String>,
        /// Make the first fix of each finding that is marked safe, with a backup
        #[arg(long, conflicts_with = "undo")]
        apply: bool,
        /// Take back the last `--apply`, or the one with this number
        #[arg(long, value_name = "BACKUP", num_args = 0..=1, default_missing_value = "")]
        undo: Option<String>,
    },
    /// Print every change of the report as it happens
    Watch,
    /// The background agent
    Daemon {
        /// What about it.
        #[command(subcommand)]
        what: Daemon,
    },
    /// JSON-RPC on standard input and output for an editor: starts the background agent where it does not run
    Rpc,
    /// Print a completion script for a shell
    Completions {
        /// The shell.
        shell: clap_complete::Shell,
    },
    /// Print the manual page
    Man,
}

/// What about the background agent.
#[derive(Debug, Subcommand)]
pub(crate) enum Daemon {
    /// Run it here, in the foreground
    Run {
        /// End after so many seconds without a client.
        #[arg(long, value_name = "SECONDS", value_parser = clap::value_parser!(u64).range(1..))]
        idle_exit: Option<u64>,
    },
    /// Start it, where it does not run
    Start,
    /// End it
    Stop,
    /// End it and start it anew
    Restart,
    /// Whether it runs, what it watches, what it has cost
    Status,
    /// Have the systemd user manager start it when it is asked (socket activation)
    Install {
        /// Print the units and change nothing.
        #[arg(long)]
        print: bool,
    },
    /// Take the systemd units away
    Uninstall,
    /// Print its log
    Logs {
        /// Go on as it grows.
        #[arg(short, long)]
        follow: bool,
        /// The last lines.
        #[arg(short = 'n', long, value_name = "LINES", default_value_t = 50)]
        lines: usize,
    },
}

/// A verdict to wait for.
#[derive(Clone, Copy, Debug, PartialEq, Eq, ValueEnum)]
pub(crate) enum Wanted {
    /// No error.
    Consistent,
    /// Something is lost between two places.
    Split,
    /// The fault is the same everywhere.
    Broken,
}

/// Options of every command.
#[derive(Debug, ClapArgs)]
#[allow(clippy::struct_excessive_bools)] // each is a switch of its own
pub(crate) struct Common {
    /// Look at this variable as well (repeatable); by default at the `env_key` of each place's provider
    #[arg(long, global = true, value_name = "NAME", value_parser = name)]
    pub(crate) key: Vec<String>,
    /// Ask for Codex run in this directory
    #[arg(long, global = true, value_name = "DIR")]
    pub(crate) cwd: Option<String>,
    /// Codex's `--profile`, for this terminal
    #[arg(long, global = true, value_name = "NAME")]
    pub(crate) profile: Option<String>,
    /// Codex's `-c key=value`, for this terminal (repeatable)
    #[arg(short = 'c', long = "config", global = true, value_name = "KEY=VALUE")]
    pub(crate) overrides: Vec<String>,
    /// Treat this process as the one that fails
    #[arg(long, global = true, value_name = "PID", value_parser = clap::value_parser!(u32).range(1..))]
    pub(crate) pid: Option<u32>,
    /// Limit the answer to these places: an id, a role, or a glob of ids
    #[arg(long, global = true, value_name = "PLACE")]
    pub(crate) at: Option<String>,
    /// How to print
    #[arg(long, global = true, value_enum, value_name = "FORMAT")]
    pub(crate) format: Option<Format>,
    /// Short for `--format json`
    #[arg(long, global = true, conflicts_with = "format")]
    pub(crate) json: bool,
    /// Run no start-up file
    #[arg(long, global = true)]
    pub(crate) no_shells: bool,
    /// Ask no background agent
    #[arg(long, global = true)]
    pub(crate) no_daemon: bool,
    /// Exit with 1 on warnings, too
    #[arg(long, global = true)]
    pub(crate) strict: bool,
    /// Colours
    #[arg(long, global = true, value_enum, default_value_t = Color::Auto, value_name = "WHEN")]
    pub(crate) color: Color,
    /// Print the answer and nothing else
    #[arg(short, long, global = true)]
    pub(crate) quiet: bool,
    /// Say what is done (`-vv`: more)
    #[arg(short, long, global = true, action = clap::ArgAction::Count)]
    pub(crate) verbose: u8,
    /// Time limit of one probe
    #[arg(long, global = true, value_name = "SECONDS", default_value_t = DEFAULT_LIMIT, value_parser = seconds)]
    pub(crate) timeout: f64,
}

impl Common {
    /// Whether `--timeout` was given.
    pub(crate) fn asks_for_another_limit(&self) -> bool {
        (self.timeout - DEFAULT_LIMIT).abs() > f64::EPSILON
    }

    pub(crate) fn wants_json(&self) -> bool {
        self.json || self.format == Some(Format::Json)
    }
}

/// The time limit of one probe, in seconds.
const DEFAULT_LIMIT: f64 = 10.0;

/// How to print.
#[derive(Clone, Copy, Debug, PartialEq, Eq, ValueEnum)]
pub(crate) enum Format {
    /// For people.
    Human,
    /// The report as the schema says.
    Json,
}

/// When to colour.
#[derive(Clone, Copy, Debug, PartialEq, Eq, ValueEnum)]
pub(crate) enum Color {
    /// On a terminal, unless `NO_COLOR` is set.
    Auto,
    /// Always.
    Always,
    /// Never.
    Never,
}

/// A variable's name. A value given by mistake must not be repeated, so the message does not quote it.
fn name(text: &str) -> Result<String, &'static str> {
    if text.is_empty() {
        return Err("a variable's name is expected");
    }
    if text.contains('=') {
        return Err("a variable's name is expected, without `=` and value");
    }
    if text.len() > 200 || text.chars().any(char::is_control) {
        return Err("that is no variable's name");
    }
    Ok(text.to_owned())
}

fn seconds(text: &str) -> Result<f64, &'static str> {
    match text.parse::<f64>() {
        Ok(s) if (0.1..=600.0).contains(&s) => Ok(s),
        _ => Err("a number of seconds from 0.1 to 600 is expected"),
    }
}
