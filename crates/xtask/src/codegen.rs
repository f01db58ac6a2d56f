//! Generated files: the JSON schemas of what envsplit prints.
use envsplit_model::history::{History, Line};
use envsplit_model::{
    ConfigDiffSlice, ConfigSlice, EnvSlice, Explained, FixSlice, PlacesSlice, Report, Snapshot, UndoSlice,
};
use schemars::{Schema, schema_for};
use std::path::Path;

/// Writes every generated file, or with `check` names the ones that are out of date.
pub(crate) fn run(root: &Path, check: bool) -> Vec<String> {
    let mut faults = vec![];
    for (name, schema) in schemas() {
        let path = root.join("crates/envsplit-model/schema").join(format!("{name}.schema.json"));
        let text = match serde_json::to_string_pretty(&schema) {
            Ok(text) => text + "\n",
            Err(e) => {
                faults.push(format!("{name}: {e}"));
                continue;
            }
        };
        let current = std::fs::read_to_string(&path).unwrap_or_default();
        if current == text {
            continue;
        }
        if check {
            faults.push(format!("{} is out of date: run `cargo xtask codegen`", path.display()));
        } else if let Err(e) = std::fs::write(&path, text) {
            faults.push(format!("{}: {e}", path.display()));
        }
    }
    faults
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
