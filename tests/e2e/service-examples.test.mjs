// docs/examples/service: back ends in PHP and in Python that ask about the handle that their client sends.
import { test, before, after } from 'node:test';
import assert from 'node:assert/strict';
import { join } from 'node:path';
import { source, startStack } from '../support/harness.mjs';
import { freePort, start, until } from '../support/stack.mjs';

const folder = join(source, 'docs/examples/service');
const programs = {
  'shop.py': (port) => ['python3', [join(folder, 'shop.py'), String(port)]],
  'shop.php': (port) => ['php', ['-S', `127.0.0.1:${port}`, join(folder, 'shop.php')]],
};

let stack;
before(async () => {
  stack = await startStack({ settings: { 'client app': { services: 'shop' }, 'flow order': { steps: 'start > paid > sent', client_may: 'start > sent' } } });
  stack.must(['service', 'add', 'shop', '--scope', 'introspect flows:write sessions:end sessions:hold', '--secret-file', join(stack.dir, 'shop.secret')]);
});
after(() => stack?.stop());

for (const [name, command] of Object.entries(programs)) {
  test(`${name}: who it is, a fact and a move, hold, end; nobody without a session of a person`, async () => {
    const port = await freePort();
    const [program, args] = command(port);
    const shop = start(program, args, { env: {
      ...process.env, GATEPOST_URL: stack.base, GATEPOST_SERVICE: 'shop', GATEPOST_SECRET_FILE: join(stack.dir, 'shop.secret'), GATEPOST_CA: stack.caFile,
    } });
    const ask = async (method, path, handle) => {
      const answer = await fetch(`http://127.0.0.1:${port}${path}`, { method, headers: handle === undefined ? {} : { 'X-Session-Id': handle } });
      const text = await answer.text();
      return { status: answer.status, json: text ? JSON.parse(text) : undefined };
    };
    try {
      await until(async () => {
        if (!shop.running()) throw new Error(`it ended: ${shop.output()}`);
        return (await ask('GET', '/nothing')).status === 404;
      }, `${name} answers`);
      const { session_handle: handle, user } = await stack.signIn(stack.users.alice);
      const api = (method, path, options) => stack.withHandle(handle, method, path, options);

      assert.deepEqual(await ask('GET', '/me', handle), { status: 200, json: { id: user.id, name: 'alice', roles: [] } });
      const guest = await stack.client.post('/auth/api/v1/sessions/guest', { json: { transport: 'handle' } });
      for (const other of [undefined, 'x', `gps_${'A'.repeat(43)}`, guest.json.session_handle]) {
        for (const [method, path] of [['GET', '/me'], ['POST', '/pay'], ['POST', '/bye']]) assert.equal((await ask(method, path, other)).status, 401, `${path} ${other}`);
      }

      assert.deepEqual(await ask('POST', '/pay', handle), { status: 409, json: { error: 'not_found' } });
      assert.equal((await api('POST', '/flows/order', { json: {} })).status, 201);
      assert.deepEqual(await ask('POST', '/pay', handle), { status: 200, json: { step: 'paid' } });
      const { json: flow } = await api('GET', '/flows/order');
      assert.deepEqual([flow.step, flow.facts], ['paid', { paid: true }]);
      assert.equal((await api('DELETE', '/flows/order')).status, 204);

      assert.equal((await ask('POST', '/suspicious', handle)).status, 204);
      assert.equal((await api('GET', '/session')).json.code, 'reauthentication_required');
      assert.equal((await ask('GET', '/me', handle)).status, 401);
      const again = await api('POST', '/session/reauth', { json: { method: 'password', password: stack.users.alice.password } });
      const next = again.json.session_handle;
      assert.equal((await ask('POST', '/bye', next)).status, 204);
      assert.equal((await stack.withHandle(next, 'GET', '/session')).status, 401);

      // Nobody is let in while Gatepost does not know this service.
      const other = await stack.signIn(stack.users.bob);
      stack.must(['service', 'disable', 'shop']);
      assert.equal((await ask('GET', '/me', other.session_handle)).status, 503);
      stack.must(['service', 'enable', 'shop']);
      assert.equal((await ask('GET', '/me', other.session_handle)).status, 200);
      assert.ok(!shop.output().includes(other.session_handle), 'no handle in what it says');
    } finally {
      await shop.stop();
    }
  });
}
