// gatepost service: made, shown, given other secrets and scopes, disabled, removed; secrets shown once, never kept.
import { test, before, after } from 'node:test';
import assert from 'node:assert/strict';
import { existsSync, readFileSync, statSync } from 'node:fs';
import { join } from 'node:path';
import { startStack } from '../support/harness.mjs';
import { until } from '../support/stack.mjs';
import { asService } from '../support/services.mjs';

let stack;
before(async () => {
  stack = await startStack({ users: ['alice'], settings: { 'client app': { services: 'books' }, 'client phone': { services: 'books other' } } });
});
after(() => stack?.stop());

const json = (...args) => JSON.parse(stack.must(['service', ...args, '--json']).stdout);
const refused = (code, pattern, ...args) => {
  const run = stack.ctl(['service', ...args]);
  assert.equal(run.code, code, `${args.join(' ')}: ${run.stderr}${run.stdout}`);
  assert.match(run.stderr, pattern);
  assert.equal(run.stdout, '');
};
const introspected = async (secret) => (await asService(stack, 'books', secret).introspect('x')).status;

test('add: the secret once, by itself on its line; nothing of it is kept', async () => {
  const { stdout } = stack.must(['service', 'add', 'books', '--scope', 'introspect flows:read']);
  assert.match(stdout, /^gpk_[A-Za-z0-9_-]{43}\n$/);
  const secret = stdout.trim();
  assert.equal(await introspected(secret), 200);
  const { created_at: created, secret_at: made, ...row } = json('show', 'books');
  assert.deepEqual(row, { name: 'books', state: 'active', scope: 'introspect flows:read', clients: ['app', 'phone'], root: 1, former_until: null });
  assert.equal(created, made);
  assert.deepEqual(json('list').services, [json('show', 'books')]);
  const plain = stack.must(['service', 'show', 'books']).stdout;
  assert.match(plain, /^books\tactive\tintrospect flows:read\tsecret of \S+Z\tclients: app phone\n$/);
  assert.equal(stack.must(['service', 'list']).stdout, plain);
  const bytes = Buffer.from(secret.slice(4), 'base64url').toString('hex');
  const [{ hash }] = stack.sql("SELECT LOWER(HEX(secret_hash)) AS hash FROM service WHERE name = 'books'");
  assert.notEqual(hash, bytes);
  assert.ok(!stack.workerOutput().includes(secret.slice(4)), 'not in the log');
});

test('what cannot be added, and why', () => {
  refused(1, /there is a service of this name already/, 'add', 'books', '--scope', 'introspect');
  refused(1, /a-z, 0-9/, 'add', 'Books', '--scope', 'introspect');
  refused(2, /which service\?/, 'add', '--scope', 'introspect');
  refused(2, /scopes are introspect/, 'add', 'more');
  refused(2, /scopes are introspect/, 'add', 'more', '--scope', 'everything');
  refused(2, /scopes are introspect/, 'add', 'more', '--scope', '');
  refused(2, /given twice/, 'add', 'more', '--scope', 'introspect', '--scope', 'flows:read');
  refused(1, /there is no such service/, 'show', 'more');
  for (const verb of ['rotate', 'disable', 'enable', 'remove']) refused(1, /there is no such service/, verb, 'more');
});

test('a secret to a file: 0600, a new one only; what cannot be kept is not made', async () => {
  const file = join(stack.dir, 'other.secret');
  const { stdout } = stack.must(['service', 'add', 'other', '--scope', 'sessions:end', '--secret-file', file]);
  assert.ok(!/gpk_/.test(stdout), stdout);
  assert.equal(statSync(file).mode & 0o777, 0o600);
  assert.match(readFileSync(file, 'utf8'), /^gpk_[A-Za-z0-9_-]{43}\n$/);
  const before = readFileSync(file, 'utf8');
  refused(1, /other\.secret: File exists/, 'rotate', 'other', '--secret-file', file);
  assert.equal(readFileSync(file, 'utf8'), before);
  assert.equal((await asService(stack, 'other', before.trim()).introspect('x')).status, 403, 'it is good, and has another scope');
  refused(1, /No such file or directory/, 'add', 'third', '--scope', 'introspect', '--secret-file', join(stack.dir, 'no/where'));
  refused(1, /there is no such service/, 'show', 'third');
  const left = join(stack.dir, 'left.secret');
  refused(1, /there is a service of this name already/, 'add', 'other', '--scope', 'introspect', '--secret-file', left);
  assert.ok(!existsSync(left), 'no empty file is left');
});

test('rotate: an hour for the former, or as long as is said, or none', async () => {
  const first = json('rotate', 'books');
  const { secret: one } = first;
  const hours = (Date.parse(first.service.former_until) - Date.now()) / 3600e3;
  assert.ok(hours > 0.9 && hours < 1.1, `${hours}`);
  const { secret: two } = json('rotate', 'books', '--overlap', '2h');
  for (const secret of [one, two]) assert.equal(await introspected(secret), 200);
  const { secret: three, service } = json('rotate', 'books', '--overlap', '0s');
  assert.equal(service.former_until, null);
  assert.equal(await introspected(two), 401);
  assert.equal(await introspected(three), 200);
  for (const overlap of ['31d', 'x', '-1h']) refused(2, /--overlap is a span/, 'rotate', 'books', '--overlap', overlap);
  assert.equal(await introspected(three), 200);
});

test('scope, disable, enable, remove: asking twice is no failure; each is an event', () => {
  assert.equal(json('scope', 'books', '--add', 'sessions:hold').service.scope, 'introspect flows:read sessions:hold');
  assert.equal(json('scope', 'books', '--add', 'sessions:hold').changed, false);
  assert.equal(json('scope', 'books', '--remove', 'flows:read sessions:hold').service.scope, 'introspect');
  refused(2, /give one of/, 'scope', 'books');
  refused(2, /give one of/, 'scope', 'books', '--add', 'introspect', '--remove', 'flows:read');
  assert.equal(json('disable', 'books').service.state, 'disabled');
  assert.equal(json('disable', 'books').changed, false);
  assert.equal(json('enable', 'books').service.state, 'active');
  assert.equal(json('remove', 'other').changed, true);
  assert.deepEqual(json('list').services.map(({ name }) => name), ['books']);
  const events = JSON.parse(stack.must(['audit', 'list', '--event', 'service_changed', '--limit', '100', '--json']).stdout).events.map(({ detail }) => detail).reverse();
  assert.deepEqual(events.slice(0, 2), ['books: added, may introspect flows:read', 'other: added, may sessions:end']);
  assert.deepEqual(events.slice(-3), ['books: disabled, may introspect', 'books: enabled, may introspect', 'other: removed, may sessions:end']);
});

test('a former root key stays until every service has called', async () => {
  const { secret } = json('rotate', 'books', '--overlap', '0s');
  stack.must(['key', 'rotate-root']);
  process.kill(stack.worker.pid, 'SIGHUP');
  await until(() => stack.workerLog().some(({ event }) => event === 'reloaded'), 'the worker has the new root');
  stack.must(['key', 'reseal']);
  const refusedRoot = stack.ctl(['key', 'retire-root', '1']);
  assert.equal(refusedRoot.code, 1);
  assert.match(refusedRoot.stderr, /1 services are known only by root 1/);
  assert.equal(await introspected(secret), 200);
  assert.equal(json('show', 'books').root, 2);
  const run = stack.ctl(['key', 'retire-root', '1', '--now']);
  assert.equal(run.code, 0, run.stderr);
  process.kill(stack.worker.pid, 'SIGHUP');
  await until(() => stack.workerLog().filter(({ event }) => event === 'reloaded').length === 2, 'the worker has one root');
  assert.equal(await introspected(secret), 200);
  assert.equal((await stack.client.get('/auth/health?ready')).status, 200);
});
