//! Values as TOML writes them: of the right type for a key, and of every type.
use proptest::prelude::*;
use proptest::sample::select;

/// A value that fits what Codex expects of a key.
pub(super) fn fitting(expected: &'static str) -> BoxedStrategy<String> {
    if let Some(words) = expected.strip_prefix("enum ") {
        return select(words.split(' ').collect::<Vec<_>>()).prop_map(|w| format!("\"{w}\"")).boxed();
    }
    let choices: &[&str] = match expected {
        "an effort" => &["\"low\"", "\"high\""],
        "a string" => &["\"s\"", "''", "\"two words\""],
        "path string" => &["\"p\"", "\"@ROOT@/abs\"", "\"../up\"", "\"~/h\"", "\"\""],
        "a sequence of strings" => &["[]", "[\"a\", \"b\"]"],
        "a sequence of variables" => {
            &["[]", "[\"A\", {name = \"B\", source = \"local\"}]", "[{name = \"B\"}]"]
        }
        "a sequence of enum code_mode deferred direct" => &["[\"direct\"]", "[]"],
        "positive f64" => &["0.5", "3"],
        "untagged Repr string sequence" => &["\"w\"", "[\"w\"]"],
        text if text.starts_with("untagged ") => &["true", "false", "{}"],
        "plain path string" => &["\"p\"", "\"~/h\""],
        "a boolean" | "any" => &["true", "false"],
        "f64" => &["1.5", "2"],
        "a sequence" => &["[]", "[\"a\"]"],
        "a map" => &["{}"],
        text if text.starts_with("struct ") || text.starts_with("listed ") => &["{}"],
        _ => &["1", "2", "100"],
    };
    select(choices).prop_map(str::to_owned).boxed()
}

/// Values of every type.
pub(super) fn values() -> impl Strategy<Value = String> {
    let choices: &[&str] = &[
        "3",
        "0",
        "-1",
        "70000",
        "300",
        "9223372036854775807",
        "3000000000",
        "1.5",
        "inf",
        "true",
        "\"s\"",
        "\"\"",
        "1979-05-27T07:32:00Z",
        "07:32:00",
        "[]",
        "[1]",
        "[\"a\", 1]",
        "[[]]",
        "[{}]",
        "{}",
        "{a = 1}",
        "{a = \"b\"}",
        "{enabled = true}",
        "[{name = \"n\", source = \"s\"}]",
        "[{name = \"n\", source = \"remote\"}]",
        "[\"direct\", \"s\"]",
    ];
    select(choices).prop_map(str::to_owned)
}
