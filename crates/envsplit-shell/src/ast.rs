//! Commands of a start-up file, reduced to what decides whether a line is reached. Words stay spans of the text.
use std::ops::Range;
use std::rc::Rc;

/// A stretch of the text, in bytes.
pub(crate) type Span = Range<usize>;

/// A command and where it begins.
#[derive(Debug)]
pub(crate) struct Cmd {
    /// The first byte.
    pub(crate) at: usize,
    pub(crate) kind: Kind,
}

/// One branch: the keyword's place, its condition, its body.
#[derive(Debug)]
pub(crate) struct Arm {
    pub(crate) at: usize,
    pub(crate) condition: Vec<Cmd>,
    pub(crate) body: Vec<Cmd>,
}

/// One branch of a `case`.
#[derive(Debug)]
pub(crate) struct Choice {
    pub(crate) patterns: Vec<Span>,
    pub(crate) body: Vec<Cmd>,
    /// `;&` or `;;&`: the next branch may run as well.
    pub(crate) falls: bool,
}

impl Cmd {
    /// This command joined with `right` by `&&` or `||`.
    pub(crate) fn joined(self, and: bool, right: Self) -> Self {
        let at = self.at;
        let kind = match self.kind {
            Kind::Chain(first, mut rest) => {
                rest.push((and, right));
                Kind::Chain(first, rest)
            }
            kind => Kind::Chain(Box::new(Self { at, kind }), vec![(and, right)]),
        };
        Self { at, kind }
    }
}

#[derive(Debug)]
pub(crate) enum Kind {
    /// Assignments, a name, arguments; redirections are left out.
    Simple(Vec<Span>),
    /// What stands between `[[` and `]]`.
    Test(Vec<Span>),
    /// Commands joined from the left by `&&` (true) and `||`; a list, because there may be very many.
    Chain(Box<Cmd>, Vec<(bool, Cmd)>),
    Not(Box<Cmd>),
    /// The last part of a pipe; what is before it runs in shells of its own.
    Pipe(Box<Cmd>),
    /// Runs in a shell of its own or computes: sets nothing here.
    Apart,
    Group(Vec<Cmd>),
    If {
        arms: Vec<Arm>,
        otherwise: Vec<Cmd>,
    },
    Case {
        word: Span,
        choices: Vec<Choice>,
    },
    While {
        until: bool,
        condition: Vec<Cmd>,
        body: Vec<Cmd>,
    },
    /// `words` is `None` where they are not known (`for x; do`, `for ((…))`, `select`).
    For {
        name: Option<Span>,
        words: Option<Vec<Span>>,
        body: Vec<Cmd>,
    },
    Function {
        name: String,
        body: Rc<Vec<Cmd>>,
    },
}

/// A file's commands.
#[derive(Debug, Default)]
pub(crate) struct Script {
    /// The commands at the top, each with the place of the syntax error that stands before it or in its line.
    pub(crate) items: Vec<(Cmd, Option<usize>)>,
    /// Where the shell would stop with a syntax error.
    pub(crate) errors: Vec<usize>,
    /// From where on nothing could be made of the text.
    pub(crate) lost_from: Option<usize>,
}
