//! Generated files: the JSON schemas of what envsplit prints and sends, and of the protocol the document and the
//! TypeScript types.
use envsplit_ipc::protocol::export;
use envsplit_model::history::{History, Line};
use envsplit_model::{
    ConfigDiffSlice, ConfigSlice, EnvSlice, Explained, FixSlice, PlacesSlice, Report, Snapshot, UndoSlice,
};
use schemars::{Schema, schema_for};
use std::path::Path;

/// Writes every generated file, or with `check` names the ones that are out of date.
pub(crate) fn run(root: &Path, check: bool) -> Vec<String> {
    let mut faults = vec![];
    for (path, text) in files() {
        let path = root.join(path);
        let current = std::fs::read_to_string(&path).unwrap_or_default();
        if current == text {
            continue;
        }
        if check {
            faults.push(format!("{} is out of date: run `cargo xtask codegen`", path.display()));
            continue;
        }
        let made = path.parent().map_or(Ok(()), std::fs::create_dir_all);
        if let Err(e) = made.and_then(|()| std::fs::write(&path, text)) {
            faults.push(format!("{}: {e}", path.display()));
        }
    }
    faults
}

/// Every generated file, from the folder of the workspace.
fn files() -> Vec<(String, String)> {
    let mut files: Vec<_> = schemas()
        .into_iter()
        .map(|(name, schema)| (format!("crates/envsplit-model/schema/{name}.schema.json"), json(&schema)))
        .collect();
    files.push(("crates/envsplit-ipc/schema/protocol.v1.schema.json".to_owned(), json(&export::schema())));
    files.push(("docs/protocol.md".to_owned(), export::markdown()));
    files.push(("extension-bridge/src/protocol.ts".to_owned(), export::typescript()));
    files
}

fn json(value: &impl serde::Serialize) -> String {
    // A value of JSON has nothing that could not be written.
    serde_json::to_string_pretty(value).unwrap_or_default() + "\n"
}

fn schemas() -> [(&'static str, Schema); 11] {
    [
        ("report.v1", schema_for!(Report)),
        ("snapshot.v1", schema_for!(Snapshot)),
        ("places.v1", schema_for!(PlacesSlice)),
        ("config.v1", schema_for!(ConfigSlice)),
        ("config-diff.v1", schema_for!(ConfigDiffSlice)),
        ("fix.v1", schema_for!(FixSlice)),
        ("undo.v1", schema_for!(UndoSlice)),
        ("env.v1", schema_for!(EnvSlice)),
        ("history.v1", schema_for!(History)),
        ("history-line.v1", schema_for!(Line)),
        ("explain.v1", schema_for!(Explained)),
    ]
}
