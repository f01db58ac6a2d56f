//! What to do about files that are no start-up file, about PATH and about sandboxes.
use super::{applied, cost_of, fix, quoted};
use crate::rules::loss::Loss;
use crate::world::World;
use envsplit_model::text::{posix_word, shown};
use envsplit_model::{Change, Edit, Fix, IdeSetting, ScopedSetting, Setting};

/// The IDEs that Flathub has, by product.
const FLATHUB: &[(&str, &str)] = &[("VS Code", "com.visualstudio.code"), ("VSCodium", "com.vscodium.codium")];

/// The setting can go once the variable is set where Codex reads it.
pub(in crate::rules) fn out_of_setting(w: &World<'_>, found: &ScopedSetting) -> Fix {
    let title = format!(
        "then take it out of {}:{}, where it reaches too little",
        w.shown(&found.setting.path),
        found.setting.line
    );
    let mut f = fix(
        w,
        "move-out-of-ide-setting",
        title,
        "new terminals of the IDE lose it, unless it is set elsewhere",
    );
    f.shell = None;
    f.edits = vec![Edit {
        path: found.setting.path.clone(),
        before: found.setting.text.clone(),
        after: String::new(),
        line: Some(found.setting.line),
    }];
    f
}

/// The IDE's terminals are to begin with what the IDE has.
pub(in crate::rules) fn inherit(w: &World<'_>, setting: &IdeSetting) -> Fix {
    let title = format!("let terminals inherit: take out {}:{}", w.shown(&setting.path), setting.line);
    let f = fix(w, "let-terminals-inherit", title, "open new terminals in the IDE");
    with_value(f, setting, "true")
}

/// The IDE is to wait until the shell start has ended.
pub(in crate::rules) fn wait_longer(w: &World<'_>, loss: &Loss<'_>, setting: &IdeSetting, took: f64) -> Fix {
    let enough = (took * 2.0).ceil().clamp(10.0, 120.0);
    let title = format!("let the IDE wait {enough} s, at {}:{}", w.shown(&setting.path), setting.line);
    let f = fix(w, "wait-longer", title, cost_of(w, loss.place));
    with_value(f, setting, &enough.to_string())
}

/// The setting gets another value.
fn with_value(mut f: Fix, setting: &IdeSetting, value: &str) -> Fix {
    let (path, line) = (setting.path.clone(), setting.line);
    let old = format!("\"{}\": {}", setting.key, setting.value);
    let new = format!("\"{}\": {value}", setting.key);
    f.shell = None;
    f.edits = vec![Edit { path: path.clone(), before: old.clone(), after: new.clone(), line: Some(line) }];
    applied(f, vec![Change::Replace { path, line, old, new }])
}

/// Start the IDE where the hook has loaded it.
pub(in crate::rules) fn from_directory(w: &World<'_>, loss: &Loss<'_>, dir: &str) -> Fix {
    let title = "or start the IDE from a shell in that directory, where the hook has loaded it";
    let mut f = fix(w, "start-from-directory", title, cost_of(w, loss.place));
    f.commands = vec![format!("cd {} && code .", quoted(dir))];
    f
}

/// The session reads its files once, at its start.
pub(in crate::rules) fn login_again(w: &World<'_>, path: &str) -> Fix {
    let title = format!("log out and in again: {} is read at the start of a session", w.shown(path));
    let mut f = fix(w, "login-again", title, "everything that runs in the session ends");
    f.shell = None;
    f
}

/// `environment.d`: for everything that a session with systemd starts.
pub(in crate::rules) fn environment_d(w: &World<'_>, name: &str) -> Fix {
    let file = format!("{}/.config/environment.d/codex.conf", super::home(w));
    let title = format!("or set it for the whole session in {} (sessions with systemd)", w.shown(&file));
    let mut f = fix(w, "set-in-environment-d", title, "log out and in again");
    f.edits =
        vec![Edit { path: file, before: String::new(), after: format!("{}=…", shown(name)), line: None }];
    f
}

/// What the policy keeps back.
pub(in crate::rules) fn let_through(w: &World<'_>, name: &str, key: &str, line: &str) -> Fix {
    let title = format!("if a command needs `{}`, let it through: change `{key}` at {line}", shown(name));
    let mut f = fix(w, "let-through", title, "nothing: Codex reads the config anew for each conversation");
    f.shell = None;
    f
}

/// A program must be found by the PATH of a place.
pub(in crate::rules) fn reachable_program(
    w: &World<'_>,
    place: usize,
    program: &str,
    found: &str,
    source: Option<&Setting>,
) -> Vec<Fix> {
    let mut fixes = vec![];
    let local = format!("{}/.local/bin", super::home(w));
    let path = match w.process(place).filter(|_| !w.lineage.is_caller(place)) {
        Some(process) => process.structural.get("PATH"),
        None => w.snapshot.caller.as_ref().and_then(|c| c.structural.get("PATH")),
    };
    if path.is_some_and(|p| p.split(':').any(|d| d.trim_end_matches('/') == local)) {
        let title = format!("link it into {}, which that PATH has", w.shown(&local));
        let mut f = fix(w, "link-program", title, "nothing; the link must follow when the version changes");
        f.commands = vec![format!("ln -s {} {}", quoted(found), quoted(&format!("{local}/{program}")))];
        fixes.push(f);
    }
    let title = match source {
        Some(s) => format!(
            "let the start of that place come to {}:{}, which puts it on PATH",
            w.shown(&s.path),
            s.line
        ),
        None => format!("let login shells put `{program}` on PATH as well (`~/.profile`, `~/.zprofile`)"),
    };
    let mut f = fix(w, "path-in-login-file", title, cost_of(w, place));
    f.shell = None;
    fixes.push(f);
    fixes
}

/// The variable must be given to the sandbox.
pub(in crate::rules) fn into_sandbox(w: &World<'_>, loss: &Loss<'_>, product: &str) -> Vec<Fix> {
    let mut fixes = vec![super::set_in_dotenv(w, loss.place, loss.name)];
    if let Some((_, id)) = FLATHUB.iter().find(|(name, _)| *name == product) {
        let title = "or give it to the sandbox (it is kept in a readable file)";
        let mut f = fix(w, "give-to-sandbox", title, cost_of(w, loss.place));
        f.commands = vec![format!(
            "read -rs key && flatpak override --user --env={}=\"$key\" {id}; unset key   # paste the key, press Enter",
            posix_word(loss.name)
        )];
        fixes.push(f);
    }
    fixes
}

/// Proxy and certificates for both sides.
pub(in crate::rules) fn same_proxy(w: &World<'_>, place: usize) -> Fix {
    let title = "set them where both read them: in a login file, or in Codex's `.env` for Codex alone";
    let mut f = fix(w, "same-proxy", title, cost_of(w, place));
    f.shell = None;
    f
}

/// The script that an IDE's server reads on WSL.
pub(in crate::rules) fn server_setup(w: &World<'_>, loss: &Loss<'_>) -> Option<Fix> {
    let product = w.product(loss.place)?;
    let folder = crate::products::PRODUCTS.iter().find(|p| p.name == product)?.servers.first()?;
    let wsl = w.snapshot.host.0.starts_with("wsl:") && folder.starts_with('.');
    wsl.then(|| {
        let file = format!("{}/{folder}/server-env-setup", super::home(w));
        let title = format!("or export it in {}, which the IDE's server reads at its start", w.shown(&file));
        let mut f = fix(w, "set-in-server-env-setup", title, cost_of(w, loss.place));
        f.edits = vec![Edit {
            path: file,
            before: String::new(),
            after: format!("export {}=…", shown(loss.name)),
            line: None,
        }];
        f
    })
}
