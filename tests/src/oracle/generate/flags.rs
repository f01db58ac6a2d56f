//! Flags of a command line.
use super::super::text;
use proptest::prelude::*;
use proptest::sample::select;

/// `-c` as people give it.
pub(super) fn flag() -> impl Strategy<Value = String> {
    let odd = select(
        &[
            "model",
            "=x",
            " = x",
            "model=",
            "desktop.q=it's'",
            "model='q'",
            "model=\"a\"b",
            " review_model = 'r' ",
            "model=a=b",
            "desktop.q='two words",
            "review_model =  r\t",
            "model='open",
            "review_model=\"r\"s\"",
            "desktop.x=[1,2",
            "desktop.q='open",
            "desktop.x=1979-05-27",
            "desktop.x={a={b=1}}",
            "desktop..x=1",
            ".desktop=1",
            "desktop.=1",
            "desktop.x=\n1",
            "desktop.x=1\ny=2",
            "desktop.x=1 # c",
            "desktop.x=# c",
            "desktop.x=inf",
            "desktop.x=nan",
            "desktop.z=1",
            "desktop.z.a=1",
            "desktop.z={b=1}",
            "desktop.x=99999999999999999999",
            "desktop. a . b =1",
            "use_legacy_landlock=true",
            "projects.\"@ROOT@/repo\".trust_level=\"trusted\"",
            "projects.@ROOT@/repo.trust_level=trusted",
            "projects={\"@ROOT@/repo\"={trust_level=\"trusted\"}}",
            "projects={\"@ROOT@/repo/a\"={trust_level=\"untrusted\"}}",
            "projects={'@ROOT@/plain'={trust_level='trusted'}}",
            "project_root_markers=[\".hg\"]",
            "project_root_markers=[]",
            "project_root_markers=.hg",
            "log_dir=rel/../x",
            "log_dir=~/x",
            "model_provider=azure",
            "model_provider=ollama",
            "model_providers.azure.name=A",
            "model_providers.azure.env_key=K3",
            "model_providers.azure={name=\"whole\"}",
            "mcp_servers.x.args=[\"9\"]",
            "mcp_servers.x.command=c",
            "model=3",
            "foo=1",
            "foo.bar=1",
            "features.unified_exec=true",
            "features.nope=true",
            "profile=work",
            "agents.max_threads=9",
            "shell_environment_policy.exclude=[\"Z*\"]",
            "sandbox_workspace_write.writable_roots=[\"r\"]",
            "notify=[\"x\"]",
        ][..],
    )
    .prop_map(str::to_owned);
    let known = text::settings(1, false).prop_map(|settings| {
        settings.first().map_or_else(String::new, |(path, value)| format!("{}={value}", path.join(".")))
    });
    prop_oneof![3 => odd, 1 => known.prop_filter("an empty flag, or a host whose dots part it", |text| {
        !text.is_empty() && !text.starts_with("permissions")
    })]
}
