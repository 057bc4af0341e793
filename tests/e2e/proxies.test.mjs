// Between the web server and others: proxies before it, a snippet that lacks a line, two workers behind it.
import { test } from 'node:test';
import assert from 'node:assert/strict';
import { writeFileSync } from 'node:fs';
import { join } from 'node:path';
import { configText, programs, startStack } from '../support/harness.mjs';
import { start, until } from '../support/stack.mjs';

const via = (stack, address) => stack.client.post('/auth/api/v1/sessions', {
  json: { ...stack.users.alice, transport: 'handle' }, headers: { 'X-Forwarded-For': address },
}).then(({ json }) => json.session.ip);

async function withStack(options, act) {
  const stack = await startStack({ users: ['alice'], ...options });
  try {
    await act(stack);
  } finally {
    await stack.stop();
  }
}

test('lighttpd behind a trusted proxy: mod_extforward sets the source, and Gatepost sees it', () =>
  withStack({ server: 'lighttpd', extra: 'server.modules += ( "mod_extforward" )\nextforward.forwarder = ( "127.0.0.1" => "trust" )' }, async (stack) => {
    assert.equal(await via(stack, '203.0.113.9'), '203.0.113.9');
    assert.equal(await via(stack, '2001:db8::9'), '2001:db8::9');
  }));

test('nginx behind a trusted proxy: real_ip', () =>
  withStack({ server: 'nginx', extra: 'set_real_ip_from 127.0.0.1; real_ip_header X-Forwarded-For;' }, async (stack) => {
    assert.equal(await via(stack, '203.0.113.9'), '203.0.113.9');
  }));

test('Apache: mod_remoteip sets the source; a snippet without CGIPassAuth loses Bearer and nothing else', () =>
  withStack({
    server: 'apache-proxy',
    extra: 'RemoteIPHeader X-Forwarded-For\nRemoteIPInternalProxy 127.0.0.1\n<LocationMatch "^/auth">\nCGIPassAuth Off\n</LocationMatch>',
  }, async (stack) => {
    assert.equal(await via(stack, '203.0.113.9'), '203.0.113.9');
    const { session_handle: handle } = await stack.signIn(stack.users.alice);
    const bearer = await stack.client.get('/auth/api/v1/session', { headers: { Authorization: `Bearer ${handle}` } });
    assert.equal(bearer.status, 401);
    assert.equal(bearer.json.code, 'unauthenticated');
    assert.equal((await stack.withHandle(handle, 'GET', '/session')).status, 200);
  }));

// Opens the socket, hands it to two workers as descriptor 0, and says their process ids.
const parent = `
import os, socket, sys
path, program, config = sys.argv[1:]
listener = socket.socket(socket.AF_UNIX)
listener.bind(path)
listener.listen(128)
os.dup2(listener.fileno(), 0)
listener.close()
for i in range(2):
    pid = os.fork()
    if pid == 0:
        os.execv(program, [program, '--config', config])
    print(pid, flush=True)
for i in range(2):
    os.wait()
`;

test('two workers on one inherited socket; one is killed, the other serves on', () => withStack({}, async (stack) => {
  const { session_handle: handle } = await stack.signIn(stack.users.alice);
  const check = async () => (await stack.withHandle(handle, 'GET', '/session')).status;
  assert.equal((await stack.worker.stop()).code, 0);
  const { 'listen web': { address }, ...sections } = stack.config.sections;
  const config = join(stack.dir, 'inherited.conf');
  writeFileSync(config, configText(sections), { mode: 0o600 });
  const both = start('python3', ['-c', parent, address, programs.worker, config], { env: { ...process.env, ASAN_OPTIONS: 'detect_leaks=0' }, group: true });
  const pids = () => [...both.output().matchAll(/^(\d+)$/gm)].map(([, pid]) => Number(pid));
  const started = () => both.output().split('"started"').length - 1;
  await until(() => started() === 2, 'both serve');
  const [one, two] = pids();
  const load = await Promise.all(Array.from({ length: 40 }, check));
  assert.deepEqual([...new Set(load)], [200]);
  process.kill(one, 'SIGKILL');
  for (let i = 0; i < 20; i++) assert.equal(await check(), 200);
  process.kill(two, 'SIGTERM');
  await both.exited;
  stack.startWorker();
  await until(async () => (await check()) === 200, 'its own socket takes the place of the left-over file');
}));
