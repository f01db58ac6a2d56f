//! The systemd user units: the user manager listens on the socket and starts the agent for the first who asks.
//!
//! The service is restricted as far as a shell that it starts still does what it does elsewhere: what would change a
//! start-up file's world (its folders, its memory, its network) is left alone.
use std::path::Path;

/// The first line of what is installed: a file without it is somebody else's and is left alone.
pub const MARK: &str = "# Made by `envsplit daemon install`; `envsplit daemon uninstall` takes it away.";

/// The name of the unit that listens.
pub const SOCKET_UNIT: &str = "envsplit.socket";
/// The name of the unit that runs.
pub const SERVICE_UNIT: &str = "envsplit.service";

/// The unit that listens on `socket`.
pub fn socket_unit(socket: &Path) -> String {
    format!(
        "{MARK}\n[Unit]\nDescription=envsplit: who sees your Codex key (socket)\n\n\
         [Socket]\nListenStream={}\nSocketMode=0600\nDirectoryMode=0700\n\n\
         [Install]\nWantedBy=sockets.target\n",
        quoted(socket)
    )
}

/// The unit that runs `program`.
pub fn service_unit(program: &Path) -> String {
    format!(
        "{MARK}\n[Unit]\nDescription=envsplit: who sees your Codex key\nRequires={SOCKET_UNIT}\nAfter={SOCKET_UNIT}\n\n\
         [Service]\nType=simple\nExecStart={} daemon run\nWorkingDirectory=/\n\
         Restart=on-failure\nRestartSec=2\nTimeoutStopSec=5\nKillMode=mixed\nLimitCORE=0\n\
         NoNewPrivileges=yes\nLockPersonality=yes\nRestrictRealtime=yes\nSystemCallArchitectures=native\n",
        quoted(program)
    )
}

/// A path as a unit names it (systemd.syntax(7), systemd.unit(5)): in double quotes, `%` doubled.
fn quoted(path: &Path) -> String {
    let text = path.to_string_lossy().replace('\\', "\\\\").replace('"', "\\\"").replace('%', "%%");
    if text.contains(char::is_whitespace) || text.contains(['"', '\'', '\\', '$', ';']) {
        return format!("\"{}\"", text.replace('$', "$$"));
    }
    text
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn units_name_paths_as_systemd_reads_them() {
        let unit = service_unit(Path::new("/home/u ser/100%/envsplit"));
        assert!(unit.contains("ExecStart=\"/home/u ser/100%%/envsplit\" daemon run\n"), "{unit}");
        let unit = socket_unit(Path::new("/run/user/1000/envsplit/daemon.sock"));
        assert!(unit.contains("ListenStream=/run/user/1000/envsplit/daemon.sock\n"), "{unit}");
        assert!(unit.starts_with(MARK));
    }
}
