//! The closed list of variables whose values may be shown, because without them nothing can be explained.

/// Names whose value may leave the process that read it.
pub const NAMES: &[&str] = &[
    "HOME",
    "USERPROFILE",
    "CODEX_HOME",
    "PATH",
    "SHELL",
    "ZDOTDIR",
    "XDG_CONFIG_HOME",
    "XDG_DATA_HOME",
    "XDG_STATE_HOME",
    "XDG_CACHE_HOME",
    "TERM_PROGRAM",
    // Marks of the IDEs.
    "VSCODE_CLI",
    "VSCODE_PID",
    "VSCODE_ESM_ENTRYPOINT",
    "VSCODE_AMD_ENTRYPOINT",
    "VSCODE_CRASH_REPORTER_PROCESS_TYPE",
    "VSCODE_RESOLVING_ENVIRONMENT",
    "VSCODE_INJECTION",
    "VSCODE_AGENT_FOLDER",
    "VSCODE_PARENT_PID",
    "CODE_SERVER_PARENT_PID",
    "CURSOR_TRACE_ID",
    "CODEX_INTERNAL_ORIGINATOR_OVERRIDE",
    "CODEX_MANAGED_BY_NPM",
    "CODEX_MANAGED_PACKAGE_ROOT",
    // Marks of WSL.
    "WSL_DISTRO_NAME",
    "WSL_INTEROP",
    "WSLENV",
    // The depth of shells: a number, and the proof that a shell ran.
    "SHLVL",
];

/// Whether the value of `name` may be shown.
pub fn may_show(name: &str) -> bool {
    NAMES.contains(&name)
}

/// What VS Code adds to the environment of the shell that it asks (shellEnv.ts), and start-up files can notice.
pub const RESOLVING_MARKS: &[(&str, &str)] = &[
    ("VSCODE_RESOLVING_ENVIRONMENT", "1"),
    ("ELECTRON_RUN_AS_NODE", "1"),
    ("ELECTRON_NO_ATTACH_CONSOLE", "1"),
];

/// Variables that Codex itself reads beside the provider's key: looked at by default.
pub const CODEX_READS: &[&str] = &[
    "CODEX_HOME",
    "CODEX_API_KEY",
    "CODEX_CA_CERTIFICATE",
    "SSL_CERT_FILE",
    "HTTP_PROXY",
    "HTTPS_PROXY",
    "ALL_PROXY",
    "NO_PROXY",
    "http_proxy",
    "https_proxy",
    "all_proxy",
    "no_proxy",
];

#[cfg(test)]
mod tests {
    #[test]
    fn no_credential_is_structural() {
        for name in super::NAMES {
            for word in ["KEY", "TOKEN", "SECRET", "PASSWORD"] {
                assert!(!name.contains(word), "{name}");
            }
        }
    }
}
