// Spawned by lighttpd's bin-path: the same cases as on every server path.
import { test } from 'node:test';
import assert from 'node:assert/strict';
import { existsSync } from 'node:fs';
import { join } from 'node:path';
import { listens, until } from '../support/stack.mjs';
import { matrix } from './cases.mjs';

const { stack } = matrix('lighttpd-spawned', { lookAlike: 403, http2: true });

test('a socket file left over by a server and a worker that were killed is no obstacle', async () => {
  const { session_handle: handle } = await stack().signIn(stack().users.alice);
  const workers = stack().ownWorkers();
  await stack().server.stop('SIGKILL');
  for (const pid of workers) process.kill(pid, 'SIGKILL');
  // A worker that is still dying, if only one of its threads, answers on its socket, and lighttpd would take it for one that serves.
  const socket = join(stack().dir, 'run/spawned.sock-0');
  await until(() => !listens(socket), 'nobody listens any more');
  assert.ok(existsSync(socket));
  stack().startServer();
  await stack().ready();
  assert.equal((await stack().withHandle(handle, 'GET', '/session')).status, 200);
});
