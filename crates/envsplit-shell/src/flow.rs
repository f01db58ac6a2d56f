//! How commands lead to each other: lists, branches, loops.
use crate::ast::{Arm, Choice, Cmd, Kind, Script, Span};
use crate::condition::{Arg, Tri, decide};
use crate::glob;
use crate::walk::{FRAMES, FrameKind, Function, ROUNDS, STEPS, Walk};
use crate::word::{Expanded, Trust, Var};
use envsplit_model::{Reach, ShellKind};
use std::rc::Rc;

impl Walk<'_> {
    /// A list; the answer is that of its last command.
    pub(crate) fn list(&mut self, list: &[Cmd]) -> Tri {
        list.iter().fold(Tri::Yes, |_, cmd| self.run(cmd))
    }

    /// A whole file's commands.
    pub(crate) fn script(&mut self, script: &Script) -> Tri {
        let mut status = Tri::Yes;
        for (cmd, error) in &script.items {
            status = match error {
                // The shell stops at the error, unless only this reader stumbled: it is not claimed either way.
                Some(at) => {
                    self.branch(*at, Tri::Maybe);
                    self.run(cmd);
                    self.leave();
                    Tri::Maybe
                }
                None => self.run(cmd),
            };
        }
        if let Some(at) = script.errors.first() {
            self.opaque(*at, "syntax error");
            status = Tri::Maybe;
            if self.start.shell == ShellKind::Sh {
                self.branch(*at, Tri::Maybe);
                self.end("error", *at);
                self.leave();
            }
        }
        if let Some(from) = script.lost_from {
            self.branch(script.errors.first().copied().unwrap_or(from), Tri::Maybe);
            self.scan(from);
            self.leave();
        }
        status
    }

    pub(crate) fn run(&mut self, cmd: &Cmd) -> Tri {
        self.steps += 1;
        if self.steps > STEPS || self.frames.len() > FRAMES {
            if self.steps == STEPS + 1 {
                self.opaque(cmd.at, "too many commands");
            }
            return Tri::Maybe;
        }
        match &cmd.kind {
            Kind::Simple(words) => self.simple(cmd.at, words),
            Kind::Test(words) => {
                let args: Vec<Arg> = words.iter().map(|w| self.arg(w)).collect();
                decide(&args, true, self)
            }
            Kind::Chain(first, rest) => self.chain(first, rest),
            Kind::Not(inner) => self.run(inner).not(),
            Kind::Pipe(last) => {
                // zsh, ksh and fish run the last part of a pipe themselves; bash and dash give it a shell of its own.
                if matches!(self.start.shell, ShellKind::Zsh | ShellKind::Ksh | ShellKind::Fish) {
                    self.run(last);
                }
                Tri::Maybe
            }
            Kind::Apart => Tri::Maybe,
            Kind::Group(list) => self.list(list),
            Kind::If { arms, otherwise } => self.conditional(arms, otherwise),
            Kind::Case { word, choices } => self.case(cmd.at, word, choices),
            Kind::While { until, condition, body } => {
                self.enter(FrameKind::Loop);
                self.enter(FrameKind::Round);
                let verdict = self.list(condition);
                let verdict = if *until { verdict.not() } else { verdict };
                self.branch(cmd.at, if verdict == Tri::No { Tri::No } else { Tri::Maybe });
                self.list(body);
                self.leave();
                self.leave();
                self.leave();
                Tri::Maybe
            }
            Kind::For { name, words, body } => self.each(cmd.at, name.as_ref(), words.as_deref(), body),
            Kind::Function { name, body } => {
                let index = self.functions.len();
                let (source, defined) = (Rc::clone(&self.source), self.reach());
                if !matches!(defined, Reach::Skipped { .. }) {
                    self.callable.insert(name.clone(), index);
                }
                let name = name.clone();
                self.functions.push(Function { name, body: Rc::clone(body), source, defined, called: false });
                Tri::Yes
            }
        }
    }

    /// `first && second || third`: each decides whether the next one runs.
    fn chain(&mut self, first: &Cmd, rest: &[(bool, Cmd)]) -> Tri {
        let mut verdict = self.run(first);
        for (and, cmd) in rest {
            let taken = if *and { verdict } else { verdict.not() };
            self.branch(first.at, taken);
            let status = self.run(cmd);
            self.leave();
            verdict = match (taken, *and) {
                (Tri::Yes, _) => status,
                (Tri::No, _) => verdict,
                (Tri::Maybe, true) => verdict.and(status),
                (Tri::Maybe, false) => verdict.or(status),
            };
        }
        verdict
    }

    fn conditional(&mut self, arms: &[Arm], otherwise: &[Cmd]) -> Tri {
        let depth = self.frames.len();
        let mut result = Tri::Yes;
        let mut decided = Tri::No;
        let mut last = 0;
        for arm in arms {
            let verdict = if decided == Tri::Yes { Tri::No } else { self.list(&arm.condition) };
            self.branch(arm.at, verdict);
            let status = self.list(&arm.body);
            self.leave();
            if verdict == Tri::Yes && decided == Tri::No {
                result = status;
            } else if verdict != Tri::No {
                result = Tri::Maybe;
            }
            decided = decided.or(verdict);
            last = arm.at;
            // What follows runs only where this arm did not.
            if verdict == Tri::Maybe {
                self.branch(arm.at, Tri::Maybe);
            }
        }
        self.branch(last, if decided == Tri::Yes { Tri::No } else { Tri::Yes });
        let status = self.list(otherwise);
        self.close(depth);
        if decided == Tri::No { status } else { result }
    }

    /// Leaves frames down to `depth`, keeping what perhaps ended inside them (it is kept by the frame that ends).
    fn close(&mut self, depth: usize) {
        self.frames.truncate(depth);
    }

    fn case(&mut self, at: usize, word: &Span, choices: &[Choice]) -> Tri {
        let depth = self.frames.len();
        let value = self.expand_span(word);
        let mut decided = Tri::No;
        for choice in choices {
            let mut hit = Tri::No;
            for pattern in &choice.patterns {
                hit = hit.or(self.matches(&value, pattern));
            }
            let taken = match decided {
                Tri::Yes => Tri::No,
                _ => hit,
            };
            self.branch(at, taken);
            self.list(&choice.body);
            self.leave();
            decided = if choice.falls && taken != Tri::No { Tri::Maybe } else { decided.or(taken) };
            if taken == Tri::Maybe || (choice.falls && taken == Tri::Yes) {
                self.branch(at, Tri::Maybe);
            }
        }
        self.close(depth);
        Tri::Maybe
    }

    fn matches(&self, value: &Expanded, pattern: &Span) -> Tri {
        let raw = self.source_text(pattern);
        if raw == "*" {
            return Tri::Yes;
        }
        let mut pattern = self.expand(&raw);
        if self.start.shell == ShellKind::Fish {
            // switch(1) of fish: a pattern is quoted, so that it does not match files.
            pattern.chars.iter_mut().for_each(|c| c.1 = false);
        }
        match (value.comparable(), pattern.comparable()) {
            (Some(text), Some(_)) => Tri::of(glob::matches(&text, &pattern.chars)),
            (None, Some(text)) if text.is_empty() => Tri::of(value.is_empty()),
            _ => Tri::Maybe,
        }
    }

    fn each(&mut self, at: usize, name: Option<&Span>, words: Option<&[Span]>, body: &[Cmd]) -> Tri {
        let name = name.map(|n| self.source_text(n)).unwrap_or_default();
        let values = words.and_then(|words| self.values(words));
        self.enter(FrameKind::Loop);
        if let Some(values) = values {
            for value in values.iter().take(ROUNDS) {
                self.set(&name, Var::Known(value.clone(), Trust::Local));
                self.enter(FrameKind::Round);
                self.list(body);
                self.leave();
            }
            if values.is_empty() {
                self.branch(at, Tri::No);
                self.list(body);
                self.leave();
            }
        } else {
            self.set(&name, Var::Unknown);
            self.branch(at, Tri::Maybe);
            self.list(body);
            self.leave();
        }
        self.leave();
        Tri::Maybe
    }
}
