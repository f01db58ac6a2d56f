//! Where the files are, as data: one row a file or pattern, what reaches most first.
use super::UserFolders;
use envsplit_model::{FileKind, Files, Scope};
use std::sync::OnceLock;

/// How a file is read.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub(super) enum Form {
    /// A POSIX shell script.
    Script,
    /// `.envrc`: a bash script, and the files that its `dotenv` takes in.
    Direnv,
    /// `pam_env.conf(5)`.
    PamEnv,
    /// `NAME=value`.
    Lines,
    /// A systemd unit, drop-in or `user.conf`.
    Unit,
    /// A Flatpak override.
    Flatpak,
    /// A desktop entry.
    Entry,
    /// `crontab(5)`.
    Crontab,
    /// `ssh_config(5)`, `sshd_config(5)`.
    Ssh,
    /// `mise.toml`.
    Mise,
    /// A VS Code `settings.json`.
    Settings,
    /// A `*.code-workspace`.
    Workspace,
    /// `tasks.json`.
    Tasks,
    /// `launch.json`.
    Launch,
    /// `devcontainer.json`.
    DevContainer,
    /// A start-up file, for the lines that set up a version manager.
    Manager,
    /// `.nvmrc`, `.node-version`, `.tool-versions`.
    Version,
}

/// Which files a row names; `*` in a part of a path stands for any run of characters.
#[derive(Clone, Debug, PartialEq, Eq)]
pub(super) enum Place {
    Root(&'static str),
    Home(String),
    Config(String),
    /// In the project's directory and those above it, up to the home directory.
    Project(&'static str),
    /// The nearest one of those alone.
    Nearest(&'static str),
}

/// One row.
#[derive(Clone, Debug)]
pub(super) struct Row {
    pub(super) place: Place,
    pub(super) form: Form,
    pub(super) scope: Scope,
    pub(super) product: Option<&'static str>,
    pub(super) doc: &'static str,
}

/// Directories that only root may look into; what they hold stays unknown.
pub(super) const CLOSED: &[&str] = &["/var/spool/cron/crontabs"];

/// The IDEs: name, the folder of its settings below `~/.config`, the folder of its server below the home directory,
/// and its settings as a Flatpak (each product's own `product.json`; Flathub's application ids).
const PRODUCTS: &[(&str, &str, &str, &str)] = &[
    ("VS Code", "Code", ".vscode-server", ".var/app/com.visualstudio.code/config/Code"),
    ("VS Code Insiders", "Code - Insiders", ".vscode-server-insiders", ""),
    ("VSCodium", "VSCodium", ".vscodium-server", ".var/app/com.vscodium.codium/config/VSCodium"),
    ("Cursor", "Cursor", ".cursor-server", ""),
    ("Windsurf", "Windsurf", ".windsurf-server", ""),
];

/// The start-up files below the home directory in which a version manager is set up, and a usual folder of their parts.
const START_UP: &[&str] = &[
    ".bashrc",
    ".bash_profile",
    ".bash_login",
    ".profile",
    ".bashrc.d/*",
    ".zshenv",
    ".zprofile",
    ".zshrc",
    ".zlogin",
];

/// How many directories above the project's are looked into.
const ABOVE: usize = 24;
/// How many files one row can name.
const MOST: usize = 300;

/// The table.
pub(super) fn rows() -> &'static [Row] {
    static ROWS: OnceLock<Vec<Row>> = OnceLock::new();
    ROWS.get_or_init(build)
}

fn build() -> Vec<Row> {
    use Form::{
        Crontab, DevContainer, Direnv, Entry, Flatpak, Launch, Lines, Manager, Mise, PamEnv, Script,
        Settings, Ssh, Tasks, Unit, Version, Workspace,
    };
    use Place::{Config, Home, Nearest, Project, Root};
    let home = |path: &str| Home(path.to_owned());
    let config = |path: &str| Config(path.to_owned());
    let mut rows = vec![];
    let mut add = |place: Place, form: Form, scope: Scope, doc: &'static str| {
        rows.push(Row { place, form, scope, product: None, doc });
    };
    let pam = "pam_env(8), user_readenv";
    add(home(".pam_environment"), PamEnv, Scope::PamUser, pam);
    let manager = "systemd-user.conf(5), DefaultEnvironment=";
    for place in [Root("/etc/systemd/user.conf"), Root("/etc/systemd/user.conf.d/*.conf")] {
        add(place, Unit, Scope::UserManager, manager);
    }
    add(config("systemd/user.conf"), Unit, Scope::UserManager, manager);
    add(config("systemd/user.conf.d/*.conf"), Unit, Scope::UserManager, manager);
    let unit = "systemd.exec(5), ENVIRONMENT";
    for place in [Root("/etc/systemd/user/*.service"), Root("/etc/systemd/user/*.service.d/*.conf")] {
        add(place, Unit, Scope::UserUnit, unit);
    }
    add(config("systemd/user/*.service"), Unit, Scope::UserUnit, unit);
    add(config("systemd/user/*.service.d/*.conf"), Unit, Scope::UserUnit, unit);
    let session = "Xsession(5); the display manager's session script";
    add(Root("/etc/X11/Xsession.d/*"), Script, Scope::DesktopSession, session);
    for file in [".xsessionrc", ".xprofile", ".xsession", ".xinitrc"] {
        add(home(file), Script, Scope::DesktopSession, session);
    }
    let plasma = "Plasma: startplasma reads ~/.config/plasma-workspace/env";
    add(config("plasma-workspace/env/*.sh"), Script, Scope::DesktopSession, plasma);
    let entry = "Desktop Entry Specification, Exec";
    add(config("autostart/*.desktop"), Entry, Scope::DesktopEntry, entry);
    add(home(".local/share/applications/*.desktop"), Entry, Scope::DesktopEntry, entry);
    add(Root("/usr/local/share/applications/*.desktop"), Entry, Scope::DesktopEntry, entry);
    let flatpak = "flatpak-metadata(5), [Environment]";
    add(Root("/var/lib/flatpak/overrides/*"), Flatpak, Scope::Flatpak, flatpak);
    add(home(".local/share/flatpak/overrides/*"), Flatpak, Scope::Flatpak, flatpak);
    add(Root("/etc/crontab"), Crontab, Scope::Cron, "crontab(5)");
    add(Root("/etc/cron.d/*"), Crontab, Scope::Cron, "crontab(5)");
    let client = "ssh_config(5), SetEnv and SendEnv";
    add(home(".ssh/config"), Ssh, Scope::SshSet, client);
    add(Root("/etc/ssh/ssh_config"), Ssh, Scope::SshSet, client);
    add(Root("/etc/ssh/ssh_config.d/*.conf"), Ssh, Scope::SshSet, client);
    let server = "sshd_config(5), SetEnv and AcceptEnv";
    add(Root("/etc/ssh/sshd_config"), Ssh, Scope::SshLogin, server);
    add(Root("/etc/ssh/sshd_config.d/*.conf"), Ssh, Scope::SshLogin, server);
    let user = "sshd(8), ~/.ssh/environment: where PermitUserEnvironment allows it";
    add(home(".ssh/environment"), Lines, Scope::SshLogin, user);
    add(config("mise/config.toml"), Mise, Scope::DirectoryHook, "mise: Environments, [env]");
    products(&mut rows);
    let mut add = |place: Place, form: Form, scope: Scope, doc: &'static str| {
        rows.push(Row { place, form, scope, product: None, doc });
    };
    let settings = "VS Code: workspace settings";
    add(Nearest(".vscode/settings.json"), Settings, Scope::IdeSetting, settings);
    add(Project("*.code-workspace"), Workspace, Scope::IdeSetting, settings);
    add(Nearest(".vscode/tasks.json"), Tasks, Scope::IdeTask, "VS Code: tasks, options.env");
    add(Nearest(".vscode/launch.json"), Launch, Scope::IdeDebug, "VS Code: debugging, env and envFile");
    let container = "Dev Container metadata reference, remoteEnv and containerEnv";
    for file in [".devcontainer/devcontainer.json", ".devcontainer.json", ".devcontainer/*/devcontainer.json"]
    {
        add(Project(file), DevContainer, Scope::Container, container);
    }
    add(Nearest(".envrc"), Direnv, Scope::DirectoryHook, "direnv(1)");
    for file in ["mise.toml", ".mise.toml", "mise.local.toml", ".mise.local.toml", ".config/mise.toml"] {
        add(Project(file), Mise, Scope::DirectoryHook, "mise: Environments, [env]");
    }
    let dotenv = "no shell and no Codex reads it; Codex reads CODEX_HOME/.env alone";
    add(Project(".env"), Lines, Scope::ProjectDotenv, dotenv);
    add(Project(".env.local"), Lines, Scope::ProjectDotenv, dotenv);
    let manager = "the manager's own documentation, shell setup";
    for file in START_UP {
        add(home(file), Manager, Scope::PathManager, manager);
    }
    for file in ["zsh/.zshrc", "fish/config.fish", "fish/conf.d/*.fish"] {
        add(config(file), Manager, Scope::PathManager, manager);
    }
    for file in [".nvmrc", ".node-version", ".tool-versions"] {
        add(Nearest(file), Version, Scope::PathManager, "the manager's own documentation, version files");
    }
    rows
}

fn products(rows: &mut Vec<Row>) {
    use Place::{Config, Home};
    let (user, machine) = ("VS Code: user settings", "VS Code: remote settings of the machine");
    let mut add = |place: Place, form: Form, scope: Scope, product: &'static str, doc: &'static str| {
        rows.push(Row { place, form, scope, product: Some(product), doc });
    };
    for (name, folder, server, flatpak) in PRODUCTS {
        for file in ["settings.json", "profiles/*/settings.json"] {
            let place = Config(format!("{folder}/User/{file}"));
            add(place, Form::Settings, Scope::IdeSetting, name, user);
            if !flatpak.is_empty() {
                let place = Home(format!("{flatpak}/User/{file}"));
                add(place, Form::Settings, Scope::IdeSetting, name, user);
            }
        }
        add(Config(format!("{folder}/User/tasks.json")), Form::Tasks, Scope::IdeTask, name, user);
        let place = Home(format!("{server}/data/Machine/settings.json"));
        add(place, Form::Settings, Scope::IdeSetting, name, machine);
        let setup = "VS Code: Developing in WSL, environment setup script";
        add(Home(format!("{server}/server-env-setup")), Form::Script, Scope::IdeServer, name, setup);
    }
    for file in ["User", "Machine"] {
        let place = Home(format!(".local/share/code-server/{file}/settings.json"));
        add(place, Form::Settings, Scope::IdeSetting, "code-server", "code-server: user data directory");
    }
}

/// The existing files that a row names, sorted within the row.
pub(super) fn paths(files: &dyn Files, folders: &UserFolders, place: &Place) -> Vec<String> {
    let below = |dir: &str, pattern: &str| {
        if dir.starts_with('/') { expand(files, dir.trim_end_matches('/'), pattern) } else { vec![] }
    };
    match place {
        Place::Root(pattern) => below("/", pattern.trim_start_matches('/')),
        Place::Home(pattern) => below(&folders.home, pattern),
        Place::Config(pattern) => below(&folders.config, pattern),
        Place::Project(pattern) => {
            upwards(folders).into_iter().rev().flat_map(|dir| below(&dir, pattern)).collect()
        }
        Place::Nearest(pattern) => upwards(folders)
            .into_iter()
            .map(|dir| below(&dir, pattern))
            .find(|f| !f.is_empty())
            .unwrap_or_default(),
    }
}

/// The project's directory and those above it, below the home directory where it is below that.
fn upwards(folders: &UserFolders) -> Vec<String> {
    let cwd = folders.cwd.trim_end_matches('/');
    if !cwd.starts_with('/') {
        return vec![];
    }
    let home = folders.home.trim_end_matches('/');
    let parents = std::iter::successors(Some(cwd), |d| d.rsplit_once('/').map(|(up, _)| up));
    parents
        .take(ABOVE)
        .enumerate()
        .take_while(|(n, d)| *n == 0 || (!d.is_empty() && *d != home))
        .map(|(_, d)| d.to_owned())
        .collect()
}

fn expand(files: &dyn Files, dir: &str, pattern: &str) -> Vec<String> {
    let mut found = vec![dir.to_owned()];
    for part in pattern.split('/') {
        found = found
            .into_iter()
            .flat_map(|dir| match part.split_once('*') {
                None => vec![format!("{dir}/{part}")],
                Some((head, tail)) => files
                    .list(if dir.is_empty() { "/" } else { &dir })
                    .unwrap_or_default()
                    .into_iter()
                    .filter(|n| {
                        n.len() >= head.len() + tail.len() && n.starts_with(head) && n.ends_with(tail)
                    })
                    .filter(|n| !n.ends_with('~') && (head.starts_with('.') || !n.starts_with('.')))
                    .map(|n| format!("{dir}/{n}"))
                    .collect(),
            })
            .take(MOST)
            .collect();
    }
    // What is there and cannot be read is told by the reader.
    found.retain(|f| {
        !matches!(files.kind(f), Err(envsplit_model::FileError::NotFound) | Ok(FileKind::Directory))
    });
    found
}
