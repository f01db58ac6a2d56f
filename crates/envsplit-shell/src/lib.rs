//! What each kind of shell start reads, and where a start-up file touches a variable, by reading alone.
//!
//! Beside them, the files that are no start-up file and set a variable for some processes ([`scoped_settings`]).
//!
//! Nothing is started here, and nothing is asked of the system but through the [`Files`] and [`EnvLookup`] of the
//! model. The crate sees the values in the files and in the environment that a start begins with, because conditions
//! and paths depend on them; it must not know Codex, places or findings.
//!
//! Invariants:
//! - What is handed out holds no value: quoted lines go through [`mask_line`], and a path that was put together from
//!   a variable is named only when a file stands there or the variable is one that may be shown.
//! - Reading never claims more than it knows: what it cannot decide is [`Reach::Conditional`] or an [`Opaque`].
//! - It ends: depth, number and size of files, and the number of commands looked at are bounded.
//!
//! [`Reach::Conditional`]: envsplit_model::Reach::Conditional
//! [`Opaque`]: envsplit_model::Opaque
#![forbid(unsafe_code)]

mod ast;
mod begin;
mod brace;
mod compound;
mod condition;
mod extent;
mod fish;
mod fish_parse;
mod fish_word;
mod flow;
mod follow;
mod form;
mod glob;
mod lex;
mod lines;
mod mask;
mod parse;
mod rules;
mod scope;
mod scoped;
mod session;
mod simple;
mod source;
mod value;
mod walk;
mod word;

pub use extent::command_lines;
pub use mask::mask_line;
pub use scoped::{UserFolders, scoped_settings};
pub use session::{EnvFileKind, env_file, program_args};

use envsplit_model::{EnvLookup, Files, Reach, Setting, ShellKind, Start, StartupFile, StaticRead};
use walk::{FrameKind, Walk};

/// What reading a start depends on.
#[derive(Clone)]
pub struct ShellEnv<'a> {
    /// The files of the host.
    pub files: &'a dyn Files,
    /// The environment that the start begins with: HOME, ZDOTDIR, `XDG_CONFIG_HOME`, `BASH_ENV`, ENV, …
    pub env: &'a dyn EnvLookup,
    /// The home directory, absolute: used where the environment has no HOME.
    pub home: String,
}

impl std::fmt::Debug for ShellEnv<'_> {
    fn fmt(&self, f: &mut std::fmt::Formatter<'_>) -> std::fmt::Result {
        f.debug_struct("ShellEnv").field("home", &self.home).finish_non_exhaustive()
    }
}

/// The files that this kind of start looks for, in its order, absent ones included. What the files themselves say
/// about it counts: `ZDOTDIR=` in `~/.zshenv`, `unsetopt rcs`, `BASH_ENV` or ENV set by the login files.
pub fn startup_files(start: &Start, env: &ShellEnv) -> Vec<StartupFile> {
    read_start(start, env, &[]).startup
}

/// What the files of this start do to `names`, in the order in which the start comes to it; lines that it does not
/// reach are listed with the reason, those of functions that nothing calls last.
///
/// [`Setting::how`] says what the line itself does: an assignment to a variable that is exported already is
/// [`How::Assignment`](envsplit_model::How::Assignment).
pub fn read_start(start: &Start, env: &ShellEnv, names: &[String]) -> StaticRead {
    let mut walk = Walk::new(*start, env, names);
    walk.begin();
    walk.out.ended = walk.ended();
    walk.out
}

/// The names that this start surely exports, as far as reading shows, sorted; none where it ends by `exit` or may do so.
pub fn exported_names(start: &Start, env: &ShellEnv) -> Vec<String> {
    let mut walk = Walk::new(*start, env, &[]);
    walk.begin();
    if walk.may_exit() { Vec::new() } else { walk.exported.into_iter().collect() }
}

/// The lines of `files` that touch one of `names`, whoever reads them: [`Reach::NotRead`]. The language is taken from
/// the file's name; what the files source is not followed.
pub fn settings_anywhere(env: &ShellEnv, names: &[String], files: &[String]) -> Vec<Setting> {
    let mut settings = Vec::new();
    for path in files {
        let start = Start { shell: language(path), login: false, interactive: true };
        let mut walk = Walk::new(start, env, names);
        walk.alone = true;
        walk.enter(FrameKind::Settled(Reach::NotRead));
        walk.file(path, None);
        walk.uncalled();
        for mut setting in walk.out.settings {
            setting.reach = Reach::NotRead;
            if !settings.contains(&setting) {
                settings.push(setting);
            }
        }
    }
    settings
}

/// Whether a file is one of this shell, to its end: a file that is being written is not, as a rule. A shell that is not
/// read has no faults.
pub fn parses(shell: ShellKind, text: &[u8]) -> bool {
    let text = String::from_utf8_lossy(text);
    match shell {
        ShellKind::Bash | ShellKind::Sh | ShellKind::Ksh => parse::script(&text, false).errors.is_empty(),
        ShellKind::Zsh => parse::script(&text, true).errors.is_empty(),
        ShellKind::Fish => fish_parse::script(&text).errors.is_empty(),
        _ => true,
    }
}

/// The language of a file by its name.
fn language(path: &str) -> ShellKind {
    let name = path.rsplit('/').next().unwrap_or(path);
    match name.rsplit('.').next().unwrap_or(name) {
        "fish" => ShellKind::Fish,
        "zsh" | "zshenv" | "zprofile" | "zshrc" | "zlogin" | "zlogout" => ShellKind::Zsh,
        "csh" | "cshrc" | "tcsh" | "tcshrc" | "login" => ShellKind::Tcsh,
        "nu" => ShellKind::Nu,
        "ps1" => ShellKind::Pwsh,
        _ => ShellKind::Bash,
    }
}
