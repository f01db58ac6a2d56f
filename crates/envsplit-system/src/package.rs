//! The version of a Codex program, from the metadata of the package that it lies in, never by running it.
use envsplit_model::Files;
use envsplit_model::paths::PathStyle;

/// The version that the nearest npm package of Codex above `exe` states: `0.169.0`.
pub(crate) fn codex_version(files: &dyn Files, style: PathStyle, exe: &str) -> Option<String> {
    let mut dir = style.parent(exe)?.to_owned();
    for _ in 0..8 {
        if let Ok(content) = files.read(&style.join(&dir, "package.json"))
            && let Ok(manifest) = serde_json::from_slice::<serde_json::Value>(&content)
            && manifest["name"].as_str().is_some_and(|n| n.starts_with("@openai/codex"))
        {
            let version = manifest["version"].as_str()?;
            // Platform packages carry the platform behind the version: `0.169.0-linux-x64`.
            let plain = ["-linux-", "-darwin-", "-win32-"].iter().find_map(|p| version.split_once(p));
            return Some(plain.map_or(version, |(v, _)| v).to_owned());
        }
        dir = style.parent(&dir)?.to_owned();
    }
    None
}

#[cfg(test)]
mod tests {
    use super::*;
    use envsplit_model::ScratchFiles;

    #[test]
    fn the_nearest_codex_package_says_the_version() {
        let files = ScratchFiles::of([
            (
                "/n/@openai/codex-linux-x64/package.json",
                r#"{"name":"@openai/codex","version":"0.169.0-linux-x64"}"#,
            ),
            ("/n/@openai/codex-linux-x64/vendor/x/bin/codex", ""),
            ("/usr/bin/codex", ""),
        ]);
        let at = |exe| codex_version(&files, PathStyle::Posix, exe);
        assert_eq!(at("/n/@openai/codex-linux-x64/vendor/x/bin/codex").as_deref(), Some("0.169.0"));
        assert_eq!(at("/usr/bin/codex"), None);
    }
}
