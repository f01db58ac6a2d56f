//! The walk through a start's commands: what is reached, skipped, ended, and by which line.
use crate::ShellEnv;
use crate::ast::{Cmd, Script, Span};
use crate::condition::{Arg, Tri};
use crate::source::Source;
use crate::word::{Expanded, Scope, Var, expand};
use crate::{fish_word, mask};
use envsplit_model::{Guard, How, Opaque, Reach, Setting, ShellKind, Start, StaticRead};
use std::collections::{BTreeSet, HashMap, HashSet};
use std::rc::Rc;

/// How many commands are looked at in one start; more is only found in what was made to exhaust.
pub(crate) const STEPS: usize = 500_000;
/// How many settings are kept of one start.
const SETTINGS: usize = 10_000;
/// How deep commands, functions and files may nest.
pub(crate) const FRAMES: usize = 400;
/// How often a loop over known words is gone through.
pub(crate) const ROUNDS: usize = 500;

/// Why the walk is where it is.
#[derive(Debug)]
pub(crate) enum FrameKind {
    Start,
    File,
    Function,
    Loop,
    /// One round of a loop.
    Round,
    /// A branch, with the file and line of its condition.
    Branch {
        path: String,
        line: u32,
        taken: Tri,
    },
    /// A part whose reach is settled from outside: a function that nothing calls.
    Settled(Reach),
}

/// A frame, and whether it came to an end early.
#[derive(Debug)]
pub(crate) struct Frame {
    pub(crate) kind: FrameKind,
    /// Surely over: an end of the file or the start, or a `break`.
    over: Option<Reach>,
    /// Perhaps over, by the condition at this line.
    perhaps: Option<(String, u32)>,
}

/// A function as it was defined.
pub(crate) struct Function {
    pub(crate) name: String,
    pub(crate) body: Rc<Vec<Cmd>>,
    pub(crate) source: Rc<Source>,
    /// Whether the definition itself is reached.
    pub(crate) defined: Reach,
    pub(crate) called: bool,
}

/// The state of a start that is being read.
pub(crate) struct Walk<'a> {
    pub(crate) env: &'a ShellEnv<'a>,
    pub(crate) start: Start,
    /// The names that are asked for.
    pub(crate) names: HashSet<String>,
    pub(crate) out: StaticRead,
    pub(crate) exported: BTreeSet<String>,
    /// Names that were marked for export, with or without a value.
    marked: HashSet<String>,
    pub(crate) vars: HashMap<String, Var>,
    pub(crate) frames: Vec<Frame>,
    /// The first `exit` or `exec` that a condition decides.
    possible_end: Option<Guard>,
    pub(crate) functions: Vec<Function>,
    pub(crate) callable: HashMap<String, usize>,
    pub(crate) source: Rc<Source>,
    /// The files that are being read, outermost first, by their real path.
    pub(crate) open: Vec<String>,
    pub(crate) parsed: HashMap<String, Rc<(Rc<Source>, Script)>>,
    pub(crate) visits: usize,
    pub(crate) auto_export: Tri,
    pub(crate) directory: Option<String>,
    /// A line whose effect is not known was passed: what was unset may be set since.
    pub(crate) fogged: bool,
    /// zsh: the file that switched off the start-up files after it, all or the global ones.
    pub(crate) no_rcs: Option<String>,
    pub(crate) no_global_rcs: Option<String>,
    pub(crate) sh_is_bash: Option<bool>,
    /// Files that are sourced are left aside.
    pub(crate) alone: bool,
    pub(crate) steps: usize,
    seen: HashSet<(String, String, u32, u32, How)>,
}

impl<'a> Walk<'a> {
    pub(crate) fn new(start: Start, env: &'a ShellEnv<'a>, names: &[String]) -> Self {
        let real = env.files.canonical("/bin/sh").ok().map(|p| ShellKind::of_program(&p) == ShellKind::Bash);
        let mut walk = Self {
            env,
            start,
            names: names.iter().cloned().collect(),
            out: StaticRead::default(),
            exported: BTreeSet::new(),
            marked: HashSet::new(),
            vars: HashMap::new(),
            frames: Vec::new(),
            possible_end: None,
            functions: Vec::new(),
            callable: HashMap::new(),
            source: Rc::new(Source::new("", String::new(), None)),
            open: Vec::new(),
            parsed: HashMap::new(),
            visits: 0,
            auto_export: Tri::No,
            directory: env.env.text("PWD").filter(|p| p.starts_with('/')).map(str::to_owned),
            fogged: false,
            no_rcs: None,
            no_global_rcs: None,
            sh_is_bash: real,
            alone: false,
            steps: 0,
            seen: HashSet::new(),
        };
        walk.enter(FrameKind::Start);
        walk
    }

    pub(crate) fn enter(&mut self, kind: FrameKind) {
        self.frames.push(Frame { kind, over: None, perhaps: None });
    }

    pub(crate) fn leave(&mut self) {
        self.frames.pop();
    }

    pub(crate) fn branch(&mut self, at: usize, taken: Tri) {
        let line = self.line(at);
        self.enter(FrameKind::Branch { path: self.source.path.clone(), line, taken });
    }

    pub(crate) fn line(&self, at: usize) -> u32 {
        self.source.line(at)
    }

    /// Whether the start reaches the current command.
    pub(crate) fn reach(&self) -> Reach {
        let mut reach = Reach::Reached;
        for frame in &self.frames {
            match &frame.kind {
                FrameKind::Settled(settled) if *settled != Reach::Reached => return settled.clone(),
                FrameKind::Branch { path, line, taken: Tri::No } => {
                    return Reach::Skipped { path: path.clone(), line: *line };
                }
                FrameKind::Branch { path, line, taken: Tri::Maybe } => {
                    reach = Reach::Conditional { path: path.clone(), line: *line };
                }
                _ => {}
            }
            if let Some(over) = &frame.over {
                return over.clone();
            }
            if let Some((path, line)) = &frame.perhaps {
                reach = Reach::Conditional { path: path.clone(), line: *line };
            }
        }
        reach
    }

    /// The `exit` or `exec` that ends the whole start, surely or perhaps.
    pub(crate) fn ended(&self) -> Option<Guard> {
        match self.frames.first()?.over.as_ref() {
            Some(Reach::Ended { guard }) => Some(guard.clone()),
            _ => self.possible_end.clone(),
        }
    }

    /// Whether the start may end, or surely ends, without running the command that it was started for.
    pub(crate) fn may_exit(&self) -> bool {
        let exits = |over: &Reach| matches!(over, Reach::Ended { guard } if guard.command != "exec");
        self.frames.first().is_some_and(|f| f.perhaps.is_some() || f.over.as_ref().is_some_and(exits))
    }

    /// Whether the innermost frame goes to its last command.
    pub(crate) fn finishes(&self) -> bool {
        self.frames.last().is_some_and(|f| f.over.is_none() && f.perhaps.is_none())
    }

    /// [`Self::reach`] as a verdict.
    pub(crate) fn live(&self) -> Tri {
        let mut live = Tri::Yes;
        for frame in &self.frames {
            live = live.and(match &frame.kind {
                FrameKind::Branch { taken, .. } => *taken,
                FrameKind::Settled(Reach::Conditional { .. }) => Tri::Maybe,
                FrameKind::Settled(settled) if *settled != Reach::Reached => Tri::No,
                _ => Tri::Yes,
            });
            if frame.over.is_some() {
                return Tri::No;
            }
            if frame.perhaps.is_some() {
                live = live.and(Tri::Maybe);
            }
        }
        live
    }

    /// A `return`, `exit`, `exec`, `break` or `continue`.
    pub(crate) fn end(&mut self, command: &str, at: usize) {
        let reach = self.reach();
        let line = self.line(at);
        let fish = self.start.shell == ShellKind::Fish;
        let interactive = self.start.interactive;
        let target = |kind: &FrameKind| match command {
            "return" => matches!(kind, FrameKind::File | FrameKind::Function),
            "break" => matches!(kind, FrameKind::Loop),
            "continue" => matches!(kind, FrameKind::Round),
            // fish: `exit` in a file that is sourced ends that file; the start goes on.
            // dash(1) EXIT STATUS: an error in a special builtin ends a shell that is not interactive, and otherwise
            // the start-up file that is being read.
            "error" if interactive => matches!(kind, FrameKind::File),
            "exit" if fish => matches!(kind, FrameKind::File),
            _ => matches!(kind, FrameKind::Start),
        };
        let mut found =
            self.frames.iter().enumerate().filter(|(_, f)| target(&f.kind)).map(|(index, _)| index);
        let found = if command == "error" { found.next() } else { found.next_back() };
        let Some(index) = found else { return };
        let command = match command {
            "error" if interactive => "return",
            "error" => "exit",
            command => command,
        };
        match reach {
            Reach::Reached => {
                let edge =
                    self.frames.iter().rposition(|f| matches!(f.kind, FrameKind::File | FrameKind::Function));
                let inner = self.frames[edge.unwrap_or(0)..].iter().rev();
                let condition = inner.filter_map(|f| match &f.kind {
                    FrameKind::Branch { path, line, .. } if *path == self.source.path => Some(*line),
                    _ => None,
                });
                let condition = condition.into_iter().next().unwrap_or(line);
                let over = if matches!(command, "break" | "continue") {
                    Reach::Skipped { path: self.source.path.clone(), line }
                } else {
                    Reach::Ended {
                        guard: Guard {
                            path: self.source.path.clone(),
                            line: condition,
                            end_line: line,
                            command: command.to_owned(),
                            text: self.masked(condition),
                        },
                    }
                };
                self.frames[index].over.get_or_insert(over);
            }
            Reach::Conditional { path, line: condition } => {
                if index == 0 && self.possible_end.is_none() {
                    let same = path == self.source.path;
                    self.possible_end = Some(Guard {
                        path: self.source.path.clone(),
                        line: if same { condition } else { line },
                        end_line: line,
                        command: command.to_owned(),
                        text: self.masked(if same { condition } else { line }),
                    });
                }
                self.frames[index].perhaps.get_or_insert((path, condition));
            }
            _ => {}
        }
    }

    /// A line of the current file with its values hidden.
    pub(crate) fn masked(&self, line: u32) -> String {
        mask::line(self.source.line_text(line), self.start.shell, &self.names)
    }

    pub(crate) fn opaque(&mut self, at: usize, why: &str) {
        if self.live() == Tri::No {
            return;
        }
        self.fogged = true;
        let entry = Opaque { path: self.source.path.clone(), line: self.line(at), why: why.to_owned() };
        if self.out.opaque.len() < 1_000 && !self.out.opaque.contains(&entry) {
            self.out.opaque.push(entry);
        }
    }

    /// Notes that the name at `at` is touched.
    pub(crate) fn touch(&mut self, name: &str, how: How, at: usize) {
        if self.live() == Tri::Yes {
            let valued = !matches!(self.var(name), Var::Unset | Var::Unknown);
            match how {
                How::Unset | How::Unexport => {
                    self.marked.remove(name);
                    self.exported.remove(name);
                }
                How::Assignment if !self.marked.contains(name) => {}
                _ => {
                    self.marked.insert(name.to_owned());
                    if valued || how.exports() {
                        self.exported.insert(name.to_owned());
                    }
                }
            }
        }
        if !self.names.contains(name) || self.out.settings.len() >= SETTINGS {
            return;
        }
        let line = self.source.line(at);
        let setting = Setting {
            name: name.to_owned(),
            path: self.source.path.clone(),
            line,
            column: self.source.column(at),
            how,
            text: self.masked(line),
            times: self.source.times,
            reach: self.reach(),
        };
        let again = self.out.settings.last() == Some(&setting);
        // A line that a loop or a call comes to once more is worth repeating only where it is reached.
        let key = (setting.name.clone(), setting.path.clone(), line, setting.column, how);
        let first = self.seen.insert(key);
        if !again && (first || setting.reach == Reach::Reached) {
            self.out.settings.push(setting);
        }
    }

    pub(crate) fn source_text(&self, span: &Span) -> String {
        self.source.slice(span).to_owned()
    }

    pub(crate) fn expand(&self, word: &str) -> Expanded {
        if self.start.shell == ShellKind::Fish { fish_word::expand(word, self) } else { expand(word, self) }
    }

    pub(crate) fn expand_span(&self, span: &Span) -> Expanded {
        self.expand(self.source.slice(span))
    }

    pub(crate) fn arg(&self, span: &Span) -> Arg {
        Arg { raw: self.source_text(span), value: self.expand_span(span) }
    }
}
