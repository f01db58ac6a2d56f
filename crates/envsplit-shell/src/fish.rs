//! Simple commands of fish that touch variables or decide what is reached: set(1), source(1), status(1) of fish.
use crate::ast::Span;
use crate::condition::{Arg, Tri, decide};
use crate::walk::Walk;
use crate::word::{Scope, Var, assignment, name_length, unquoted};
use envsplit_model::How;

/// What the options of `set` ask for.
#[derive(Default)]
struct Options {
    export: bool,
    unexport: bool,
    erase: bool,
    query: bool,
    shows: bool,
    local: bool,
    global: bool,
    adds: bool,
}

impl Options {
    fn take(&mut self, word: &str) {
        let short = word.strip_prefix("--").is_none();
        let letters: String = match word {
            "--export" => "x".into(),
            "--unexport" => "u".into(),
            "--erase" => "e".into(),
            "--query" => "q".into(),
            "--show" | "--names" => "S".into(),
            "--local" | "--function" => "l".into(),
            "--global" => "g".into(),
            "--universal" => "U".into(),
            "--append" | "--prepend" => "a".into(),
            _ if short => word[1..].to_owned(),
            _ => String::new(),
        };
        for letter in letters.chars() {
            match letter {
                'x' => self.export = true,
                'u' => self.unexport = true,
                'e' => self.erase = true,
                'q' => self.query = true,
                'S' | 'n' => self.shows = true,
                'l' | 'f' => self.local = true,
                'g' | 'U' => self.global = true,
                'a' | 'p' => self.adds = true,
                _ => {}
            }
        }
    }
}

impl Walk<'_> {
    /// One simple command of fish.
    pub(crate) fn fish(&mut self, at: usize, words: &[Span]) -> Tri {
        let prefix = words.iter().take_while(|w| assignment(self.source.slice(w)).is_some()).count();
        let mut rest = &words[prefix..];
        while rest.len() > 1 && matches!(self.source.slice(&rest[0]), "builtin" | "command") {
            if self.source.slice(&rest[1]).starts_with('-') {
                return Tri::Maybe;
            }
            rest = &rest[1..];
        }
        let Some(first) = rest.first() else { return Tri::Maybe };
        let name = unquoted(self.source.slice(first));
        let args = &rest[1..];
        if name.len() < 256
            && let Some(index) = self.callable.get(&name).copied()
        {
            return self.call(index);
        }
        match name.as_str() {
            "set" => self.fish_set(args),
            "export" => {
                for word in args {
                    let text = self.source_text(word);
                    let bare = unquoted(&text);
                    let Some((name, _)) = assignment(&bare) else { continue };
                    self.set(name, Var::Set);
                    self.touch(name, How::Export, word.start);
                }
                Tri::Yes
            }
            "setenv" => {
                if let Some(word) = args.first() {
                    let name = unquoted(self.source.slice(word));
                    self.set(&name, Var::Set);
                    self.touch(&name, How::Export, word.start);
                }
                Tri::Yes
            }
            "read" => {
                let mut options = Options::default();
                for word in args {
                    let text = unquoted(self.source.slice(word));
                    if text.starts_with('-') {
                        options.take(&text);
                    } else if name_length(&text) == text.len() && !options.local {
                        self.set(&text, Var::Set);
                        self.touch(
                            &text,
                            if options.export { How::Export } else { How::Assignment },
                            word.start,
                        );
                    }
                }
                Tri::Maybe
            }
            "fish_add_path" => {
                self.set("PATH", Var::Set);
                self.touch("PATH", How::Export, first.start);
                Tri::Yes
            }
            "source" | "." => {
                if let Some(word) = args.iter().find(|w| self.source.slice(w) != "--") {
                    let raw = self.source_text(word);
                    return self.sourced(&raw, at);
                }
                self.opaque(at, "standard input");
                Tri::Maybe
            }
            "eval" => self.eval(at, args),
            "return" | "exit" | "break" | "continue" => {
                self.end(&name, at);
                Tri::Maybe
            }
            "exec" => {
                self.end("exec", at);
                Tri::Yes
            }
            "status" => self.status(args),
            "test" | "[" => {
                let count = args.len() - usize::from(name == "[" && !args.is_empty());
                let args: Vec<Arg> = args[..count].iter().map(|w| self.arg(w)).collect();
                let bare = |a: &Arg| a.value.splits && !a.value.quoted && a.value.is_empty() == Some(true);
                let args: Vec<Arg> = args.into_iter().filter(|a| !bare(a)).collect();
                decide(&args, false, self)
            }
            "true" | "echo" | "printf" | "alias" | "abbr" | "bind" | "complete" | ":" => Tri::Yes,
            "false" => Tri::No,
            _ => Tri::Maybe,
        }
    }

    fn status(&self, args: &[Span]) -> Tri {
        match args.first().map(|w| self.source.slice(w).trim_start_matches('-')) {
            Some("is-interactive" | "i") => Tri::of(Some(self.start.interactive)),
            Some("is-login" | "l") => Tri::of(Some(self.start.login)),
            _ => Tri::Maybe,
        }
    }

    fn fish_set(&mut self, args: &[Span]) -> Tri {
        let mut options = Options::default();
        let mut operands = Vec::new();
        for word in args {
            let text = self.source.slice(word);
            if operands.is_empty() && text.len() > 1 && text.starts_with('-') {
                options.take(text);
            } else {
                operands.push(word.clone());
            }
        }
        let plain = |text: &str| text[..name_length(text)].to_owned();
        if options.shows || operands.is_empty() {
            return Tri::Yes;
        }
        if options.query {
            return operands.iter().fold(Tri::Yes, |all, word| {
                all.and(match self.var(&plain(self.source.slice(word))) {
                    Var::Unset => Tri::No,
                    Var::Unknown => Tri::Maybe,
                    _ => Tri::Yes,
                })
            });
        }
        if options.erase {
            for word in &operands {
                let text = unquoted(self.source.slice(word));
                if name_length(&text) == text.len() && !options.local {
                    self.remove(&text, word.start);
                }
            }
            return Tri::Yes;
        }
        let word = &operands[0];
        let text = unquoted(self.source.slice(word));
        let name = plain(&text);
        if name.is_empty() {
            return Tri::Maybe;
        }
        let value = match operands.as_slice() {
            [_, value] if !options.adds && name.len() == text.len() => {
                Self::assigned(&self.expand_span(value))
            }
            _ => Var::Set,
        };
        // A local variable is gone with its block: for what comes after, it is set and not exported.
        let local = options.local || (self.in_function() && !options.global);
        let how = match () {
            () if options.unexport => How::Unexport,
            () if options.export && !local => How::Export,
            () => How::Assignment,
        };
        if !local {
            self.set(&name, value);
        }
        if !local || options.export {
            self.touch(&name, how, word.start);
        }
        if operands[1..].iter().any(|w| self.expand_span(w).command) { Tri::Maybe } else { Tri::Yes }
    }
}
