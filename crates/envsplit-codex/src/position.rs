//! Lines and columns of byte offsets, without counting the whole file again for each.

/// A place in a text: line and column from 1, the column in characters.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub(crate) struct Pos {
    pub(crate) line: u32,
    pub(crate) column: u32,
}

/// How many bytes lie between two remembered character counts.
const STEP: usize = 1024;

/// The line starts of a text, with character counts at regular distances: a column costs [`STEP`] bytes at most,
/// also in a file that is one line of ten megabytes.
pub(crate) struct LineIndex<'a> {
    text: &'a [u8],
    starts: Vec<usize>,
    counts: Vec<usize>,
}

impl<'a> LineIndex<'a> {
    pub(crate) fn new(text: &'a [u8]) -> Self {
        let mut starts = vec![0];
        let mut counts = Vec::with_capacity(text.len() / STEP + 1);
        let mut chars = 0;
        for (at, byte) in text.iter().enumerate() {
            if at % STEP == 0 {
                counts.push(chars);
            }
            chars += usize::from(is_char_start(*byte));
            if *byte == b'\n' {
                starts.push(at + 1);
            }
        }
        if text.len().is_multiple_of(STEP) {
            counts.push(chars);
        }
        Self { text, starts, counts }
    }

    /// Characters before `offset`.
    fn chars_before(&self, offset: usize) -> usize {
        let step = offset / STEP;
        let rest = &self.text[step * STEP..offset];
        self.counts[step] + rest.iter().filter(|b| is_char_start(**b)).count()
    }

    pub(crate) fn at(&self, offset: usize) -> Pos {
        let offset = offset.min(self.text.len());
        let line = self.starts.partition_point(|s| *s <= offset);
        let start = self.starts[line - 1];
        let chars = if offset - start < STEP {
            self.text[start..offset].iter().filter(|b| is_char_start(**b)).count()
        } else {
            self.chars_before(offset) - self.chars_before(start)
        };
        let column = chars + 1;
        Pos { line: saturate(line), column: saturate(column) }
    }

    /// The place of an error, as Codex 0.169 counts: the end of the text is one column after its last character, which
    /// may be a line end; at a character of several bytes the column is in bytes.
    pub(crate) fn of_error(&self, offset: usize) -> Pos {
        match self.text.len().checked_sub(1) {
            Some(last) if offset > last => {
                let at = self.at(last);
                Pos { line: at.line, column: at.column.saturating_add(1) }
            }
            Some(_) if !self.text[offset].is_ascii() => {
                let line = self.at(offset).line;
                let start = self.starts[line as usize - 1];
                Pos { line, column: saturate(offset - start + 1) }
            }
            _ => self.at(offset),
        }
    }
}

fn saturate(number: usize) -> u32 {
    u32::try_from(number).unwrap_or(u32::MAX)
}

/// In UTF-8 each character has one byte that is no continuation.
fn is_char_start(byte: u8) -> bool {
    byte & 0xC0 != 0x80
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn columns_count_characters_from_one() {
        let index = LineIndex::new("ab\nä=é\n".as_bytes());
        assert_eq!(index.at(0), Pos { line: 1, column: 1 });
        assert_eq!(index.at(3), Pos { line: 2, column: 1 });
        assert_eq!(index.at(6), Pos { line: 2, column: 3 });
        assert_eq!(index.at(9), Pos { line: 3, column: 1 });
        assert_eq!(index.at(900), Pos { line: 3, column: 1 }, "past the end is the end");
        assert_eq!(index.of_error(9), Pos { line: 2, column: 5 });
        assert_eq!(LineIndex::new("é x é".as_bytes()).of_error(5), Pos { line: 1, column: 6 });
        assert_eq!(LineIndex::new("é x é".as_bytes()).of_error(3), Pos { line: 1, column: 3 });
    }

    #[test]
    fn a_long_line_is_counted_from_the_nearest_step() {
        for length in [STEP - 1, STEP, STEP + 1, 3 * STEP] {
            let text = "é".repeat(length);
            let index = LineIndex::new(text.as_bytes());
            assert_eq!(index.at(text.len()).column as usize, length + 1);
            assert_eq!(index.at(text.len() - 2).column as usize, length);
        }
        assert_eq!(LineIndex::new(b"").at(0), Pos { line: 1, column: 1 });
    }
}
