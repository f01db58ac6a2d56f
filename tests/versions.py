"""Asks real versions of Codex what they make of small configs, and envsplit the same: scripts/oracle-versions.

    versions.py ENVSPLIT STORE VERSION...     STORE/VERSION/codex is the program, with its package.json beside it

An answer is `sent MODEL KEY` (what came to a loopback provider), `missing` (the key's variable) or `refused`.
"""

import http.server
import json
import os
import shutil
import signal
import socketserver
import subprocess
import sys
import tempfile
import threading
from concurrent.futures import ThreadPoolExecutor

USER, HOME_ENV, HERE_ENV, PROJECT = "home/.codex/config.toml", "home/.codex/.env", "w/.env", "w/.codex/config.toml"


def provider(name, more=""):
    return (f'[model_providers.{name}]\nname = "M"\nbase_url = "http://127.0.0.1:@PORT@/v1"\nrequest_max_retries = 0\n'
            f"stream_max_retries = 0\n{more}")


KEY = 'env_key = "K"\nwire_api = "responses"\n'
MOCK = provider("m", KEY)
BASE = 'model = "user"\nmodel_provider = "m"\n' + MOCK
TABLE = BASE + '[profiles.x]\nmodel = "table"\n'
TRUST = '[projects."@ROOT@/w"]\ntrust_level = "trusted"\n'
SET = {"K": "env"}
OTHER = provider("other", 'env_key = "K"\nwire_api = "responses"\n')

# name: files, environment, arguments, files of /etc/codex
CASES = {
    "base": ({USER: BASE}, SET),
    "dotenv-here": ({USER: BASE, HERE_ENV: "K=here\n"}, {}),
    "dotenv-both": ({USER: BASE, HERE_ENV: "K=here\n", HOME_ENV: "K=home\n"}, SET),
    "dotenv-home": ({USER: BASE, HOME_ENV: "K=home\n"}, SET),
    "dotenv-blank": ({USER: BASE, HOME_ENV: "K=\n"}, SET),
    "dotenv-bad-line": ({USER: BASE, HOME_ENV: "J=two words\nK=home\n"}, {}),
    "dotenv-codex-name": ({USER: BASE.replace('"K"', '"CODEX_K"'), HOME_ENV: "CODEX_K=home\n"}, {}),
    "profile-selector": ({USER: 'profile = "x"\n' + TABLE}, SET),
    "profile-missing": ({USER: 'profile = "x"\n' + BASE}, SET),
    "profile-flag-table": ({USER: TABLE}, SET, ["--profile", "x"]),
    "profile-flag-file": ({USER: BASE, "home/.codex/x.config.toml": 'model = "file"\n'}, SET, ["--profile", "x"]),
    "profile-over-flag": ({USER: 'profile = "x"\n' + TABLE}, SET, ["-c", "model=flag"]),
    "profile-over-project": ({USER: 'profile = "x"\n' + TABLE + TRUST, PROJECT: 'model = "project"\n'}, SET),
    "project": ({USER: BASE + TRUST, PROJECT: 'model = "project"\n'}, SET),
    "project-untrusted": ({USER: BASE, PROJECT: 'model = "project"\n'}, SET),
    "project-provider": ({USER: BASE + TRUST, PROJECT: 'model_provider = "nope"\n'}, SET),
    "project-profile": ({USER: TABLE + TRUST, PROJECT: 'profile = "x"\n'}, SET),
    "wire-chat": ({USER: BASE.replace("responses", "chat")}, SET),
    "wire-chat-elsewhere": ({USER: BASE + provider("b", 'wire_api = "chat"\n')}, SET),
    "reserved": ({USER: BASE + provider("openai", KEY)}, SET),
    "name-empty": ({USER: BASE.replace('"M"', '""')}, SET),
    "name-missing": ({USER: BASE.replace('name = "M"\n', "")}, SET),
    "auth-and-key": ({USER: BASE + 'auth = { command = "/bin/echo", args = ["t"] }\n'}, SET),
    "bedrock-fields": ({USER: BASE + provider("amazon-bedrock", KEY)}, SET),
    "bedrock-runtime": ({USER: BASE + provider("amazon-bedrock-runtime", KEY)}, SET),
    "aws-elsewhere": ({USER: BASE + 'aws = { region = "x" }\n'}, SET),
    "no-provider": ({USER: 'model_provider = "nope"\n'}, SET),
    "key-blank": ({USER: BASE}, {"K": "  "}),
    "key-none": ({USER: BASE}, {}),
    "remote-server": ({USER: BASE + '[mcp_servers.x]\nurl = "http://127.0.0.1:9/mcp"\nenabled = false\n'}, SET),
    "filters": ({USER: BASE + '[shell_environment_policy]\nexclude = ["A"]\nfilters = { B = "include" }\n'}, SET),
    "permissions": ({USER: BASE + "[permissions.x]\n"}, SET),
    "thread-endpoint": ({USER: 'experimental_thread_store_endpoint = "x"\n' + BASE}, SET),
    "approval-untrusted": ({USER: 'approval_policy = "untrusted"\n' + BASE}, SET),
    "effort-xhigh": ({USER: 'model_reasoning_effort = "xhigh"\n' + BASE}, SET),
    "effort-max": ({USER: 'model_reasoning_effort = "max"\n' + BASE}, SET),
    "personality": ({USER: 'personality = "x"\n' + BASE}, SET),
    "verbosity": ({USER: 'model_verbosity = "x"\n' + BASE}, SET),
    "trust-level": ({USER: BASE + TRUST.replace('"trusted"', '"maybe"')}, SET),
    "type": ({USER: BASE.replace('"user"', "3")}, SET),
    "syntax": ({USER: "model = user\n" + MOCK}, SET),
    "etc-system": ({USER: BASE.replace('model = "user"\n', "")}, SET, [], {"config.toml": 'model = "system"\n'}),
    "etc-managed": ({USER: BASE}, SET, ["-c", "model=flag"], {"managed_config.toml": 'model = "managed"\n'}),
    "etc-requirements": ({USER: BASE}, SET, [], {"requirements.toml": "x = \n"}),
}

ETC = """mount -t tmpfs none /mnt && mkdir /mnt/u /mnt/w && mount -t overlay overlay \
-o lowerdir=/etc,upperdir=/mnt/u,workdir=/mnt/w /etc && mkdir -p /etc/codex && cp "$0"/* /etc/codex/ && exec "$@" """


class Provider(http.server.BaseHTTPRequestHandler):
    """A loopback provider that notes the first request."""

    def log_message(self, *_):
        pass

    def answer(self, kind, body):
        self.send_response(200)
        self.send_header("Content-Type", kind)
        self.send_header("Content-Length", str(len(body)))
        self.end_headers()
        self.wfile.write(body)

    def do_GET(self):
        self.answer("application/json", b'{"object": "list", "data": [], "models": []}')

    def do_POST(self):
        body = json.loads(self.rfile.read(int(self.headers.get("Content-Length") or 0)))
        token = (self.headers.get("Authorization") or "none").removeprefix("Bearer ")
        self.server.seen.append(f"sent {body.get('model')} {token}")
        done = {"type": "response.completed", "response": {"id": "r", "usage": {
            "input_tokens": 1, "input_tokens_details": None, "output_tokens": 1, "output_tokens_details": None,
            "total_tokens": 2}}}
        chat = 'data: {"choices":[{"delta":{"content":"x"},"finish_reason":"stop"}]}\n\ndata: [DONE]\n\n'
        events = f"event: response.completed\ndata: {json.dumps(done)}\n\n"
        self.answer("text/event-stream", (chat if "chat" in self.path else events).encode())


class Server(socketserver.ThreadingMixIn, http.server.HTTPServer):
    daemon_threads = True


def run(argv, env, cwd, limit):
    """Runs a program in a session of its own and ends what it leaves."""
    p = subprocess.Popen(argv, env=env, cwd=cwd, stdin=subprocess.DEVNULL, stdout=subprocess.PIPE,
                         stderr=subprocess.PIPE, start_new_session=True)
    try:
        out, err = p.communicate(timeout=limit)
    except subprocess.TimeoutExpired:
        os.killpg(p.pid, signal.SIGKILL)
        out, err = p.communicate()
    return p.returncode, out.decode("utf8", "replace"), err.decode("utf8", "replace")


def real(seen, text):
    if seen:
        return seen[0]
    return "missing" if "Missing environment variable" in text else "refused"


def ours(out):
    """The same from `envsplit config --json --at self`."""
    codex = json.loads(out)["places"][0]["codex"]
    if any(p.get("fatal") for p in codex["problems"]):
        return "refused"
    if codex.get("untested"):
        return "unknown"
    if codex["key_verdict"] == "missing":
        return "missing"
    model = codex["values"].get("model", {}).get("value")
    lines = (codex.get("key") or {}).get("set_by") or [{"path": "env"}]
    path = lines[0]["path"]
    return f"sent {model} {'home' if path.endswith('.codex/.env') else 'here' if path.endswith('/.env') else 'env'}"


def ask(envsplit, store, version, name):
    files, env, *rest = CASES[name]
    args, etc = (rest + [[], {}])[:2] if len(rest) < 2 else rest
    root = tempfile.mkdtemp(prefix="codex-version-")
    server = Server(("127.0.0.1", 0), Provider)
    server.seen = []
    threading.Thread(target=server.serve_forever, daemon=True).start()
    fill = lambda text: text.replace("@ROOT@", root).replace("@PORT@", str(server.server_address[1]))
    try:
        for path in ("home/.codex/x", "w/.git/x", "tmp/x", "run/x", "data/x"):
            os.makedirs(os.path.dirname(f"{root}/{path}"), exist_ok=True)
        for path, text in {"w/.git/HEAD": "ref: refs/heads/main\n", **files}.items():
            os.makedirs(os.path.dirname(f"{root}/{path}"), exist_ok=True)
            with open(f"{root}/{path}", "w") as file:
                file.write(fill(text))
        wrap = []
        if etc:
            os.makedirs(f"{root}/etc")
            for path, text in etc.items():
                with open(f"{root}/etc/{path}", "w") as file:
                    file.write(text)
            wrap = ["unshare", "-m", "sh", "-c", ETC, f"{root}/etc"]
        home = {"HOME": f"{root}/home", "TMPDIR": f"{root}/tmp", "HTTPS_PROXY": "http://127.0.0.1:9", **env}
        at = f"{store}/{version}"
        flags = [a for a in args]
        mine = run([*wrap, envsplit, "config", "--json", "--no-daemon", "--no-shells", "--at", "self", *flags],
                   {**home, "PATH": f"{at}:/usr/bin:/bin", "ENVSPLIT_DATA_DIR": f"{root}/data",
                    "ENVSPLIT_RUNTIME_DIR": f"{root}/run"}, f"{root}/w", 60)
        _, out, err = run([*wrap, f"{at}/codex", "exec", "--skip-git-repo-check", *flags, "hi"],
                        {**home, "PATH": "/usr/bin:/bin"}, f"{root}/w", 12)
        try:
            said = ours(mine[1])
        except (ValueError, KeyError, IndexError) as error:
            said = f"no answer ({error!r}): {mine[2][:200]}"
        theirs = real(server.seen, out + err)
        # Codex's own default is none of the config's.
        if said.startswith("sent None "):
            said = said.replace("None", theirs.split()[1] if theirs.startswith("sent ") else "None")
        return theirs, said
    finally:
        server.shutdown()
        server.server_close()
        shutil.rmtree(root, ignore_errors=True)


def main():
    envsplit, store, *versions = sys.argv[1:]
    envsplit, store = os.path.abspath(envsplit), os.path.abspath(store)
    names = [n for n in CASES if os.geteuid() == 0 or not n.startswith("etc-")]
    pairs = [(v, n) for v in versions for n in names]
    count = {"agreed": 0, "disagreed": 0, "unknown": 0}
    with ThreadPoolExecutor(os.cpu_count()) as pool:
        for (version, name), (theirs, said) in zip(pairs, pool.map(lambda p: ask(envsplit, store, *p), pairs)):
            kind = "unknown" if said == "unknown" else "agreed" if said == theirs else "disagreed"
            count[kind] += 1
            if kind == "disagreed":
                print(f"{version} {name}: Codex {theirs!r}, envsplit {said!r}", flush=True)
    print(", ".join(f"{n} {kind}" for kind, n in count.items()))
    return 1 if count["disagreed"] else 0


if __name__ == "__main__":
    sys.exit(main())
