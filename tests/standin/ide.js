// Stands in for an IDE: a process tree with the marks by which a real one is recognised, and with the real one's
// rules for environments (VS Code: shellEnv.ts, extensionHostConnection.ts, localProcessExtensionHost.ts).
//
//   node ide.js server|desktop READY [CODEX] [--shell-seconds=N]
//
//   server:  server-main.js -> bootstrap-fork --type=extensionHost -> codex app-server
//   desktop: code -> code --type=utility (extension host) -> codex app-server
//
// READY is written when the tree stands; it holds the pid of its last process. Without CODEX that is the extension host.
const cp = require('child_process');
const fs = require('fs');
const path = require('path');

const [, self, role, ready, codex] = process.argv;

// How long the shell may take: `application.shellEnvironmentResolutionTimeout`.
function seconds() {
  const said = process.argv.find((word) => word.startsWith('--shell-seconds='));
  return said ? Number(said.split('=')[1]) : 10;
}

// What the question to the login shell answers, laid over the IDE's own environment. It is asked once.
function shellEnvironment() {
  if (process.env.VSCODE_CLI === '1' || process.argv.includes('--force-disable-user-env')) return {};
  const shell = process.env.SHELL || '/bin/bash';
  const mark = 'mark' + Math.random().toString(36).slice(2);
  const print = `'${process.execPath}' -p '"${mark}" + JSON.stringify(process.env) + "${mark}"'`;
  const asked = cp.spawnSync(shell, ['-i', '-l', '-c', print], {
    env: { ...process.env, VSCODE_RESOLVING_ENVIRONMENT: '1' },
    stdio: ['ignore', 'pipe', 'ignore'],
    timeout: seconds() * 1000,
    encoding: 'utf8',
    detached: true,
  });
  if (asked.status !== 0) return {};
  const answer = new RegExp(mark + '({.*})' + mark).exec(asked.stdout || '');
  const env = answer ? JSON.parse(answer[1]) : {};
  delete env.VSCODE_RESOLVING_ENVIRONMENT;
  return env;
}

function extensionHostEnvironment() {
  const env = {
    ...process.env,
    ...shellEnvironment(),
    VSCODE_ESM_ENTRYPOINT: 'vs/workbench/api/node/extensionHostProcess',
    VSCODE_HANDLES_UNCAUGHT_ERRORS: 'true',
  };
  for (const name of ['DEBUG', 'NODE_OPTIONS', 'VSCODE_NODE_OPTIONS', 'LD_PRELOAD', 'DYLD_INSERT_LIBRARIES']) {
    delete env[name];
  }
  return env;
}

function startServer() {
  const script = path.join(path.dirname(self), 'bootstrap-fork');
  fs.copyFileSync(self, script);
  const marks = ['--type=extensionHost', '--transformURIs', '--useHostProxy=false'];
  cp.spawn(process.execPath, [script, 'extension-host', ready, codex || '', ...marks], {
    env: extensionHostEnvironment(),
    stdio: ['pipe', 'inherit', 'inherit'],
  });
}

function startDesktop() {
  const marks = ['--type=utility', '--utility-sub-type=node.mojom.NodeService', '--inspect-port=0'];
  const env = { ...extensionHostEnvironment(), VSCODE_CRASH_REPORTER_PROCESS_TYPE: 'extensionHost' };
  env.VSCODE_PID = String(process.pid);
  cp.spawn(process.execPath, [self, 'extension-host', ready, codex || '', ...marks], {
    env,
    stdio: ['pipe', 'inherit', 'inherit'],
  });
}

// Whoever finds the file finds the whole of it.
function say(pid) {
  fs.writeFileSync(ready + '.new', String(pid));
  fs.renameSync(ready + '.new', ready);
}

// The extension starts Codex with these arguments and speaks first.
function startCodex() {
  const args = ['-c', 'features.code_mode_host=true', 'app-server', '--analytics-default-enabled'];
  const child = cp.spawn(codex, args, { stdio: ['pipe', 'pipe', 'inherit'] });
  child.stdout.on('data', (text) => {
    if (String(text).includes('codexHome')) say(child.pid);
  });
  const clientInfo = { name: 'codex_vscode', title: 'Codex', version: '0' };
  child.stdin.write(JSON.stringify({ id: 0, method: 'initialize', params: { clientInfo } }) + '\n');
}

if (role === 'server') startServer();
else if (role === 'desktop') startDesktop();
else if (codex) startCodex();
else say(process.pid);
setInterval(() => {}, 1 << 30);
