//! The texts that are known, the earliest layer first; of two that fit, the one that stands first counts.
use RequestLayer::{Credential, Deployment, Environment, Network, Provider, Route, Surface};
use envsplit_model::{Code, RequestLayer};

/// An error that is known by its words.
#[derive(Debug, PartialEq, Eq)]
pub(super) struct Known {
    pub(super) name: &'static str,
    /// Any of these groups, in lower case; of a group, every part.
    words: &'static [&'static [&'static str]],
    pub(super) layer: RequestLayer,
    /// What it proves to work.
    pub(super) fine: &'static [RequestLayer],
    /// Layers whose faults end in this text.
    pub(super) causes: &'static [RequestLayer],
    /// Codes that end in this text most often.
    pub(super) codes: &'static [Code],
    pub(super) title: &'static str,
    pub(super) next: &'static str,
}

impl Known {
    /// Whether a text in lower case is this one. A number counts only as a word of its own.
    pub(super) fn says(&self, lower: &str) -> bool {
        self.words.iter().any(|group| group.iter().all(|part| contains(lower, part)))
    }
}

fn contains(lower: &str, part: &str) -> bool {
    let number = part.bytes().all(|b| b.is_ascii_digit());
    lower.match_indices(part).any(|(at, _)| {
        let edge = |c: Option<char>| c.is_none_or(|c| !c.is_alphanumeric());
        !number || edge(lower[..at].chars().next_back()) && edge(lower[at + part.len()..].chars().next())
    })
}

/// Every text that is known.
pub(super) const KNOWN: &[Known] = &[
    Known {
        name: "missing-variable",
        words: &[],
        layer: Environment,
        fine: &[Surface, Provider],
        causes: &[Environment],
        codes: &[
            Code::EnvMissingEverywhere,
            Code::EnvNameMismatch,
            Code::EnvWrongStartupFile,
            Code::EnvStaleProcess,
        ],
        title: "The config was read and names a variable for the key; the Codex that said this has no value for it.",
        next: "run `envsplit env NAME` with the variable's name: it shows which start-up file sets it for whom",
    },
    Known {
        name: "no-variable-name",
        words: &[],
        layer: Provider,
        fine: &[Surface],
        causes: &[],
        codes: &[Code::AuthEnvKeyHoldsSecret],
        title: "What stands in `env_key` is no variable's name; if it is the key itself, it has been shown on the screen.",
        next: "write the name of a variable into `env_key`; if the key stood there, have a new one issued",
    },
    Known {
        name: "home-invalid",
        words: &[&["codex_home points to"], &["error finding codex home"]],
        layer: Surface,
        fine: &[],
        causes: &[Surface],
        codes: &[Code::ConfigHomeInvalid],
        title: "Codex does not start: `CODEX_HOME` is set to something that is no directory.",
        next: "run `envsplit env CODEX_HOME`: it shows the line that sets it",
    },
    Known {
        name: "provider-not-found",
        words: &[&["model provider `", "not found"], &["model provider", "not found"]],
        layer: Provider,
        fine: &[Surface],
        causes: &[],
        codes: &[Code::ConfigProviderNotFound, Code::ConfigTwoHomes, Code::ConfigProjectKeyDenied],
        title: "Codex runs, and `model_provider` names no provider that its config defines.",
        next: "run `envsplit config`: it shows which files each Codex reads, and what they select",
    },
    Known {
        name: "defaults-used",
        words: &[&["invalid configuration", "using defaults"]],
        layer: Provider,
        fine: &[Surface],
        causes: &[Provider],
        codes: &[Code::ConfigInvalid, Code::RouteWireApi, Code::ConfigReservedProvider],
        title: "The IDE's Codex refuses the config and goes on with defaults: your provider is not used, and a sign-in \
                page may follow.",
        next: "run `envsplit config`: it shows the line that Codex refuses",
    },
    Known {
        name: "config-refused",
        words: &[
            &["error loading config.toml"],
            &["failed to load configuration"],
            &["failed to read configuration layers"],
            &["error parsing project config file"],
            &["failed to read config file"],
            &["unknown configuration field"],
            &["reserved built-in provider"],
            &["provider name must not be empty"],
            &["provider auth cannot be combined"],
            &["config is no longer supported"],
            &["wire_api", "is no longer supported"],
        ],
        layer: Provider,
        fine: &[Surface],
        causes: &[Provider],
        codes: &[Code::ConfigInvalid, Code::RouteWireApi, Code::ConfigLegacyProfile],
        title: "Codex runs and refuses its config, so nothing after it was tried.",
        next: "run `envsplit config`: it shows the line that Codex refuses",
    },
    Known {
        name: "key-ignored",
        words: &[
            &["unrecognized configuration setting"],
            &["ignored unsupported project-local config keys"],
            &["project-local configuration is disabled"],
        ],
        layer: Provider,
        fine: &[Surface],
        causes: &[],
        codes: &[Code::ConfigUnknownKey, Code::ConfigProjectKeyDenied, Code::ConfigProjectUntrusted],
        title: "Codex runs and leaves out a part of its config.",
        next: "run `envsplit config`: it shows what counts, and from which file",
    },
    Known {
        name: "other-provider",
        words: &[
            &["api.openai.com", "status"],
            &["api.openai.com", "error"],
            &["platform.openai.com/account/api-keys"],
            &["chatgpt.com/backend-api"],
        ],
        layer: Provider,
        fine: &[Surface],
        causes: &[],
        codes: &[
            Code::RouteBaseUrlMissing,
            Code::ConfigTwoHomes,
            Code::ConfigInvalid,
            Code::ConfigProjectKeyDenied,
        ],
        title: "The request went to OpenAI itself: the provider that you mean is not selected there, or has no \
                `base_url`.",
        next: "run `envsplit config`: it shows the provider of each Codex; if a key was sent, consider a new one",
    },
    Known {
        name: "no-address",
        words: &[&["builder error"], &["relative url without a base"]],
        layer: Route,
        fine: &[Surface],
        causes: &[],
        codes: &[Code::RouteBaseUrlPath],
        title: "`base_url` is no address, so no request was made.",
        next: "let `base_url` begin with `https://`",
    },
    Known {
        name: "network-denied",
        words: &[
            &["virtual network/firewall"],
            &["private endpoint"],
            &["public access is disabled"],
            &["traffic is not from an approved"],
        ],
        layer: Network,
        fine: &[Surface],
        causes: &[Network],
        codes: &[Code::EnvProxyContext],
        title: "The resource answered that it does not take requests from this network.",
        next: "connect to the network that the resource allows, or have this one allowed in Azure",
    },
    Known {
        name: "keys-disabled",
        words: &[&["authenticationtypedisabled"], &["key based authentication is disabled"]],
        layer: Credential,
        fine: &[Surface, Network],
        causes: &[],
        codes: &[Code::AuthEntraUnsupported],
        title: "The resource takes no keys, only Entra ID.",
        next: "have keys allowed for the resource; `envsplit explain auth/entra-unsupported` says what else there is",
    },
    Known {
        name: "deployment-not-found",
        words: &[
            &["deploymentnotfound"],
            &["api deployment for this resource does not exist"],
            &["model_not_found"],
            &["the model `", "does not exist"],
        ],
        layer: Deployment,
        fine: &[Surface, Environment, Network, Credential, Route],
        causes: &[Deployment],
        codes: &[Code::RouteDeploymentName],
        title: "The endpoint took the key and the address, and knows nothing of the name in `model`.",
        next: "let `model` be the name of your deployment, as Azure's portal lists it; a new one takes some minutes",
    },
    Known {
        name: "no-credential",
        words: &[&["missing bearer"], &["missing application credentials"], &["no api key provided"]],
        layer: Credential,
        fine: &[Surface, Network],
        causes: &[Environment, Credential],
        codes: &[
            Code::EnvValueTainted,
            Code::ConfigUnknownKey,
            Code::AuthLoginShadowed,
            Code::AuthEntraUnsupported,
        ],
        title: "The endpoint was reached and got no key: the provider names none, or its value cannot be sent.",
        next: "run `envsplit config`: it shows whether `env_key` is there and whether its value can be sent",
    },
    Known {
        name: "unauthorized",
        words: &[
            &["401"],
            &["403"],
            &["unauthorized"],
            &["invalid subscription key"],
            &["access denied due to"],
            &["permissiondenied"],
        ],
        layer: Credential,
        fine: &[Surface, Network],
        causes: &[Environment, Credential, Route],
        codes: &[
            Code::EnvValueTainted,
            Code::EnvAgentDaemon,
            Code::EnvStaleProcess,
            Code::EnvDotenvShadows,
            Code::EnvValueDiffers,
            Code::RouteBaseUrlMissing,
            Code::ConfigUnknownKey,
        ],
        title: "An endpoint answered and did not take the key; Azure says the same to a key of another resource.",
        next: "compare the resource in `base_url` with the one whose key this is, in Azure's portal under `Keys and \
               Endpoint`",
    },
    Known {
        name: "not-found",
        words: &[&["404"], &["resource not found"]],
        layer: Route,
        fine: &[Surface, Network],
        causes: &[Route],
        codes: &[Code::RouteBaseUrlPath, Code::RouteApiVersion, Code::RouteDeploymentName],
        title: "An endpoint answered and serves nothing at this address.",
        next: "let `base_url` be `https://RESOURCE.openai.azure.com/openai/v1`; Codex appends `/responses`",
    },
    Known {
        name: "quota",
        words: &[&["429"], &["insufficient_quota"], &["rate limit"]],
        layer: Deployment,
        fine: &[Surface, Environment, Network, Credential, Route],
        causes: &[],
        codes: &[],
        title: "The endpoint took the request and has no capacity left for it: nothing is wrong on this machine.",
        next: "wait, or raise the deployment's rate in Azure's portal",
    },
    Known {
        name: "unreachable",
        words: &[
            &["dns error"],
            &["failed to lookup address"],
            &["name or service not known"],
            &["temporary failure in name resolution"],
            &["could not resolve"],
            &["nodename nor servname"],
            &["connection refused"],
            &["connection reset"],
            &["no route to host"],
            &["network is unreachable"],
            &["operation timed out"],
            &["econnrefused"],
            &["enotfound"],
            &["etimedout"],
            &["error sending request"],
            &["waiting for network"],
            &["invalid peer certificate"],
            &["certificate verify failed"],
            &["self-signed certificate"],
            &["self signed certificate"],
            &["stream disconnected before completion"],
        ],
        layer: Network,
        fine: &[Surface],
        causes: &[Network],
        codes: &[Code::EnvProxyContext, Code::WslLoopback],
        title: "Codex made a request and no endpoint answered: the name in `base_url`, a proxy, a certificate, or the \
                network.",
        next: "ask the host in `base_url` from the same place: `curl -sS -o /dev/null -w '%{http_code}\\n' URL`; any \
               number means that it is reached",
    },
    Known {
        name: "sign-in",
        words: &[
            &["sign in with chatgpt"],
            &["sign in to"],
            &["sign-in page"],
            &["not logged in"],
            &["please log in"],
            &["login required"],
            &["cli", "vs code"],
        ],
        layer: Surface,
        fine: &[],
        causes: &[Surface, Provider],
        codes: &[
            Code::ConfigTwoHomes,
            Code::ConfigInvalid,
            Code::RouteWireApi,
            Code::ConfigProfileNotInIde,
            Code::ConfigProjectKeyDenied,
        ],
        title: "This Codex uses its built-in provider: it reads another config than the one that works, or refuses it.",
        next: "run `envsplit config --diff self codex-app-server`: it shows what the IDE's Codex has otherwise",
    },
];
