//! A file's text as a shell takes it, and where its lines begin.
use crate::ast::Span;
use envsplit_model::FileTimes;
use std::cell::Cell;
use std::rc::Rc;

/// Stands for a byte that no shell takes as blank: a carriage return, a byte order mark.
pub(crate) const STRAY: char = '\u{fffd}';

/// A file that is being read.
#[derive(Debug)]
pub(crate) struct Source {
    pub(crate) path: String,
    pub(crate) text: String,
    pub(crate) times: Option<FileTimes>,
    starts: Vec<usize>,
    /// The place whose column was asked for last, and that column: a long line is counted once.
    counted: Cell<(usize, u32)>,
    /// For text that came out of `eval`: the file and the place of the `eval`, where everything in it stands.
    outer: Option<(Rc<Source>, usize)>,
}

impl Source {
    pub(crate) fn new(path: &str, text: String, times: Option<FileTimes>) -> Self {
        let starts = std::iter::once(0)
            .chain(text.bytes().enumerate().filter(|(_, b)| *b == b'\n').map(|(i, _)| i + 1));
        Self {
            path: path.to_owned(),
            starts: starts.collect(),
            times,
            outer: None,
            counted: Cell::new((0, 1)),
            text,
        }
    }

    /// `text` as commands of the `eval` at `at` in `outer`.
    pub(crate) fn evaluated(outer: &Rc<Source>, at: usize, text: String) -> Self {
        Self { outer: Some((Rc::clone(outer), at)), ..Self::new(&outer.path, text, outer.times) }
    }

    /// How many `eval`s deep this is.
    pub(crate) fn depth(&self) -> usize {
        self.outer.as_ref().map_or(0, |(outer, _)| outer.depth() + 1)
    }

    /// The line that holds the byte `at`, from 1.
    pub(crate) fn line(&self, at: usize) -> u32 {
        if let Some((outer, at)) = &self.outer {
            return outer.line(*at);
        }
        u32::try_from(self.starts.partition_point(|s| *s <= at)).unwrap_or(u32::MAX)
    }

    /// The column of the byte `at`, from 1, in characters.
    pub(crate) fn column(&self, at: usize) -> u32 {
        if let Some((outer, at)) = &self.outer {
            return outer.column(*at);
        }
        let start = self.starts[self.starts.partition_point(|s| *s <= at).saturating_sub(1)];
        let (last, column) = self.counted.get();
        let (from, column) = if (start..=at).contains(&last) { (last, column) } else { (start, 1) };
        let more = self.text.get(from..at).unwrap_or_default().chars().count();
        let column = column.saturating_add(u32::try_from(more).unwrap_or(u32::MAX));
        self.counted.set((at, column));
        column
    }

    /// The text of line `line`, from 1, without its end.
    pub(crate) fn line_text(&self, line: u32) -> &str {
        if let Some((outer, _)) = &self.outer {
            return outer.line_text(line);
        }
        let index = (line as usize).saturating_sub(1);
        let Some(start) = self.starts.get(index) else { return "" };
        let end = self.starts.get(index + 1).map_or(self.text.len(), |next| next - 1);
        self.text[*start..end].trim_end_matches([STRAY, '\r'])
    }

    pub(crate) fn slice(&self, span: &Span) -> &str {
        self.text.get(span.clone()).unwrap_or_default()
    }
}

/// The bytes as text, or `None` for what a shell refuses as binary: a NUL in the first line (bash `check_binary_file`,
/// which is also what UTF-16 looks like). Further NULs are dropped as bash does.
pub(crate) fn decode(bytes: &[u8]) -> Option<String> {
    let first = &bytes[..bytes.iter().position(|b| *b == b'\n').unwrap_or(bytes.len()).min(80)];
    if first.contains(&0) || bytes.starts_with(&[0xff, 0xfe]) || bytes.starts_with(&[0xfe, 0xff]) {
        return None;
    }
    let kept: Vec<u8> = bytes.iter().copied().filter(|b| *b != 0).collect();
    let text = String::from_utf8_lossy(&kept);
    let marked = text.starts_with('\u{feff}');
    Some(if marked || text.contains('\r') {
        text.chars().map(|c| if matches!(c, '\r' | '\u{feff}') { STRAY } else { c }).collect()
    } else {
        text.into_owned()
    })
}
