//! Names, values and lines of `.env`.
use proptest::prelude::*;
use proptest::sample::select;

/// Names that `env_key` may have.
pub(super) const NAMES: &[&str] =
    &["K", "K", "K", "k", "CODEX_K", "codex_k", " K ", "$K", "É", "K.2", "HOME", ""];

/// Lines of a `.env`.
const LINES: &[&[u8]] = &[
    b"K=fromdotenv",
    b"K=",
    b"K= ",
    b"K",
    b"export K=\"quoted val\"",
    b"export  K=a",
    b"exportK=a",
    b"export =a",
    b"K=crlf\r",
    b"K = spaced ",
    b" K=lead",
    b"K=abc#def",
    b"K=abc #c",
    b"K=ab$HOME.x",
    b"K=$A",
    b"K=${A}b",
    b"K=$A_B",
    b"K=${A",
    b"K=${}x",
    b"K=$$A",
    b"K=\"$A\"",
    b"K='single $A'",
    b"K='single $A'",
    b"K='single $A'",
    b"K=\\$A",
    b"K=a\\nb",
    b"K=\"a\\nb\"",
    b"K='a\\nb'",
    b"K=\"a\\tb\"",
    b"K=a\\ b",
    b"K=it's",
    b"K=\"it's\"",
    b"K='a'\"b\"c",
    b"K=two words",
    b"K=\"two words\" # c",
    b"K=\"two words\"x",
    b"K=\"multi\nline\"",
    b"K='multi\nend'",
    b"K=\"multi",
    b"line\"",
    b"K='multi",
    b"end'",
    b"K=a\\",
    b"K=\"a\\",
    b"\xef\xbb\xbfK=bom",
    b"K=\xff\xfe",
    b"K=\xc3\xa9",
    b"\xc3\x89=accent",
    b"k=lower",
    b"CODEX_K=c",
    b"codex_k=c",
    b"Codex_K=c",
    b"CODEX_HOME=/nowhere",
    b"K.2=dot",
    b"K-2=dash",
    b"1K=digit",
    b"A=one",
    b"A=two",
    b"A=\"o 'n' e\"",
    b"A=$K",
    b"# comment",
    b"  # comment",
    b"#K=commented",
    b"",
    b"   ",
    b"=x",
    b"K:colon",
    b"K==x",
    b"K=a=b",
    b"K='",
    b"K=\"\"",
    b"K=''",
    b"K=`a`",
    b"K=a;b",
    b"K=\ta\t",
    b"K=a\tb",
    b"K=\xc2\xa0nbsp\xc2\xa0",
    b"K=a\rb",
    b"export",
    b"export K",
    b"K=\x0b",
    b"K=\x7f",
];

/// Values of the process's environment.
pub(super) const VALUES: &[&[u8]] = &[
    b"secret123",
    b"",
    b"   ",
    b"\t",
    b" pad ",
    b"trail ",
    b"\tlead",
    b"s\r",
    b"s\n",
    b"s\r\n",
    b"mid\rdle",
    b"a\tb",
    b"\"quoted\"",
    b"s\xc3\xa9cret",
    b"\xff\xfe",
    b"a\xff",
    b"\x01",
    b"a\x7f",
    b"\xc2\xa0",
    b"\xc2\xa0x",
    b"\xe3\x80\x80",
    b"\x0b",
    b"x\xc2\x85",
    b"\xef\xbb\xbfbom",
    b"\xe2\x80\x8b",
    b"\r",
    b"\n",
    b"\r\n",
    b"\x1c",
    b"\x1fx",
];

/// Headers that carry the value of a variable each: so one run shows what became of many lines.
pub(super) const PROBES: &[(&str, &str)] = &[
    ("x-probe-0", "A"),
    ("x-probe-1", "P1"),
    ("x-probe-2", "P2"),
    ("x-probe-3", "P3"),
    ("x-probe-4", "P4"),
    ("x-probe-5", "P5"),
    ("x-probe-6", "P6"),
    ("x-probe-7", "P7"),
    ("x-probe-8", "P8"),
    ("x-probe-9", "P9"),
    ("x-probe-10", "A_B"),
    ("x-probe-11", "codex_p"),
    ("x-probe-12", "CODEX_P"),
];

/// Whether a line leaves the next one alone.
fn is_closed(line: &[u8]) -> bool {
    let pairs = |quote: u8| line.split(|b| *b == quote).count() % 2 == 1;
    pairs(b'"') && pairs(b'\'') && !line.ends_with(b"\\")
}

/// A file: lines of the probes, lines of the key, now and then a byte-order mark in front and odd ends.
pub(super) fn dotenv() -> impl Strategy<Value = Vec<u8>> {
    let calm: Vec<&[u8]> = LINES.iter().copied().filter(|line| is_closed(line)).collect();
    let probe = (select(PROBES), select(calm)).prop_map(|((_, name), line)| renamed(line, name));
    let key = prop::collection::vec(select(LINES), 1..4).prop_map(|l| l.join(&b"\n"[..]));
    let line = prop_oneof![9 => probe, 1 => select(LINES).prop_map(|line| renamed(line, "P9"))];
    (prop::collection::vec(line, 0..24), key, 0u8..8, 0u8..4, any::<bool>()).prop_map(
        |(mut lines, key, end, mark, first)| {
            let at = if first { 0 } else { lines.len() };
            lines.insert(at, key);
            if mark == 0 {
                lines.insert(0, b"\xef\xbb\xbfP1=bom".to_vec());
            }
            let mut bytes: Vec<u8> = lines.join(&b"\n"[..]);
            match end {
                0 => {}
                1 => bytes.extend(b"\r\n"),
                _ => bytes.push(b'\n'),
            }
            bytes
        },
    )
}

/// The lines that set `K` set another name.
pub(super) fn renamed(bytes: &[u8], name: &str) -> Vec<u8> {
    const BEFORE: &[&[u8]] = &[b"", b"export ", b"export  ", b" ", b"\xef\xbb\xbf", b"#"];
    let line = |line: &[u8]| {
        let rest = BEFORE.iter().find_map(|before| {
            let rest = line.strip_prefix(*before)?.strip_prefix(b"K")?;
            matches!(rest.first(), Some(b'=' | b' ')).then_some((before, rest))
        });
        match rest {
            Some((before, rest)) if !name.is_empty() => [before, name.as_bytes(), rest].concat(),
            _ => line.to_vec(),
        }
    };
    bytes.split_inclusive(|b| *b == b'\n').flat_map(line).collect()
}
