//! Where the programs are that the tests start: `envsplit`, the real Codex, node and the like.
use std::path::{Path, PathBuf};
use std::process::Command;
use std::sync::OnceLock;
use std::time::Duration;

/// The repository's root.
pub fn repository() -> PathBuf {
    let tests = Path::new(env!("CARGO_MANIFEST_DIR"));
    tests.parent().unwrap_or(tests).to_path_buf()
}

/// The first program of that name on a search path such as `/usr/bin:/bin`.
pub fn on_path(name: &str, path: &str) -> Option<PathBuf> {
    use std::os::unix::fs::PermissionsExt;
    path.split(':').filter(|dir| !dir.is_empty()).map(|dir| Path::new(dir).join(name)).find(|file| {
        file.metadata().is_ok_and(|meta| meta.is_file() && meta.permissions().mode() & 0o111 != 0)
    })
}

/// The first program of that name on the caller's own PATH.
pub fn which(name: &str) -> Option<PathBuf> {
    on_path(name, &std::env::var("PATH").unwrap_or_default())
}

/// The native Codex: `ENVSPLIT_CODEX`, else the one that `scripts/test` put into `.tools`.
pub fn codex() -> Option<PathBuf> {
    if let Some(path) = std::env::var_os("ENVSPLIT_CODEX") {
        return Some(PathBuf::from(path));
    }
    let package = repository().join(".tools/node_modules/@openai").join(codex_package());
    let targets = std::fs::read_dir(package.join("vendor")).ok()?;
    targets.flatten().map(|target| target.path().join("bin/codex")).find(|file| file.is_file())
}

/// The binary under test: `ENVSPLIT_BIN`, else the one of the profile that these tests are built in, after
/// `cargo build -p envsplit` brought it up to date.
pub fn envsplit() -> Result<PathBuf, String> {
    static FOUND: OnceLock<Result<PathBuf, String>> = OnceLock::new();
    FOUND.get_or_init(find_or_build).clone()
}

fn find_or_build() -> Result<PathBuf, String> {
    if let Some(path) = std::env::var_os("ENVSPLIT_BIN") {
        return std::path::absolute(path).map_err(|e| format!("ENVSPLIT_BIN: {e}"));
    }
    let me = std::env::current_exe().map_err(|e| format!("this program's own path: {e}"))?;
    // TARGET/PROFILE/deps/NAME-HASH
    let (Some(profile), Some(target)) = (me.ancestors().nth(2), me.ancestors().nth(3)) else {
        return Err(format!("{} is not below a target directory", me.display()));
    };
    let cargo = std::env::var_os("CARGO").unwrap_or_else(|| "cargo".into());
    let mut build = Command::new(cargo);
    build.current_dir(repository()).args(["build", "--quiet", "-p", "envsplit", "--target-dir"]).arg(target);
    if profile.ends_with("release") {
        build.arg("--release");
    }
    let done = crate::exec::run(&mut build, Duration::from_mins(30))?;
    if done.code != 0 {
        return Err(format!("`cargo build -p envsplit` failed:\n{}", done.text()));
    }
    Ok(profile.join("envsplit"))
}

fn codex_package() -> &'static str {
    if cfg!(target_arch = "aarch64") { "codex-linux-arm64" } else { "codex-linux-x64" }
}
