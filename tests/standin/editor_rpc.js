// Stands in for an editor's extension: the real vscode-jsonrpc on the standard streams of `envsplit rpc`.
//
//   node editor_rpc.js LIBRARY ENVSPLIT
//
// Asks, subscribes, saves the config, kills the agent under the connection and asks again.
const cp = require('child_process');
const fs = require('fs');
const path = require('path');

const [, , library, envsplit] = process.argv;
const rpc = require(require.resolve('vscode-jsonrpc/node', { paths: [library] }));

function within(what, promise) {
  const late = new Promise((_, no) => setTimeout(() => no(new Error(`${what}: not in time`)), 20000).unref());
  return Promise.race([promise, late]);
}

function models(report) {
  return report.places.map((p) => p.codex && p.codex.values.model && p.codex.values.model.value);
}

async function main() {
  const child = cp.spawn(envsplit, ['rpc'], { stdio: ['pipe', 'pipe', 'inherit'] });
  const reader = new rpc.StreamMessageReader(child.stdout);
  const writer = new rpc.StreamMessageWriter(child.stdin);
  const connection = rpc.createMessageConnection(reader, writer);
  let changed, reconnected;
  const told = new Promise((yes) => (changed = yes));
  const again = new Promise((yes) => (reconnected = yes));
  connection.onNotification('report/changed', (said) => {
    if (models(said.report).includes('saved')) changed();
  });
  connection.onNotification('$/reconnected', () => reconnected());
  connection.listen();
  const version = cp.execFileSync(envsplit, ['--version'], { encoding: 'utf8' }).trim().split(' ').pop();
  const hello = { protocol: 1, version, client: { name: 'vscode-jsonrpc', version: '1' } };
  const daemon = await within('initialize', connection.sendRequest('initialize', hello));
  if (daemon.ready !== 'ready') throw new Error(JSON.stringify(daemon));
  const report = await within('report/get', connection.sendRequest('report/get', { self: { keys: [], shells: true } }));
  if (report.schema !== 'envsplit.report/v1') throw new Error('no report');
  await within('report/subscribe', connection.sendRequest('report/subscribe', { self: { keys: [], shells: true } }));
  const config = path.join(process.env.HOME, '.codex/config.toml');
  fs.writeFileSync(config, fs.readFileSync(config, 'utf8').replace('first', 'saved'));
  await within('report/changed', told);
  process.kill(daemon.pid, 'SIGKILL');
  await within('$/reconnected', again);
  const status = await within('status', connection.sendRequest('status', {}));
  if (status.pid === daemon.pid) throw new Error('the same agent');
  connection.end();
  child.stdin.end();
  await within('the end of rpc', new Promise((yes) => child.on('exit', yes)));
  process.kill(status.pid, 'SIGTERM');
  console.log('reports, changes, reconnects');
}

main().catch((why) => {
  console.error(why);
  process.exit(1);
});
