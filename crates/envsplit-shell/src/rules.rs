//! Which files each kind of shell start looks for, as data: one row a file, in the order of the manual's section.
use envsplit_model::ShellKind;

/// For which starts a row holds.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub(crate) enum When {
    Always,
    Login,
    Interactive,
    /// Interactive and not a login shell.
    InteractiveOnly,
    NotInteractive,
    /// Neither login nor interactive, started by sshd: `SSH_CLIENT` set and SHLVL below 1 (bash built with
    /// `SSH_SOURCE_BASHRC`, as Debian does). `BASH_ENV` is not read then.
    Ssh,
}

/// Which files a row names. `~`, `$NAME` and `${NAME:-…}` are as in a shell; `*` lists a directory.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub(crate) enum Place {
    /// One file.
    File(&'static str),
    /// The value of a variable, expanded as a shell does; no row when it is unset or empty.
    Named(&'static str),
    /// The first of these that exists, though it may not be readable, hides the others.
    First(&'static [&'static str]),
    /// `/etc/zsh/NAME` where the distribution has that directory, else `/etc/NAME`. zsh's `GLOBAL_RCS` rules them.
    ZshGlobal(&'static str),
    /// `$ZDOTDIR/NAME`, where ZDOTDIR is what the files before have made of it.
    ZshUser(&'static str),
    /// fish's `conf.d`: a name in an earlier directory hides the same name in a later one.
    FishConf,
    /// fish's universal variables.
    FishUniversal,
}

/// One row.
pub(crate) struct Rule {
    pub(crate) shell: ShellKind,
    pub(crate) when: When,
    pub(crate) place: Place,
    pub(crate) doc: &'static str,
}

const fn rule(shell: ShellKind, when: When, place: Place, doc: &'static str) -> Rule {
    Rule { shell, when, place, doc }
}

use Place::{File, First, FishConf, FishUniversal, Named, ZshGlobal, ZshUser};
use ShellKind::{Bash, Fish, Ksh, Nu, Pwsh, Sh, Tcsh, Zsh};
use When::{Always, Interactive, InteractiveOnly, Login, NotInteractive, Ssh};

const BASH: &str = "bash(1) INVOCATION";
const DASH: &str = "dash(1) Invocation";
const ZSH: &str = "zsh(1) STARTUP/SHUTDOWN FILES";
const FISH: &str = "fish(1) Configuration files";
const KSH: &str = "ksh(1) Invocation";
const TCSH: &str = "tcsh(1) Startup and shutdown";
const NU: &str = "nushell book, Configuration";
const PWSH: &str = "pwsh about_Profiles";

/// Every row, by shell and in reading order.
pub(crate) const RULES: &[Rule] = &[
    rule(Bash, Login, File("/etc/profile"), BASH),
    rule(Bash, Login, First(&["~/.bash_profile", "~/.bash_login", "~/.profile"]), BASH),
    // Compiled in as SYS_BASHRC by Debian, Arch and SUSE; elsewhere the file does not exist.
    rule(Bash, InteractiveOnly, File("/etc/bash.bashrc"), BASH),
    rule(Bash, InteractiveOnly, File("~/.bashrc"), BASH),
    rule(Bash, Ssh, File("/etc/bash.bashrc"), BASH),
    rule(Bash, Ssh, File("~/.bashrc"), BASH),
    rule(Bash, NotInteractive, Named("BASH_ENV"), BASH),
    rule(Sh, Login, File("/etc/profile"), DASH),
    rule(Sh, Login, File("~/.profile"), DASH),
    rule(Sh, Interactive, Named("ENV"), DASH),
    rule(Zsh, Always, ZshGlobal("zshenv"), ZSH),
    rule(Zsh, Always, ZshUser(".zshenv"), ZSH),
    rule(Zsh, Login, ZshGlobal("zprofile"), ZSH),
    rule(Zsh, Login, ZshUser(".zprofile"), ZSH),
    rule(Zsh, Interactive, ZshGlobal("zshrc"), ZSH),
    rule(Zsh, Interactive, ZshUser(".zshrc"), ZSH),
    rule(Zsh, Login, ZshGlobal("zlogin"), ZSH),
    rule(Zsh, Login, ZshUser(".zlogin"), ZSH),
    rule(Fish, Always, FishUniversal, "fish-language(1) Universal variables"),
    rule(Fish, Always, FishConf, FISH),
    rule(Fish, Always, File("/etc/fish/config.fish"), FISH),
    rule(Fish, Always, File("${XDG_CONFIG_HOME:-~/.config}/fish/config.fish"), FISH),
    rule(Ksh, Login, File("/etc/profile"), KSH),
    rule(Ksh, Login, File("~/.profile"), KSH),
    rule(Ksh, Interactive, Named("ENV"), KSH),
    rule(Tcsh, Always, First(&["/etc/csh.cshrc", "/etc/tcsh.cshrc"]), TCSH),
    rule(Tcsh, Login, First(&["/etc/csh.login", "/etc/tcsh.login"]), TCSH),
    rule(Tcsh, Always, First(&["~/.tcshrc", "~/.cshrc"]), TCSH),
    rule(Tcsh, Login, File("~/.login"), TCSH),
    // `nu -i -l -c` reads env.nu, config.nu and login.nu for a login, the first two for an interactive shell.
    rule(Nu, Interactive, File("${XDG_CONFIG_HOME:-~/.config}/nushell/env.nu"), NU),
    rule(Nu, Interactive, File("${XDG_CONFIG_HOME:-~/.config}/nushell/config.nu"), NU),
    rule(Nu, Login, File("${XDG_CONFIG_HOME:-~/.config}/nushell/login.nu"), NU),
    // -Login makes a POSIX login shell first run /etc/profile and ~/.profile by /bin/sh, then pwsh with that result.
    rule(Pwsh, Always, File("/opt/microsoft/powershell/7/profile.ps1"), PWSH),
    rule(Pwsh, Always, File("/opt/microsoft/powershell/7/Microsoft.PowerShell_profile.ps1"), PWSH),
    rule(Pwsh, Always, File("${XDG_CONFIG_HOME:-~/.config}/powershell/profile.ps1"), PWSH),
    rule(
        Pwsh,
        Always,
        File("${XDG_CONFIG_HOME:-~/.config}/powershell/Microsoft.PowerShell_profile.ps1"),
        PWSH,
    ),
];

/// Where fish looks for `conf.d` files beside the user's and the administrator's: `share/config.fish`, with the
/// directories that packages are built with.
pub(crate) const FISH_VENDOR: &[&str] =
    &["/usr/share/fish/vendor_conf.d", "/usr/local/share/fish/vendor_conf.d"];
