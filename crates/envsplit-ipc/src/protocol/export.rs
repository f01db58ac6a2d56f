//! What is generated from the types: `docs/protocol.md` and the extension's `protocol.ts`.
use super::example::Example;
use super::{Direction, ErrorCode, Kind, METHODS, MethodInfo, PROTOCOL, SHOWN_SETTINGS};
use crate::frame::Limits;
use schemars::{JsonSchema, SchemaGenerator};
use serde::Serialize;
use serde::de::DeserializeOwned;
use serde_json::{Value, json};
use std::collections::BTreeMap;
use std::fmt::Write as _;
use ts_rs::{Config, TS, TypeVisitor};

/// Sees the types of every row of the table.
pub(in crate::protocol) trait Visit {
    /// A request's.
    fn request<P: Wire, R: Wire>(&mut self, name: &'static str);
    /// A notification's.
    fn notification<P: Wire>(&mut self, name: &'static str);
}

/// What every wire type is.
pub(in crate::protocol) trait Wire:
    Serialize + DeserializeOwned + JsonSchema + TS + Example + 'static
{
}
impl<T: Serialize + DeserializeOwned + JsonSchema + TS + Example + 'static> Wire for T {}

/// An example of a method, as JSON.
#[derive(Clone, Debug)]
pub struct Shown {
    /// The method.
    pub name: &'static str,
    /// Its parameters.
    pub params: Value,
    /// Its result; `None` for a notification.
    pub result: Option<Value>,
}

/// An example of every method, made of the types themselves.
pub fn examples() -> Vec<Shown> {
    struct Examples(Vec<Shown>);
    impl Visit for Examples {
        fn request<P: Wire, R: Wire>(&mut self, name: &'static str) {
            self.0.push(Shown { name, params: shown::<P>(), result: Some(shown::<R>()) });
        }
        fn notification<P: Wire>(&mut self, name: &'static str) {
            self.0.push(Shown { name, params: shown::<P>(), result: None });
        }
    }
    let mut all = Examples(vec![]);
    super::table::methods::visit(&mut all);
    all.0
}

/// An example, read back: what the document shows is what the types take.
fn shown<T: Wire>() -> Value {
    let value = serde_json::to_value(T::example()).unwrap_or_default();
    let again = serde_json::from_value::<T>(value.clone()).ok().and_then(|v| serde_json::to_value(v).ok());
    assert_eq!(again.as_ref(), Some(&value), "an example does not come back as it was");
    value
}

/// `crates/envsplit-ipc/schema/protocol.v1.schema.json`: of every method the parameters and the result.
pub fn schema() -> Value {
    struct Schemas(SchemaGenerator, serde_json::Map<String, Value>);
    impl Visit for Schemas {
        fn request<P: Wire, R: Wire>(&mut self, name: &'static str) {
            let (params, result) = (self.0.subschema_for::<P>(), self.0.subschema_for::<R>());
            self.1.insert(name.to_owned(), json!({ "params": params, "result": result }));
        }
        fn notification<P: Wire>(&mut self, name: &'static str) {
            let params = self.0.subschema_for::<P>();
            self.1.insert(name.to_owned(), json!({ "params": params }));
        }
    }
    let mut all = Schemas(SchemaGenerator::default(), serde_json::Map::new());
    super::table::methods::visit(&mut all);
    let Schemas(mut generator, methods) = all;
    json!({
        "$schema": "https://json-schema.org/draft/2020-12/schema",
        "title": "envsplit's protocol",
        "protocol": PROTOCOL,
        "methods": methods,
        "$defs": generator.take_definitions(true),
    })
}

/// `extension-bridge/src/protocol.ts`.
pub fn typescript() -> String {
    struct Types {
        config: Config,
        declared: BTreeMap<String, String>,
        requests: Vec<(&'static str, String, String)>,
        notifications: Vec<(&'static str, String)>,
    }
    impl TypeVisitor for Types {
        fn visit<T: TS + 'static + ?Sized>(&mut self) {
            // Only a type that has a file of its own has a declaration; the others stand where they are used.
            if T::output_path().is_none() || self.declared.contains_key(&T::ident(&self.config)) {
                return;
            }
            let docs = T::docs().unwrap_or_default();
            let text = format!("{docs}export {}", T::decl(&self.config));
            self.declared.insert(T::ident(&self.config), text);
            T::visit_dependencies(self);
        }
    }
    impl Visit for Types {
        fn request<P: Wire, R: Wire>(&mut self, name: &'static str) {
            self.all::<P>();
            self.all::<R>();
            self.requests.push((name, P::name(&self.config), R::name(&self.config)));
        }
        fn notification<P: Wire>(&mut self, name: &'static str) {
            self.all::<P>();
            self.notifications.push((name, P::name(&self.config)));
        }
    }
    impl Types {
        fn all<T: TS + 'static>(&mut self) {
            self.visit::<T>();
            T::visit_dependencies(self);
        }
    }
    let mut types = Types {
        config: Config::new().with_large_int("number"),
        declared: BTreeMap::new(),
        requests: vec![],
        notifications: vec![],
    };
    super::table::methods::visit(&mut types);
    let mut text = String::from(
        "// Generated by `cargo xtask codegen` from crates/envsplit-ipc: do not edit.\n\n\
         /** The version of the protocol. */\n",
    );
    let _ = writeln!(text, "export const PROTOCOL = {PROTOCOL};\n");
    text.push_str("/** The only settings whose values may be told; of others tell the scope alone. */\n");
    let names: Vec<_> = SHOWN_SETTINGS.iter().map(|(name, _)| *name).collect();
    let _ = writeln!(text, "export const SHOWN_SETTINGS = {} as const;\n", pretty(&names));
    text.push_str("/** Why a request has no result. */\nexport const ErrorCode = {\n");
    for code in ErrorCode::ALL {
        let _ = writeln!(text, "  /** {} */\n  {code:?}: {},", code.doc(), code.number());
    }
    text.push_str("} as const;\n\n/** Every request: what it is asked with, what answers it. */\nexport interface Requests {\n");
    for (name, params, result) in &types.requests {
        let _ = writeln!(text, "{}  {name:?}: {{ params: {params}; result: {result} }};", docs(name));
    }
    text.push_str("}\n\n/** Every notification and what it carries. */\nexport interface Notifications {\n");
    for (name, params) in &types.notifications {
        let _ = writeln!(text, "{}  {name:?}: {params};", docs(name));
    }
    text.push_str("}\n");
    for declaration in types.declared.values() {
        let _ = write!(text, "\n{}\n", declaration.trim_end());
    }
    // Line ends are free of white space, as everywhere in the project.
    text.lines().map(|l| l.trim_end().to_owned() + "\n").collect()
}

fn docs(name: &str) -> String {
    let doc = super::method(name).map(|m| one_line(m.doc)).unwrap_or_default();
    format!("  /** {doc} */\n")
}

/// `docs/protocol.md`.
pub fn markdown() -> String {
    let mut text = String::from(include_str!("protocol.md"));
    for (mark, value) in [
        ("{PROTOCOL}", PROTOCOL.to_string()),
        ("{STRANGER}", (Limits::STRANGER.body >> 10).to_string()),
        ("{CLIENT}", (Limits::CLIENT.body >> 20).to_string()),
        ("{DAEMON}", (Limits::DAEMON.body >> 20).to_string()),
        ("{HEADER}", (Limits::CLIENT.header >> 10).to_string()),
        ("{DEPTH}", Limits::CLIENT.depth.unwrap_or_default().to_string()),
        ("{METHODS}", METHODS.iter().map(row).collect()),
        ("{ERRORS}", ErrorCode::ALL.iter().copied().map(error_row).collect()),
        ("{SETTINGS}", SHOWN_SETTINGS.iter().map(setting).collect()),
        ("{EACH}", examples().iter().map(section).collect()),
    ] {
        text = text.replace(mark, value.trim_end());
    }
    text
}

fn row(m: &MethodInfo) -> String {
    let result = if m.kind == Kind::Notification { "" } else { type_name(m.result) };
    let from = match m.direction {
        Direction::ToDaemon => "client",
        Direction::ToClient => "daemon",
    };
    format!(
        "| [`{}`](#{}) | {from} | `{}` | {} |\n",
        m.name,
        anchor(m.name),
        type_name(m.params),
        code(result)
    )
}

fn setting((name, kind): &(&str, super::editor::Shown)) -> String {
    format!("- `{name}` ({kind:?})\n")
}

fn error_row(code: ErrorCode) -> String {
    format!("| {} | `{}` | {} |\n", code.number(), code.word(), code.doc())
}

fn section(example: &Shown) -> String {
    let Some(m) = super::method(example.name) else { return String::new() };
    let mut text = format!("### `{}`\n\n{}\n", m.name, one_line(m.doc));
    if !m.errors.is_empty() {
        let words: Vec<_> = m.errors.iter().map(|e| format!("`{}`", e.word())).collect();
        let _ = write!(text, "\nErrors of its own: {}.\n", words.join(", "));
    }
    let mut message = json!({ "jsonrpc": "2.0", "method": m.name, "params": example.params });
    if let Some(result) = &example.result {
        message["id"] = 7.into();
        let answer = json!({ "jsonrpc": "2.0", "id": 7, "result": result });
        let _ = write!(text, "\n```json\n{}\n```\n\n```json\n{}\n```\n\n", pretty(&message), pretty(&answer));
    } else {
        let _ = write!(text, "\n```json\n{}\n```\n\n", pretty(&message));
    }
    text
}

fn anchor(name: &str) -> String {
    name.chars().filter(|c| c.is_ascii_alphanumeric() || *c == '-').collect::<String>().to_lowercase()
}

fn type_name(rust: &str) -> &str {
    match rust.rsplit("::").next().unwrap_or(rust).trim() {
        "()" => "null",
        name => name,
    }
}

fn code(text: &str) -> String {
    if text.is_empty() { String::new() } else { format!("`{text}`") }
}

fn one_line(doc: &str) -> String {
    doc.split_whitespace().collect::<Vec<_>>().join(" ")
}

fn pretty<T: Serialize>(value: &T) -> String {
    serde_json::to_string_pretty(value).unwrap_or_default()
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn every_method_is_documented_with_an_example_that_its_types_take() {
        let (examples, text) = (examples(), markdown());
        assert_eq!(examples.len(), METHODS.len());
        for (m, example) in METHODS.iter().zip(&examples) {
            assert_eq!(m.name, example.name);
            assert!(!m.doc.trim().is_empty() && text.contains(&format!("### `{}`", m.name)), "{}", m.name);
        }
        for name in ["{METHODS}", "{EACH}", "{DEPTH}"] {
            assert!(!text.contains(name), "{name}");
        }
    }

    #[test]
    fn every_type_that_is_used_is_declared() {
        let text = typescript();
        for name in ["Report", "HistoryChange", "Caller", "Finding", "Id", "Status", "Code", "PlacesSlice"] {
            let declared = text.contains(&format!("export type {name} "));
            assert!(declared, "`{name}` is not declared");
        }
        assert!(!text.contains("bigint"), "JSON has no such numbers");
    }
}
