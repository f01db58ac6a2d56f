//! The registry of cause codes: a code that does not stand here does not compile.
use crate::wire::wire_enum;
use schemars::{JsonSchema, Schema, SchemaGenerator, json_schema};
use serde::{Deserialize, Deserializer, Serialize, Serializer};

wire_enum! {
    /// How bad a finding is.
    pub enum Severity {
        /// Explains why Codex cannot work, or works differently, at a place.
        Error = "error",
        /// Does not stop Codex by itself.
        Warning = "warning",
        /// Worth knowing.
        Info = "info",
        ;
        /// A severity that this version does not know.
        Unknown = "unknown",
    }
}

/// Declares the registry: slug, usual severity, title; the page of explanation is `pages/SLUG.md`.
macro_rules! registry {
    ($($variant:ident = $slug:literal, $severity:ident, $title:literal;)*) => {
        /// A cause. Its slug is public surface and never changes.
        #[allow(clippy::doc_markdown)] // the titles are for people
        #[derive(Clone, Copy, Debug, PartialEq, Eq, PartialOrd, Ord, Hash)]
        #[cfg_attr(feature = "ts", derive(ts_rs::TS))]
        pub enum Code { $(#[doc = $title] #[cfg_attr(feature = "ts", ts(rename = $slug))] $variant,)* }

        impl Code {
            /// Every registered code, in the order of the registry.
            pub const ALL: &'static [Code] = &[$(Code::$variant,)*];

            /// The code's name: `env/rc-early-return`.
            pub const fn slug(self) -> &'static str { match self { $(Code::$variant => $slug,)* } }

            /// The severity that a finding of this code usually has.
            pub const fn severity(self) -> Severity { match self { $(Code::$variant => Severity::$severity,)* } }

            /// One line for people.
            pub const fn title(self) -> &'static str { match self { $(Code::$variant => $title,)* } }

            /// The page of explanation, in Markdown.
            pub const fn page(self) -> &'static str {
                match self { $(Code::$variant => include_str!(concat!("../pages/", $slug, ".md")),)* }
            }
        }
    };
}

registry! {
    EnvMissingEverywhere = "env/missing-everywhere", Error, "The variable is set nowhere";
    EnvOnlyInThisProcess = "env/only-in-this-process", Warning, "Exported by hand, nothing lasting sets it";
    EnvNotExported = "env/not-exported", Error, "Set in a shell, not exported to its children";
    EnvLauncherSkipsShellFiles = "env/launcher-skips-shell-files", Error, "The program was started without a shell, so no start-up file was read";
    EnvSessionSkipsProfile = "env/session-skips-profile", Error, "The desktop session does not read the file that sets it";
    EnvWrongStartupFile = "env/wrong-startup-file", Error, "This kind of shell start does not read the file that sets it";
    EnvRcEarlyReturn = "env/rc-early-return", Error, "The start-up file ends before the line that sets it";
    EnvRcReplacesShell = "env/rc-replaces-shell", Error, "A start-up file replaces the shell before it could answer";
    EnvShellProbeFailed = "env/shell-probe-failed", Error, "The IDE could not read the shell's environment";
    EnvOtherShell = "env/other-shell", Error, "Set for the shell that is typed in, not for the one that the IDE asks";
    EnvLoginShellResets = "env/login-shell-resets", Error, "A login file overwrites or removes the inherited value";
    EnvStaleProcess = "env/stale-process", Error, "The process is older than the change";
    EnvSharedMainProcess = "env/shared-main-process", Error, "The window belongs to an IDE that was started elsewhere";
    EnvAgentDaemon = "env/agent-daemon", Error, "Codex's background server holds another environment";
    EnvDotenvShadows = "env/dotenv-shadows", Error, "CODEX_HOME/.env wins over the environment";
    EnvValueDiffers = "env/value-differs", Warning, "Two places have different values";
    EnvValueTainted = "env/value-tainted", Error, "The value is there and cannot work as it is";
    EnvNameMismatch = "env/name-mismatch", Error, "Another name is set where env_key expects its own";
    EnvIdeSettingScope = "env/ide-setting-scope", Warning, "An IDE setting reaches only its own processes";
    EnvIdeInjected = "env/ide-injected", Warning, "The IDE adds or changes the variable";
    EnvToolFilter = "env/tool-filter", Warning, "Codex filters the variable from the commands that it runs";
    EnvDirectoryHook = "env/directory-hook", Warning, "A directory hook sets it at a prompt only";
    EnvPathManager = "env/path-manager", Error, "The program is on one PATH and not on the other";
    EnvSandboxedIde = "env/sandboxed-ide", Warning, "The IDE runs in a sandbox with an environment of its own";
    EnvProxyContext = "env/proxy-context", Warning, "Proxy or certificate variables differ";
    EnvUnexplained = "env/unexplained", Error, "The variable is lost here, and no rule proves why";
    WslNotForwarded = "wsl/not-forwarded", Error, "Set on Windows and not named in WSLENV";
    WslWslenvMalformed = "wsl/wslenv-malformed", Error, "WSLENV names it in a way that does not work";
    WslNoShellHop = "wsl/no-shell-hop", Error, "wsl.exe started the process without the file that sets it";
    WslWrongDistro = "wsl/wrong-distro", Error, "It is set in another distribution";
    WslLayout = "wsl/layout", Warning, "The distribution's mounts are not where programs expect them";
    WslWindowsBinary = "wsl/windows-binary", Warning, "codex resolves to a Windows program";
    WslLoopback = "wsl/loopback", Warning, "127.0.0.1 is another machine on the other side";
    ConfigTwoHomes = "config/two-homes", Error, "Two places read two different config.toml";
    ConfigHomeInvalid = "config/home-invalid", Error, "CODEX_HOME points to no directory";
    ConfigProjectUntrusted = "config/project-untrusted", Warning, "The project's config is not trusted and does not count";
    ConfigProjectKeyDenied = "config/project-key-denied", Warning, "A project's config may not set this key";
    ConfigWrongCwd = "config/wrong-cwd", Warning, "Codex runs in another directory and reads another project's config";
    ConfigProfileNotInIde = "config/profile-not-in-ide", Warning, "The provider is only in a profile, and the IDE loads none";
    ConfigProfileFileMissing = "config/profile-file-missing", Warning, "The profile's file does not exist";
    ConfigLegacyProfile = "config/legacy-profile", Error, "The old profile form is no longer accepted";
    ConfigInvalid = "config/invalid", Error, "The config cannot be read";
    ConfigUnknownKey = "config/unknown-key", Warning, "Codex does not know this key and ignores it";
    ConfigManagedOverride = "config/managed-override", Warning, "The organisation's file wins";
    ConfigWrongFile = "config/wrong-file", Warning, "Codex does not read this file";
    ConfigProviderNotFound = "config/provider-not-found", Error, "model_provider names no provider";
    ConfigReservedProvider = "config/reserved-provider", Error, "A built-in provider's id cannot be used";
    ConfigBinariesDiffer = "config/binaries-differ", Warning, "Two versions of Codex read one config";
    ConfigIdeOverrides = "config/ide-overrides", Warning, "The IDE's request overrides the config";
    AuthEnvKeyHoldsSecret = "auth/env-key-holds-secret", Error, "env_key holds a key where a variable's name belongs";
    AuthLoginShadowed = "auth/login-shadowed", Warning, "A login or key is configured and not used";
    AuthEntraUnsupported = "auth/entra-unsupported", Info, "Entra ID does not work on this route";
    RouteBaseUrlPath = "route/base-url-path", Error, "base_url has the wrong path";
    RouteBaseUrlMissing = "route/base-url-missing", Error, "base_url is missing: the key would go to api.openai.com";
    RouteApiVersion = "route/api-version", Warning, "api-version does not belong on this route";
    RouteWireApi = "route/wire-api", Error, "wire_api must be \"responses\"";
    RouteDeploymentName = "route/deployment-name", Warning, "model must be the name of the deployment";
    RouteSurfaceNotCovered = "route/surface-not-covered", Info, "An Azure key does not unlock this surface";
    ProbeUnreachable = "probe/unreachable", Info, "A place could not be observed";
}

impl std::fmt::Display for Code {
    fn fmt(&self, f: &mut std::fmt::Formatter<'_>) -> std::fmt::Result {
        f.pad(self.slug())
    }
}

impl std::str::FromStr for Code {
    type Err = ();
    fn from_str(slug: &str) -> Result<Self, ()> {
        Self::ALL.iter().copied().find(|c| c.slug() == slug).ok_or(())
    }
}

impl Serialize for Code {
    fn serialize<S: Serializer>(&self, to: S) -> Result<S::Ok, S::Error> {
        to.serialize_str(self.slug())
    }
}

impl<'de> Deserialize<'de> for Code {
    fn deserialize<D: Deserializer<'de>>(from: D) -> Result<Self, D::Error> {
        let slug = String::deserialize(from)?;
        slug.parse().map_err(|()| serde::de::Error::custom(format!("`{slug}` is no registered cause code")))
    }
}

impl JsonSchema for Code {
    fn schema_name() -> std::borrow::Cow<'static, str> {
        "Code".into()
    }
    fn json_schema(_: &mut SchemaGenerator) -> Schema {
        let slugs: Vec<_> = Self::ALL.iter().map(|c| c.slug()).collect();
        json_schema!({ "type": "string", "description": "A registered cause code.", "enum": slugs })
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn every_code_has_a_page_that_explains_it() {
        for code in Code::ALL {
            let page = code.page();
            assert!(page.starts_with(&format!("# {code}\n")), "{code}: the page opens with the code");
            for part in ["## What it means", "## How to see it yourself", "## What to do"] {
                assert!(page.contains(part), "{code}: no `{part}`");
            }
            assert_eq!(code.slug().parse(), Ok(*code));
        }
    }
}
