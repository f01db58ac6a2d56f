//! Errors of the command line: a kind, which gives the exit code, a message and hints.
use crate::output;
use serde::Serialize;
use std::process::ExitCode;

/// The exit code of an internal error.
pub(crate) const INTERNAL: u8 = 70;

/// What went wrong.
#[derive(Clone, Copy, Debug, PartialEq, Eq, Serialize)]
#[serde(rename_all = "kebab-case")]
pub(crate) enum Kind {
    /// Wrong usage.
    Usage,
    /// A fault of this program or of the system below it.
    Internal,
    /// Nobody reads the output any more: an end, not a fault.
    Closed,
}

/// An error of the command line.
#[derive(Debug)]
pub(crate) struct Error {
    kind: Kind,
    message: String,
    hints: Vec<String>,
}

#[derive(Serialize)]
struct Wire<'a> {
    schema: &'static str,
    kind: Kind,
    message: &'a str,
    hints: &'a [String],
}

impl Error {
    /// Wrong usage.
    pub(crate) fn usage(message: impl Into<String>) -> Self {
        Self { kind: Kind::Usage, message: message.into(), hints: vec![] }
    }

    /// A fault.
    pub(crate) fn internal(message: impl Into<String>) -> Self {
        Self { kind: Kind::Internal, message: message.into(), hints: vec![] }
    }

    /// Nobody reads the output any more.
    pub(crate) fn closed() -> Self {
        Self { kind: Kind::Closed, message: String::new(), hints: vec![] }
    }

    /// With something to do about it.
    pub(crate) fn hint(mut self, hint: impl Into<String>) -> Self {
        self.hints.push(hint.into());
        self
    }

    /// Prints it and gives the exit code.
    pub(crate) fn report(&self, json: bool) -> ExitCode {
        if self.kind == Kind::Closed {
            return ExitCode::SUCCESS;
        }
        if json {
            let wire = Wire {
                schema: "envsplit.error/v1",
                kind: self.kind,
                message: &self.message,
                hints: &self.hints,
            };
            output::note(&serde_json::to_string(&wire).unwrap_or_default());
        } else {
            output::note(&format!("error: {}", self.message));
            for hint in &self.hints {
                output::note(&format!("  hint: {hint}"));
            }
        }
        ExitCode::from(match self.kind {
            Kind::Usage => 2,
            Kind::Internal => INTERNAL,
            Kind::Closed => 0,
        })
    }
}

/// An error of the grammar, or the asked-for help or version.
pub(crate) fn usage(e: &clap::Error) -> ExitCode {
    use clap::error::{ContextKind, ContextValue, ErrorKind};
    if matches!(e.kind(), ErrorKind::DisplayHelp | ErrorKind::DisplayVersion) {
        let _ = e.print();
        return ExitCode::SUCCESS;
    }
    let json = output::argument_given("--json") || output::argument_given("--format=json");
    // Clap quotes what was typed; a value typed by mistake must not be repeated. What stays is the option's name.
    let text = |kind| match e.get(kind) {
        Some(ContextValue::String(s)) => Some(s.clone()),
        Some(ContextValue::Strings(s)) => Some(s.join(", ")),
        _ => None,
    };
    let option = text(ContextKind::InvalidArg);
    let message = match (e.kind(), option) {
        (ErrorKind::UnknownArgument, Some(arg)) if arg.len() <= 24 && arg.starts_with('-') => {
            format!("`{}` is no option of envsplit", arg.split('=').next().unwrap_or_default())
        }
        (ErrorKind::InvalidSubcommand, _) => "that is no command of envsplit".to_owned(),
        (ErrorKind::MissingRequiredArgument, Some(arg)) => format!("{arg} is missing"),
        (ErrorKind::ArgumentConflict, Some(arg)) => format!("`{arg}` does not go with the other options"),
        (ErrorKind::ValueValidation, Some(arg)) => {
            let why = std::error::Error::source(e).map(ToString::to_string).unwrap_or_default();
            format!("`{arg}`: {why}")
        }
        (ErrorKind::InvalidValue, Some(arg)) => match text(ContextKind::ValidValue) {
            Some(valid) if !valid.is_empty() => format!("`{arg}` takes one of: {valid}"),
            _ => format!("`{arg}` wants a value"),
        },
        (_, Some(arg)) if arg.starts_with(['-', '<']) => format!("`{arg}` cannot be used so"),
        _ => "that is not understood".to_owned(),
    };
    Error::usage(message).hint("`envsplit --help` lists commands and options").report(json)
}
