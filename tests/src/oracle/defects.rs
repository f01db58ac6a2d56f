//! Where the program itself is wrong, unclear or silent, so that what it says is not compared: one table, [`KNOWN`].
//!
//! The comparer walks it. Each entry excuses one kind of statement, under conditions as narrow as what was seen, and
//! counts how often it did; a run prints the counts.
mod origins;
mod refusals;

use envsplit_model::Problem;
use serde_json::Value;
use std::sync::atomic::{AtomicUsize, Ordering};

pub use origins::{Name, Stray};
pub use refusals::Refused;

/// A known defect.
pub struct Defect {
    /// What the program does.
    pub what: &'static str,
    /// A case in which it was seen.
    pub proof: &'static str,
    /// What is not held against it.
    excuses: Excuses,
}

/// What a defect excuses.
enum Excuses {
    /// A refusal that is not the one that the rules give.
    Refusal(fn(&Refused<'_>) -> bool),
    /// An origin of a key that has no value.
    Origin(fn(&Stray<'_>) -> bool),
    /// A key whose origin cannot be told: so many values have it in the rules; whether Codex has it twice.
    Key(fn(usize, bool) -> bool),
    /// A key that a layer shows in another spelling.
    Spelling(fn(&[&str]) -> bool),
    /// A key under which the origins know a value: its path in the rules, the name of its layer, the whole answer.
    Spelled(fn(&[String], &Name, &Value) -> Option<Vec<String>>),
    /// A value that a layer shows in another form: the rules' value and Codex's.
    Form(fn(&Value, &Value) -> bool),
}

/// The key of the table that Codex makes of a number in `[desktop]`.
pub const NUMBER: &str = "$serde_json::private::Number";

/// All that is known.
pub const KNOWN: &[Defect] = &[
    Defect {
        what: "names the C library's words for a loop of links",
        proof: "`config.toml` a link to itself: `Symbolic link loop` from the static program, `Too many levels of \
                symbolic links` from others",
        excuses: Excuses::Refusal(refusals::loop_of_links),
    },
    Defect {
        what: "names a table above the value",
        proof: "`tools.web_search.x = 3`: the words of the value, and `in `tools``",
        excuses: Excuses::Refusal(refusals::table_above),
    },
    Defect {
        what: "places a value's error at its table or at the file's beginning",
        proof: "`[model_providers.p]` with `aws` in the third line, and `-c project_root_markers=.hg`: the refusal of \
                `aws` at 1:2",
        excuses: Excuses::Refusal(refusals::another_place),
    },
    Defect {
        what: "names what a file says that another repairs, when the whole is refused",
        proof: "`model = 3` in the user's file, `model = \"m\"` and `tui = 3` in a project's: the user's file is named",
        excuses: Excuses::Refusal(refusals::another_file),
    },
    Defect {
        what: "reads a file's types before its numbers, when flags are refused",
        proof: "`model = 3` and `x = 1e999` in the user's file: 2:5 `floating-point number overflowed`; with \
                `-c project_root_markers=.hg` 1:9 `invalid type: integer`",
        excuses: Excuses::Refusal(refusals::number_passed_over),
    },
    Defect {
        what: "after a refusal, refuses what system, requirements and flags say without the user's file",
        proof: "`model_provider = \"nope\"` in the system's file, `model_provider = \"ollama\"` and a \
                `model_instructions_file` that is missing in the user's: `Model provider `nope` not found`",
        excuses: Excuses::Refusal(refusals::second_refusal),
    },
    Defect {
        what: "refuses a key under its old and its new name in one file, when the whole is refused",
        proof: "`memories` with `disable_on_external_context` and `no_memories_if_mcp_or_web_search`: taken; with a \
                blank `auth.command` in another file: `duplicate field `disable_on_external_context``",
        excuses: Excuses::Refusal(refusals::both_names),
    },
    Defect {
        what: "takes a list in place of a table for its fields, and refuses its length or a field",
        proof: "`audio = []`: `invalid length 0, expected struct RealtimeAudioToml with 3 elements`; `history = [1]`: \
                the words of `persistence`",
        excuses: Excuses::Refusal(refusals::list_for_table),
    },
    Defect {
        what: "words anything but text in place of a word by the stage that reads it",
        proof: "`sandbox_mode = 3`: `wanted string or table` with a place, `invalid type: unit variant` without one",
        excuses: Excuses::Refusal(refusals::no_word),
    },
    Defect {
        what: "keeps the origins of what a value replaced",
        proof: "`args = [\"1\", \"2\"]` in the user's file, `args = [\"9\"]` as a flag: `args.1` from the user's file",
        excuses: Excuses::Origin(origins::below_a_value),
    },
    Defect {
        what: "keeps the origins below what a higher layer replaced and another put back",
        proof: "`desktop.x = {a = 1}` of the system, `desktop.x = 1` of the user, `desktop.x = {b = 1}` as a flag: \
                `desktop.x.a` from the system's file",
        excuses: Excuses::Origin(origins::replaced),
    },
    Defect {
        what: "keeps the origin of a value that a table replaced",
        proof: "`desktop.x = 1` in the user's file, `desktop.x = {a = 1}` as a flag: `desktop.x` from the user's file",
        excuses: Excuses::Origin(origins::above_values),
    },
    Defect {
        what: "keeps the origins of a way of filtering variables that a higher layer's other way replaced",
        proof: "`shell_environment_policy.exclude = [\"A\"]` in the user's file, `filters = { A = \"include\" }` in the \
                managed one: the config has `filters` alone, and `exclude.0` is from the user's file",
        excuses: Excuses::Origin(origins::other_filters),
    },
    Defect {
        what: "keeps the origins of names and hosts in the spelling of each layer",
        proof: "`filters = { Ab = \"exclude\" }` in the user's file, `filters = { aB = \"include\" }` in the managed one: \
                the config has `ab`, the origins have `Ab` and `aB`",
        excuses: Excuses::Origin(origins::other_spelling),
    },
    Defect {
        what: "names the origin of a name or of a host in its layer's spelling",
        proof: "`domains = { \"Ex.com.\" = \"allow\" }` in two files: the config has `ex.com`, the origins `Ex.com.`",
        excuses: Excuses::Spelled(origins::spelled),
    },
    Defect {
        what: "joins the parts of a key with dots and without quotation marks",
        proof: "`model_providers.\"p.q\".name` and `model_providers.p.\"q.name\"` have one origin",
        excuses: Excuses::Key(|ours, twice| ours != 1 || twice),
    },
    Defect {
        what: "shows old names in a layer, and new ones in the origins",
        proof: "`agents.max_threads = 3`: an origin for `agents.max_concurrent_threads_per_session`, and a layer with \
                `max_threads`",
        excuses: Excuses::Spelling(|path| {
            matches!(
                path,
                ["features", _, "enabled"]
                    | ["memories", "disable_on_external_context"]
                    | ["agents", "max_concurrent_threads_per_session"]
            )
        }),
    },
    Defect {
        what: "shows a number in `[desktop]` as a table with its text",
        proof: "`desktop.x = 1`: `{\"$serde_json::private::Number\": \"1\"}`",
        excuses: Excuses::Form(|ours, theirs| {
            theirs.get(NUMBER).is_some_and(|number| *number == Value::String(ours.to_string()))
        }),
    },
    Defect {
        what: "shows infinity and NaN as null",
        proof: "`tui.mouse_scroll_speed = inf` in a layer: null",
        excuses: Excuses::Form(|ours, theirs| {
            theirs.is_null()
                && matches!(ours.as_str(), Some("inf" | "+inf" | "-inf" | "nan" | "+nan" | "-nan"))
        }),
    },
    Defect {
        what: "shows an old word in a layer, and the new one in the whole",
        proof: "`approval_policy = \"on-failure\"` beside `model_providers.azure.env_key` without a name, which another file \
                has: the layer says `on-failure`, the config `on-request`",
        excuses: Excuses::Form(|ours, theirs| ours == "on-failure" && theirs == "on-request"),
    },
    Defect {
        what: "shows a date as a table with its text",
        proof: "`foo = 1979-05-27`: `{\"$__toml_private_datetime\": \"1979-05-27\"}`",
        excuses: Excuses::Form(|ours, theirs| {
            ours.is_string() && theirs.get("$__toml_private_datetime") == Some(ours)
        }),
    },
];

static USED: [AtomicUsize; KNOWN.len()] = [const { AtomicUsize::new(0) }; KNOWN.len()];

fn walk(mut excuses: impl FnMut(&Excuses) -> bool) -> bool {
    let found = KNOWN.iter().position(|defect| excuses(&defect.excuses));
    if let Some(at) = found {
        USED[at].fetch_add(1, Ordering::Relaxed);
    }
    found.is_some()
}

/// The defects that were met, with how often.
pub fn met() -> impl Iterator<Item = (&'static str, usize)> {
    KNOWN.iter().zip(&USED).map(|(d, used)| (d.what, used.load(Ordering::Relaxed))).filter(|(_, n)| *n > 0)
}

/// Whether a refusal in other words is excused.
pub fn refusal(refused: &Refused<'_>) -> bool {
    walk(|e| matches!(e, Excuses::Refusal(test) if test(refused)))
}

/// Whether an origin of a key that has no value is excused.
pub fn origin(stray: &Stray<'_>) -> bool {
    walk(|e| matches!(e, Excuses::Origin(test) if test(stray)))
}

/// Whether the origin of a key cannot be told.
pub fn key(ours: usize, twice: bool) -> bool {
    walk(|e| matches!(e, Excuses::Key(test) if test(ours, twice)))
}

/// Whether a key is the new spelling of one that a layer shows in the old one.
pub fn spelling(path: &[String]) -> bool {
    let path: Vec<&str> = path.iter().map(String::as_str).collect();
    walk(|e| matches!(e, Excuses::Spelling(test) if test(&path)))
}

/// The path under which the origins have a value, where that is none of the rules'.
pub fn spelled(path: &[String], layer: &Name, result: &Value) -> Option<Vec<String>> {
    let mut found = None;
    walk(|e| {
        if let Excuses::Spelled(spelling) = e {
            found = spelling(path, layer, result);
        }
        found.is_some()
    });
    found
}

/// Whether a value is the same in another form.
pub fn form(ours: &Value, theirs: &Value) -> bool {
    walk(|e| matches!(e, Excuses::Form(test) if test(ours, theirs)))
}

/// The rules' words without what stands in front of a file's error.
fn message(p: &Problem) -> &str {
    p.message.trim_end()
}

#[cfg(test)]
mod tests {
    use super::*;
    use serde_json::json;
    use std::collections::BTreeSet;

    #[test]
    fn each_defect_is_said_once_and_proved() {
        let said: BTreeSet<_> = KNOWN.iter().map(|d| d.what).collect();
        assert_eq!(said.len(), KNOWN.len());
        assert!(KNOWN.iter().all(|d| d.proof.len() > 20 && d.proof != d.what));
    }

    #[test]
    fn forms_are_excused_for_the_same_value_alone() {
        assert!(form(&json!(1), &json!({ NUMBER: "1" })) && !form(&json!(1), &json!({ NUMBER: "2" })));
        assert!(form(&json!("-inf"), &json!(null)) && !form(&json!("information"), &json!(null)));
        let date = json!({"$__toml_private_datetime": "1979-05-27"});
        assert!(form(&json!("1979-05-27"), &date) && !form(&json!("1979-05-28"), &date));
    }

    #[test]
    fn keys_are_excused_where_dots_make_them_one() {
        assert!(!key(1, false) && key(2, false) && key(1, true));
        assert!(spelling(&["features".to_owned(), "x".to_owned(), "enabled".to_owned()]));
        assert!(!spelling(&["features".to_owned(), "x".to_owned()]));
    }
}
