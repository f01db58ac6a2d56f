//! What `fix --apply` promises: after it, and after a new start of everything that ran, the situation is in order; after
//! `fix --undo` every byte is as it was.
use super::Lab;
use crate::leaks;
use crate::scenario::Heal;
use serde_json::Value;
use std::collections::BTreeMap;
use std::fs;
use std::os::unix::fs::PermissionsExt;
use std::path::{Path, PathBuf};

/// The files of a home, with their bytes and modes.
type Files = BTreeMap<PathBuf, (Vec<u8>, u32)>;

impl Lab<'_> {
    /// Applies the fix, starts everything again, asks anew, takes the fix back. Returns what was not so.
    pub fn heal(&mut self, heal: &Heal) -> Vec<String> {
        let before = self.kept();
        let mut bad = match self.apply(heal) {
            Ok(bad) => bad,
            Err(why) => vec![why],
        };
        let undo = ["{{BIN}}", "fix", "--undo", "--json"].map(str::to_owned);
        match self.run(&self.scenario.check, &undo, 60.0) {
            Ok(out) if out.code == 0 => {}
            Ok(out) => bad.push(format!("undo: exit {}: {}", out.code, out.text())),
            Err(why) => bad.push(why),
        }
        let after = self.kept();
        for (path, file) in &before {
            if after.get(path) != Some(file) {
                bad.push(format!("undo: {} is not as it was", path.display()));
            }
        }
        let new = after.keys().filter(|path| !before.contains_key(*path));
        bad.extend(new.map(|path| format!("undo: {} is left", path.display())));
        bad
    }

    fn apply(&mut self, heal: &Heal) -> Result<Vec<String>, String> {
        let check = self.scenario.check.clone();
        let mut argv: Vec<String> = ["{{BIN}}", "fix"].map(str::to_owned).to_vec();
        argv.push(heal.code.clone());
        argv.extend(["--apply", "--json", "--no-daemon"].map(str::to_owned));
        argv.extend(check.argv.iter().skip_while(|a| !a.starts_with("--key")).cloned());
        let out = self.run(&check, &argv, 90.0)?;
        let mut bad = self.told(&out);
        let report: Value = serde_json::from_slice(&out.stdout)
            .map_err(|e| format!("fix --apply: exit {}, no JSON ({e}): {}", out.code, out.text()))?;
        let applied = report["applied"].as_array().cloned().unwrap_or_default();
        let written = |a: &Value| a["files"].as_array().is_some_and(|f| !f.is_empty());
        if out.code != 0 || !applied.iter().any(written) {
            return Err(format!("fix --apply: exit {}, applied {}", out.code, Value::from(applied)));
        }
        self.start_again()?;
        for truth in &heal.healed {
            let out = self.run(truth, &truth.argv, 90.0)?;
            bad.extend(self.untrue(truth, &out)?.into_iter().map(|why| format!("healed: {why}")));
        }
        let mut again = check.clone();
        again.env.extend(heal.env.clone());
        let out = self.asked(&again)?;
        bad.extend(self.told(&out));
        if out.code != heal.exit {
            let report: Value = serde_json::from_slice(&out.stdout).unwrap_or_default();
            let codes: Vec<_> =
                report["findings"].as_array().into_iter().flatten().map(|f| f["code"].clone()).collect();
            bad.push(format!(
                "healed: exit {}, wanted {}; findings: {}",
                out.code,
                heal.exit,
                Value::from(codes)
            ));
        }
        Ok(bad)
    }

    /// Secrets in what was printed.
    fn told(&self, out: &crate::exec::Output) -> Vec<String> {
        let streams = [("stdout", &out.stdout[..]), ("stderr", &out.stderr[..])];
        leaks::in_streams(&self.secrets.borrow(), &streams)
    }

    /// Everything that the scenario started is ended and started again.
    fn start_again(&mut self) -> Result<(), String> {
        for child in self.processes.values_mut() {
            crate::exec::kill(child);
        }
        for step in self.scenario.step.iter().filter(|s| s.start.is_some()) {
            if let Some(ready) = &step.ready {
                let _ = fs::remove_file(self.fill(ready)?);
            }
            self.step(step)?;
        }
        Ok(())
    }

    /// The files of the home that are the user's: not Codex's own state, and not envsplit's.
    fn kept(&self) -> Files {
        let mut files = Files::new();
        collect(&self.home(), &mut files);
        files
    }
}

fn collect(dir: &Path, files: &mut Files) {
    for entry in fs::read_dir(dir).into_iter().flatten().flatten() {
        let (path, name) = (entry.path(), entry.file_name());
        let Ok(meta) = path.symlink_metadata() else { continue };
        let of_codex = dir.ends_with(".codex") && name != "config.toml" && name != ".env";
        if meta.is_dir() && !path.ends_with(".local") && !of_codex && name != ".npm" && name != ".cache" {
            collect(&path, files);
        } else if meta.is_file() && !of_codex {
            files.insert(path.clone(), (fs::read(&path).unwrap_or_default(), meta.permissions().mode()));
        }
    }
}
