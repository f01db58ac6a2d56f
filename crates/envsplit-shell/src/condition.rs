//! Tests, decided as far as reading can: test(1), bash(1) CONDITIONAL EXPRESSIONS, zshmisc(1) CONDITIONAL
//! EXPRESSIONS, fish test.
use crate::glob;
use crate::word::{Expanded, Scope, Var};
use envsplit_model::{FileError, FileKind, Files};

/// What reading says of a condition or of a command's success.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub(crate) enum Tri {
    No,
    Maybe,
    Yes,
}

impl Tri {
    pub(crate) fn of(known: Option<bool>) -> Self {
        known.map_or(Self::Maybe, |yes| if yes { Self::Yes } else { Self::No })
    }

    pub(crate) fn not(self) -> Self {
        match self {
            Self::No => Self::Yes,
            Self::Maybe => Self::Maybe,
            Self::Yes => Self::No,
        }
    }

    pub(crate) fn and(self, other: Self) -> Self {
        match (self, other) {
            (Self::No, _) | (_, Self::No) => Self::No,
            (Self::Yes, Self::Yes) => Self::Yes,
            _ => Self::Maybe,
        }
    }

    pub(crate) fn or(self, other: Self) -> Self {
        self.not().and(other.not()).not()
    }
}

/// One argument of a test: as it is written, and what it stands for.
pub(crate) struct Arg {
    pub(crate) raw: String,
    pub(crate) value: Expanded,
}

/// What tests ask beside variables.
pub(crate) trait World: Scope {
    fn files(&self) -> &dyn Files;
    /// The path as seen from the current directory; `None` when that is not known.
    fn absolute(&self, path: &str) -> Option<String>;
    /// Whether standard input, output and error are a terminal.
    fn terminal(&self) -> Option<bool>;
    /// Whether the shell's option is on.
    fn option(&self, name: &str) -> Option<bool>;
}

/// The verdict on the arguments of `[` (`extended` false) or on what stands in `[[ ]]`.
pub(crate) fn decide(args: &[Arg], extended: bool, world: &dyn World) -> Tri {
    let mut test = Test { args, at: 0, extended, world, depth: 0 };
    let verdict = test.any();
    if test.at == args.len() { verdict } else { Tri::Maybe }
}

struct Test<'a> {
    args: &'a [Arg],
    at: usize,
    extended: bool,
    world: &'a dyn World,
    depth: usize,
}

const BINARY: &[&str] =
    &["=", "==", "!=", "=~", "<", ">", "-eq", "-ne", "-lt", "-le", "-gt", "-ge", "-nt", "-ot", "-ef"];

impl Test<'_> {
    fn raw(&self, ahead: usize) -> &str {
        self.args.get(self.at + ahead).map_or("", |a| a.raw.as_str())
    }

    fn any(&mut self) -> Tri {
        self.depth += 1;
        let mut verdict = self.all();
        while self.at < self.args.len() && matches!(self.raw(0), "||" | "-o") {
            self.at += 1;
            verdict = verdict.or(self.all());
        }
        self.depth -= 1;
        verdict
    }

    fn all(&mut self) -> Tri {
        let mut verdict = self.one();
        while self.at < self.args.len() && matches!(self.raw(0), "&&" | "-a") {
            self.at += 1;
            verdict = verdict.and(self.one());
        }
        verdict
    }

    fn one(&mut self) -> Tri {
        if self.at >= self.args.len() {
            return Tri::No;
        }
        if self.at + 2 < self.args.len() && BINARY.contains(&self.raw(1)) {
            let (left, operator, right) = (&self.args[self.at], self.raw(1), &self.args[self.at + 2]);
            let verdict = self.binary(left, operator, right);
            self.at += 3;
            return verdict;
        }
        let more = self.at + 1 < self.args.len();
        match self.raw(0) {
            "!" if more => {
                let mut negated = false;
                while self.raw(0) == "!" && self.at + 1 < self.args.len() {
                    self.at += 1;
                    negated = !negated;
                }
                let verdict = self.one();
                if negated { verdict.not() } else { verdict }
            }
            "(" if more && self.depth < 64 => {
                self.at += 1;
                let verdict = self.any();
                self.at += 1;
                verdict
            }
            raw if more
                && raw.len() == 2
                && raw.starts_with('-')
                && !matches!(self.raw(1), "&&" | "||" | ")") =>
            {
                let verdict = self.unary(raw.as_bytes()[1], &self.args[self.at + 1]);
                self.at += 2;
                verdict
            }
            _ => {
                let verdict = Tri::of(self.args[self.at].value.is_empty()).not();
                self.at += 1;
                verdict
            }
        }
    }

    fn unary(&self, operator: u8, arg: &Arg) -> Tri {
        match operator {
            b'n' => Tri::of(arg.value.is_empty()).not(),
            b'z' => Tri::of(arg.value.is_empty()),
            b't' => Tri::of(self.world.terminal()),
            b'v' => match self.world.var(&arg.raw) {
                Var::Unset => Tri::No,
                Var::Unknown => Tri::Maybe,
                _ => Tri::Yes,
            },
            b'o' => Tri::of(self.world.option(&arg.raw)),
            b'e' | b'a' | b'f' | b'd' | b'r' | b's' | b'x' | b'w' | b'p' | b'S' | b'b' | b'c' => {
                let path = arg.value.text().and_then(|path| self.world.absolute(&path));
                path.map_or(Tri::Maybe, |path| file(operator, &path, self.world.files()))
            }
            _ => Tri::Maybe,
        }
    }

    fn binary(&self, left: &Arg, operator: &str, right: &Arg) -> Tri {
        match operator {
            "=" | "==" => self.equal(left, right),
            "!=" => self.equal(left, right).not(),
            "=~" => {
                let plain =
                    right.value.whole && right.value.chars.iter().all(|(c, _)| c.is_ascii_alphanumeric());
                match (left.value.comparable(), right.value.comparable()) {
                    (Some(text), Some(part)) if plain => Tri::of(Some(text.contains(&part))),
                    _ => Tri::Maybe,
                }
            }
            _ => {
                let number = |a: &Arg| a.value.comparable().and_then(|t| t.trim().parse::<i64>().ok());
                let (Some(a), Some(b)) = (number(left), number(right)) else { return Tri::Maybe };
                Tri::of(match operator {
                    "-eq" => Some(a == b),
                    "-ne" => Some(a != b),
                    "-lt" => Some(a < b),
                    "-le" => Some(a <= b),
                    "-gt" => Some(a > b),
                    "-ge" => Some(a >= b),
                    _ => None,
                })
            }
        }
    }

    fn equal(&self, left: &Arg, right: &Arg) -> Tri {
        for (one, other) in [(left, right), (right, left)] {
            if one.value.is_empty() == Some(true) && (!self.extended || !glob::is_pattern(&other.value.chars))
            {
                return Tri::of(other.value.is_empty());
            }
        }
        let Some(text) = left.value.comparable() else { return Tri::Maybe };
        match right.value.comparable() {
            Some(_) if self.extended => Tri::of(glob::matches(&text, &right.value.chars)),
            Some(other) => Tri::of(Some(text == other)),
            None => Tri::Maybe,
        }
    }
}

/// A question about a file: `test -f PATH` and its kin.
pub(crate) fn file(operator: u8, path: &str, files: &dyn Files) -> Tri {
    let kind = match files.kind(path) {
        Ok(kind) => kind,
        Err(FileError::NotFound | FileError::LinkLoop) => return Tri::No,
        Err(_) => return Tri::Maybe,
    };
    match operator {
        b'e' | b'a' => Tri::Yes,
        b'f' => Tri::of(Some(kind == FileKind::File)),
        b'd' => Tri::of(Some(kind == FileKind::Directory)),
        b'p' | b'S' | b'b' | b'c' if kind != FileKind::Other => Tri::No,
        b'r' | b's' if kind == FileKind::File => match files.read(path) {
            Ok(content) => Tri::of(Some(operator == b'r' || !content.is_empty())),
            Err(FileError::TooLarge { .. }) => Tri::Yes,
            Err(FileError::Denied) if operator == b'r' => Tri::No,
            Err(_) => Tri::Maybe,
        },
        b'r' | b's' | b'x' if kind == FileKind::Directory => Tri::Yes,
        _ => Tri::Maybe,
    }
}
