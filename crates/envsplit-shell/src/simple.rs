//! Simple commands of the POSIX family that touch variables or decide what is reached: bash(1) SHELL BUILTIN
//! COMMANDS, zshbuiltins(1), dash(1) Builtins.
use crate::ast::Span;
use crate::condition::{Arg, Tri, World, decide};
use crate::source::Source;
use crate::walk::{FrameKind, Walk};
use crate::word::{Scope, Var, assignment, unquoted};
use envsplit_model::{How, Reach, ShellKind};
use std::rc::Rc;

/// Builtins that succeed and change nothing that is asked here.
const QUIET: &[&str] = &[
    ":", "true", "echo", "printf", "print", "alias", "unalias", "umask", "trap", "bind", "bindkey",
    "complete", "compdef", "zstyle", "autoload", "shopt", "setopt", "unsetopt", "zmodload", "enable", "hash",
];

/// Commands after which an assignment in front stays, in a POSIX shell: dash(1), POSIX 2.9.1.
const SPECIAL: &[&str] =
    &[":", ".", "eval", "exec", "export", "readonly", "set", "shift", "times", "trap", "unset"];

impl Walk<'_> {
    pub(crate) fn simple(&mut self, at: usize, words: &[Span]) -> Tri {
        if self.start.shell == ShellKind::Fish {
            return self.fish(at, words);
        }
        let assigned = words.iter().take_while(|w| assignment(self.source.slice(w)).is_some()).count();
        let (prefix, mut rest) = words.split_at(assigned);
        self.defaults(words);
        if rest.is_empty() {
            let plain = prefix.iter().all(|w| !self.expand_span(w).command);
            for word in prefix {
                self.assign(word, How::Assignment, false);
            }
            return if plain { Tri::Yes } else { Tri::Maybe };
        }
        let mut name = unquoted(self.source.slice(&rest[0]));
        loop {
            let skip = match name.as_str() {
                "builtin" | "noglob" | "nocorrect" | "-" => 1,
                "command" if rest.len() > 1 && !self.source.slice(&rest[1]).starts_with('-') => 1,
                "command" if rest.len() > 2 && self.source.slice(&rest[1]) == "-p" => 2,
                _ => break,
            };
            if rest.len() <= skip {
                return Tri::Maybe;
            }
            rest = &rest[skip..];
            name = unquoted(self.source.slice(&rest[0]));
        }
        if self.start.shell == ShellKind::Sh && SPECIAL.contains(&name.as_str()) {
            for word in prefix {
                self.assign(word, How::Assignment, false);
            }
        }
        if name.len() < 256
            && let Some(index) = self.callable.get(&name).copied()
        {
            return self.call(index);
        }
        self.builtin(at, &name, &rest[1..])
    }

    fn builtin(&mut self, at: usize, name: &str, args: &[Span]) -> Tri {
        match name {
            "export" | "declare" | "typeset" | "readonly" | "local" | "integer" | "float" => {
                self.declare(name, args)
            }
            "unset" => {
                let options = self.options(args);
                if !options.contains('f') {
                    for word in &args[self.option_count(args)..] {
                        let name = unquoted(self.source.slice(word));
                        self.remove(&name, word.start);
                    }
                }
                Tri::Yes
            }
            "set" => self.set_options(args),
            "setopt" | "unsetopt" => self.zsh_options(name == "setopt", args),
            "emulate" => Tri::Maybe,
            "." | "source" => match args.iter().find(|w| self.source.slice(w) != "--") {
                Some(word) => {
                    let raw = self.source_text(word);
                    self.sourced(&raw, at)
                }
                None => Tri::No,
            },
            "eval" => self.eval(at, args),
            "return" | "exit" | "logout" | "bye" => {
                self.end(if name == "return" { name } else { "exit" }, at);
                Tri::Maybe
            }
            "exec" => {
                if args.iter().any(|w| !self.source.slice(w).starts_with('-')) {
                    self.end("exec", at);
                }
                Tri::Yes
            }
            "break" | "continue" => {
                self.end(name, at);
                Tri::Yes
            }
            "cd" | "pushd" | "popd" | "chdir" => {
                let target = match args {
                    [] => self.expand("~").text(),
                    [word] if name != "popd" => self.expand_span(word).text(),
                    _ => None,
                };
                let known = target.filter(|t| t != "-").and_then(|t| self.absolute(&t));
                if self.live() != Tri::No {
                    self.directory = known.filter(|_| self.live() == Tri::Yes);
                }
                Tri::Maybe
            }
            "[" | "test" => {
                let count = args.len() - usize::from(name == "[" && !args.is_empty());
                let args: Vec<Arg> = args[..count].iter().map(|w| self.arg(w)).collect();
                // An unquoted expansion to nothing is no argument at all.
                let bare = |a: &Arg| a.value.splits && !a.value.quoted && a.value.is_empty() == Some(true);
                let args: Vec<Arg> = args.into_iter().filter(|a| !bare(a)).collect();
                decide(&args, false, self)
            }
            "shopt" if self.start.shell == ShellKind::Bash => {
                let words: Vec<&str> = args.iter().map(|w| self.source.slice(w)).collect();
                match words.as_slice() {
                    ["-q", "login_shell"] => Tri::of(Some(self.start.login)),
                    [first, ..] if first.contains('q') || !first.starts_with('-') => Tri::Maybe,
                    _ => Tri::Yes,
                }
            }
            "read" | "vared" | "getln" => {
                for word in &args[self.option_count(args)..] {
                    let name = unquoted(self.source.slice(word));
                    self.filled(&name, word.start);
                }
                Tri::Maybe
            }
            "printf" if args.len() > 1 && self.source.slice(&args[0]) == "-v" => {
                let name = unquoted(self.source.slice(&args[1]));
                self.filled(&name, args[1].start);
                Tri::Yes
            }
            "false" => Tri::No,
            _ if QUIET.contains(&name) => Tri::Yes,
            _ => Tri::Maybe,
        }
    }

    /// A variable that a command fills with what it reads.
    fn filled(&mut self, name: &str, at: usize) {
        if crate::word::name_length(name) != name.len() || name.is_empty() {
            return;
        }
        self.set(name, Var::Set);
        let how = if self.auto_export == Tri::Yes { How::AutoExport } else { How::Assignment };
        self.touch(name, how, at);
    }

    pub(crate) fn remove(&mut self, name: &str, at: usize) {
        self.set(name, Var::Unset);
        self.touch(name, How::Unset, at);
    }

    fn options(&self, args: &[Span]) -> String {
        args[..self.option_count(args)].iter().map(|w| self.source.slice(w)).collect()
    }

    /// How many of the words in front are options.
    fn option_count(&self, args: &[Span]) -> usize {
        args.iter().take_while(|w| self.source.slice(w).starts_with(['-', '+'])).count()
    }

    /// One `N=v`; `how` is what the command makes of it.
    fn assign(&mut self, word: &Span, how: How, keep: bool) {
        let text = self.source.slice(word);
        let Some((name, value)) = assignment(text) else { return };
        let appends = text[..value].contains('+');
        let listed = text[value..].starts_with('(') || text[..value].contains('[');
        let name = name.to_owned();
        let state = match self.start.shell {
            _ if listed => Var::Set,
            _ => {
                let mut value = self.expand(&text[value..]);
                if appends {
                    value.whole = false;
                }
                Self::assigned(&value)
            }
        };
        if !keep {
            self.set(&name, state);
        }
        let how = if how == How::Assignment && self.auto_export == Tri::Yes { How::AutoExport } else { how };
        // zsh: the array `path` and the variable PATH are one, and PATH is exported.
        if self.start.shell == ShellKind::Zsh && name == "path" {
            self.set("PATH", Var::Set);
            self.touch("PATH", How::Export, word.start);
        }
        self.touch(&name, how, word.start);
    }

    fn declare(&mut self, command: &str, args: &[Span]) -> Tri {
        let count = self.option_count(args);
        let options = self.options(args);
        let (mut on, mut off) = (String::new(), String::new());
        for word in &args[..count] {
            let text = self.source.slice(word);
            if text.starts_with('+') { off.push_str(text) } else { on.push_str(text) }
        }
        if on.contains('f') && command != "float" || on.contains('p') && args.len() == count {
            return Tri::Yes;
        }
        let global = matches!(command, "export" | "readonly") || options.contains('g');
        if !global && self.in_function() {
            // Gone when the function returns.
            return Tri::Yes;
        }
        let exports = command == "export" || on.contains('x');
        let drops = command == "export" && on.contains('n') || off.contains('x');
        for word in &args[count..] {
            let text = self.source.slice(word);
            if assignment(text).is_some() {
                // An array is never in the environment: bash(1) Arrays, zshparam(1) Array Parameters.
                let array = assignment(text).is_some_and(|(_, value)| text[value..].starts_with('('));
                let how = if exports && !drops && !array { How::Export } else { How::Assignment };
                self.assign(word, how, false);
                if drops {
                    self.drop_export(word);
                }
            } else if drops {
                self.drop_export(word);
            } else if text.starts_with(['"', '\'']) && assignment(&unquoted(text)).is_some() {
                // `export "N=v"`.
                let bare = unquoted(text);
                let name = bare[..crate::word::name_length(&bare)].to_owned();
                self.set(&name, Var::Set);
                let how = if self.auto_export == Tri::Yes { How::AutoExport } else { How::Assignment };
                self.touch(&name, if exports { How::Export } else { how }, word.start);
            } else if exports {
                // `export $NAMES`: the names are known when the variable is.
                for (name, _) in self.fields(text).unwrap_or_default() {
                    if crate::word::name_length(&name) == name.len() && !name.is_empty() {
                        self.touch(&name, How::ExportOnly, word.start);
                    }
                }
            }
        }
        Tri::Yes
    }

    fn drop_export(&mut self, word: &Span) {
        let text = unquoted(self.source.slice(word));
        let name = text[..crate::word::name_length(&text)].to_owned();
        self.touch(&name, How::Unexport, word.start);
    }

    /// `${N:=v}` and `${N=v}` in any word set N.
    fn defaults(&mut self, words: &[Span]) {
        for word in words {
            let text = self.source.slice(word);
            if !text.contains("${") || !text.contains('=') {
                continue;
            }
            let mut found = Vec::new();
            for (start, _) in text.match_indices("${") {
                let rest = &text[start + 2..];
                let length = crate::word::name_length(rest);
                let tail = &rest[length..];
                if length > 0 && (tail.starts_with(":=") || tail.starts_with('=')) {
                    found.push((rest[..length].to_owned(), word.start + start + 2));
                }
            }
            for (name, at) in found {
                let how = if self.auto_export == Tri::Yes { How::AutoExport } else { How::Assignment };
                match self.var(&name) {
                    Var::Unset => {
                        self.touch(&name, how, at);
                        self.set(&name, Var::Set);
                    }
                    Var::Known(text, _) if !text.is_empty() => {}
                    Var::Filled => {}
                    _ => {
                        let line = self.line(at);
                        let path = self.source.path.clone();
                        self.enter(FrameKind::Branch { path, line, taken: Tri::Maybe });
                        self.touch(&name, how, at);
                        self.leave();
                    }
                }
            }
        }
    }

    /// `set`: only `allexport` matters here.
    fn set_options(&mut self, args: &[Span]) -> Tri {
        let mut words = args.iter().map(|w| unquoted(self.source.slice(w))).collect::<Vec<_>>().into_iter();
        while let Some(word) = words.next() {
            let on = word.starts_with('-');
            if word == "--" || !(on || word.starts_with('+')) {
                break;
            }
            let long = word.ends_with('o').then(|| words.next()).flatten();
            if word[1..].contains('a') || long.as_deref() == Some("allexport") {
                self.auto_export = self.switched(self.auto_export, on);
            }
        }
        Tri::Yes
    }

    fn switched(&self, before: Tri, on: bool) -> Tri {
        let now = if on { Tri::Yes } else { Tri::No };
        match self.live() {
            Tri::Yes => now,
            Tri::Maybe if now != before => Tri::Maybe,
            _ => before,
        }
    }

    fn zsh_options(&mut self, on: bool, args: &[Span]) -> Tri {
        for word in args {
            let name = unquoted(self.source.slice(word)).replace('_', "").to_ascii_lowercase();
            let (name, on) = name.strip_prefix("no").map_or((name.as_str(), on), |rest| (rest, !on));
            let file = Some(self.source.path.clone()).filter(|_| !on);
            match name {
                "allexport" => self.auto_export = self.switched(self.auto_export, on),
                "rcs" if self.live() == Tri::Yes => self.no_rcs = file,
                "globalrcs" if self.live() == Tri::Yes => self.no_global_rcs = file,
                _ => {}
            }
        }
        Tri::Yes
    }

    /// `eval`: a literal is read as commands that stand at its line.
    pub(crate) fn eval(&mut self, at: usize, args: &[Span]) -> Tri {
        let values: Vec<_> = args.iter().map(|w| self.expand_span(w)).collect();
        let known: Option<Vec<String>> = values.iter().map(crate::word::Expanded::text).collect();
        match known {
            Some(parts) if self.source.depth() < 4 => {
                let text = parts.join(" ");
                let script = match self.start.shell {
                    ShellKind::Fish => crate::fish_parse::script(&text),
                    _ => crate::parse::script(&text, self.zsh()),
                };
                let inner = Source::evaluated(&self.source, at, text);
                let outer = std::mem::replace(&mut self.source, Rc::new(inner));
                self.script(&script);
                self.source = outer;
            }
            _ if values.iter().any(|v| v.command) => self.opaque(at, "command substitution"),
            _ => self.opaque(at, "eval"),
        }
        Tri::Maybe
    }

    pub(crate) fn call(&mut self, index: usize) -> Tri {
        if self.frames.iter().any(|f| matches!(f.kind, FrameKind::Settled(Reach::Uncalled { .. }))) {
            return Tri::Maybe;
        }
        self.functions[index].called = true;
        let (body, source) =
            (Rc::clone(&self.functions[index].body), Rc::clone(&self.functions[index].source));
        let again = self.frames.iter().filter(|f| matches!(f.kind, FrameKind::Function)).count();
        if again >= 32 {
            return Tri::Maybe;
        }
        let before = std::mem::replace(&mut self.source, source);
        self.enter(FrameKind::Function);
        let verdict = self.list(&body);
        self.leave();
        self.source = before;
        if matches!(verdict, Tri::Yes) { Tri::Maybe } else { verdict }
    }

    /// Functions that nothing called: their lines are listed all the same.
    pub(crate) fn uncalled(&mut self) {
        // A function that stands before the end of the start is not called because nothing calls it.
        let frames = std::mem::take(&mut self.frames);
        self.enter(FrameKind::Start);
        let mut index = 0;
        while index < self.functions.len() {
            let function = &self.functions[index];
            index += 1;
            if function.called {
                continue;
            }
            let (body, source) = (Rc::clone(&function.body), Rc::clone(&function.source));
            let reach = match &function.defined {
                Reach::Ended { .. } | Reach::Skipped { .. } => function.defined.clone(),
                _ => Reach::Uncalled { function: function.name.clone() },
            };
            let before = std::mem::replace(&mut self.source, source);
            self.enter(FrameKind::Settled(reach));
            self.enter(FrameKind::Function);
            self.list(&body);
            self.leave();
            self.leave();
            self.source = before;
        }
        self.frames = frames;
    }
}
