//! What an editor says about its own process. It is a claim of a peer: bound to the process that the operating system
//! names as that peer, never above what the system itself says.
use super::RpcError;
use serde::{Deserialize, Serialize};
use std::collections::BTreeMap;

/// The only settings whose values may travel: none can hold a secret.
pub const SHOWN_SETTINGS: &[(&str, Shown)] = &[
    ("application.shellEnvironmentResolutionTimeout", Shown::Number),
    ("chatgpt.cliExecutable", Shown::Path),
    ("chatgpt.openOnStartup", Shown::Bool),
    ("chatgpt.runCodexInWindowsSubsystemForLinux", Shown::Bool),
    ("remote.WSL.useShellEnvironment", Shown::Bool),
    ("security.workspace.trust.enabled", Shown::Bool),
    ("terminal.integrated.inheritEnv", Shown::Bool),
    ("terminal.integrated.persistentSessionReviveProcess", Shown::Word),
    ("terminal.integrated.shellIntegration.enabled", Shown::Bool),
];

/// Most names, settings and folders of one claim.
const MOST: usize = 4096;
/// Longest name, path or word of a claim, in bytes.
const LONGEST: usize = 4096;

/// What kind of value a shown setting has.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum Shown {
    /// `true` or `false`.
    Bool,
    /// A number.
    Number,
    /// A path.
    Path,
    /// One word of a closed list of the editor's own.
    Word,
}

/// Which editor.
#[derive(Clone, Debug, PartialEq, Eq, Serialize, Deserialize)]
#[cfg_attr(feature = "export", derive(schemars::JsonSchema, ts_rs::TS))]
#[cfg_attr(feature = "export", ts(optional_fields))]
pub struct EditorClaim {
    /// The product's name: `Visual Studio Code`.
    pub app: String,
    /// Its version.
    pub version: String,
    /// The kind of remote that the window is connected to: `wsl`, `ssh-remote`, `dev-container`.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub remote_name: Option<String>,
    /// Where the extension runs: `ui` or `workspace`.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub extension_kind: Option<String>,
    /// The shell that the editor would start in a terminal.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub shell: Option<String>,
    /// The folders of the workspace.
    #[serde(default, skip_serializing_if = "Vec::is_empty")]
    #[cfg_attr(feature = "export", ts(as = "Option<Vec<String>>", optional))]
    pub folders: Vec<String>,
    /// Whether the workspace is trusted.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub trusted: Option<bool>,
}

/// A value that may be shown.
#[derive(Clone, Debug, PartialEq, Serialize, Deserialize)]
#[cfg_attr(feature = "export", derive(schemars::JsonSchema, ts_rs::TS))]
#[serde(untagged)]
pub enum SettingValue {
    /// `true` or `false`.
    Bool(bool),
    /// A number.
    Number(f64),
    /// A path, or a word.
    Text(String),
}

/// Where a setting is made.
#[derive(Clone, Copy, Debug, PartialEq, Eq, Serialize, Deserialize)]
#[cfg_attr(feature = "export", derive(schemars::JsonSchema, ts_rs::TS))]
#[serde(rename_all = "kebab-case")]
pub enum SettingScope {
    /// Nowhere: the editor's default.
    Default,
    /// The user's settings on this side.
    User,
    /// The settings of the remote machine.
    Remote,
    /// The workspace.
    Workspace,
    /// One folder of the workspace.
    WorkspaceFolder,
    /// A scope that this version does not know.
    #[serde(other)]
    Unknown,
}

/// A setting.
#[derive(Clone, Debug, PartialEq, Serialize, Deserialize)]
#[cfg_attr(feature = "export", derive(schemars::JsonSchema, ts_rs::TS))]
#[cfg_attr(feature = "export", ts(optional_fields))]
pub struct SettingClaim {
    /// Its value, for the settings of the closed list alone.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub value: Option<SettingValue>,
    /// Where it is made.
    pub scope: SettingScope,
}

/// The Codex extension.
#[derive(Clone, Debug, PartialEq, Eq, Serialize, Deserialize)]
#[cfg_attr(feature = "export", derive(schemars::JsonSchema, ts_rs::TS))]
#[cfg_attr(feature = "export", ts(optional_fields))]
pub struct ExtensionClaim {
    /// Its version.
    pub version: String,
    /// Its folder.
    pub path: String,
    /// The Codex program that it brings.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub codex: Option<String>,
}

/// Parameters of `observe/push`. A later claim about the same process replaces the earlier.
#[derive(Clone, Debug, PartialEq, Serialize, Deserialize)]
#[cfg_attr(feature = "export", derive(schemars::JsonSchema, ts_rs::TS))]
#[cfg_attr(feature = "export", ts(optional_fields))]
pub struct ObservePush {
    /// The process that it is about: the peer or one of its ancestors.
    pub about_pid: u32,
    /// The names (never the values) of the variables that it sees.
    pub names: Vec<String>,
    /// Which editor.
    pub editor: EditorClaim,
    /// Settings, by dotted name.
    #[serde(default)]
    #[cfg_attr(feature = "export", ts(as = "Option<BTreeMap<String, SettingClaim>>", optional))]
    pub settings: BTreeMap<String, SettingClaim>,
    /// The Codex extension, where there is one.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub extension: Option<ExtensionClaim>,
}

impl ObservePush {
    /// Refuses values of settings that may not travel, and claims beyond every measure. What is refused is not quoted.
    pub fn checked(self) -> Result<Self, RpcError> {
        let shapes = |what: &str| RpcError::invalid_params(format!("`observe/push`: {what}"));
        if self.names.len() > MOST || self.settings.len() > MOST || self.editor.folders.len() > MOST {
            return Err(shapes(&format!("more than {MOST} entries in one list")));
        }
        let editor = &self.editor;
        let optional = [&editor.remote_name, &editor.extension_kind, &editor.shell];
        let extension = self
            .extension
            .iter()
            .flat_map(|e| [Some(&e.version), Some(&e.path), e.codex.as_ref()].into_iter().flatten());
        let texts = self.names.iter().chain(self.settings.keys()).chain(&editor.folders);
        let texts = texts.chain([&editor.app, &editor.version]).chain(optional.into_iter().flatten());
        if texts.chain(extension).any(|t| t.len() > LONGEST) {
            return Err(shapes(&format!("a text of more than {LONGEST} bytes")));
        }
        if self.names.iter().any(|n| n.is_empty() || n.contains(['=', '\0'])) {
            return Err(shapes("a name of a variable is empty or holds `=`; send names, never values"));
        }
        for (name, claim) in &self.settings {
            let Some(value) = &claim.value else { continue };
            let kind = SHOWN_SETTINGS.iter().find(|(n, _)| n == name).map(|(_, kind)| *kind);
            let fits = match (kind, value) {
                (Some(Shown::Bool), SettingValue::Bool(_))
                | (Some(Shown::Number), SettingValue::Number(_)) => true,
                (Some(Shown::Path), SettingValue::Text(t)) => t.len() <= LONGEST,
                (Some(Shown::Word), SettingValue::Text(t)) => t.len() <= 64,
                _ => false,
            };
            if !fits {
                return Err(shapes(
                    "the value of a setting that is not on the list of shown ones; send its scope alone",
                ));
            }
        }
        Ok(self)
    }
}

/// Result of `observe/push`.
#[derive(Clone, Debug, PartialEq, Eq, Serialize, Deserialize)]
#[cfg_attr(feature = "export", derive(schemars::JsonSchema, ts_rs::TS))]
#[cfg_attr(feature = "export", ts(optional_fields))]
pub struct ObservePushed {
    /// Whether the claim stands beside what the system says.
    pub accepted: bool,
    /// Why not.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub reason: Option<String>,
}

/// Parameters of `observe/withdraw`.
#[derive(Clone, Copy, Debug, PartialEq, Eq, Serialize, Deserialize)]
#[cfg_attr(feature = "export", derive(schemars::JsonSchema, ts_rs::TS))]
pub struct ObserveWithdraw {
    /// The process that the claim was about.
    pub about_pid: u32,
}

#[cfg(test)]
mod tests {
    use super::*;

    fn claim(setting: &str, value: SettingValue) -> ObservePush {
        ObservePush {
            about_pid: 7,
            names: vec!["PATH".into()],
            editor: EditorClaim {
                app: "Code".into(),
                version: "1".into(),
                remote_name: None,
                extension_kind: None,
                shell: None,
                folders: vec![],
                trusted: None,
            },
            settings: [(setting.to_owned(), SettingClaim { value: Some(value), scope: SettingScope::User })]
                .into(),
            extension: None,
        }
    }

    #[test]
    fn only_values_of_listed_settings_travel_and_refusals_do_not_quote_them() {
        let path = SettingValue::Text("/opt/codex".into());
        assert!(claim("chatgpt.cliExecutable", path).checked().is_ok());
        assert!(claim("terminal.integrated.inheritEnv", SettingValue::Bool(false)).checked().is_ok());
        for (name, value) in [
            ("terminal.integrated.env.linux", SettingValue::Text("sk-canary".into())),
            ("terminal.integrated.inheritEnv", SettingValue::Text("sk-canary".into())),
            ("application.shellEnvironmentResolutionTimeout", SettingValue::Text("sk-canary".into())),
        ] {
            let refused = claim(name, value).checked().expect_err(name);
            assert!(!format!("{refused:?}").contains("sk-canary"));
        }
        let mut with_value = claim("chatgpt.openOnStartup", SettingValue::Bool(true));
        with_value.names.push("KEY=sk-canary".into());
        let refused = with_value.checked().expect_err("a value among the names");
        assert!(!format!("{refused:?}").contains("sk-canary"));
    }
}
