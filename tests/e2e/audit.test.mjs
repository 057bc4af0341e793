// gatepost audit list|tail, and that what is decided is a line and a row.
import { test, before, after } from 'node:test';
import assert from 'node:assert/strict';
import { closeSync, openSync } from 'node:fs';
import { startStack, programs } from '../support/harness.mjs';
import { start, until } from '../support/stack.mjs';

let stack;
before(async () => {
  stack = await startStack();
});
after(() => stack?.stop());

const api = '/auth/api/v1';
const list = (...args) => JSON.parse(stack.must(['audit', 'list', '--json', ...args]).stdout);
const insert = (at, event, detail = '') => stack.sql(`INSERT INTO audit_event (at, id, event, outcome, source, detail)
  VALUES (${at}, RANDOM_BYTES(16), '${event}', 'ok', '192.0.2.1', '${detail}')`);
const now = () => Date.now() * 1000;

test('LG-01: a sign-in, a wrong one, an unknown name: a line and a row each, with user, source and request', async () => {
  const { session, user } = await stack.signIn(stack.users.alice);
  await stack.client.post(`${api}/sessions`, { json: { identifier: 'alice', password: 'this is not the password', transport: 'handle' } });
  await stack.client.post(`${api}/sessions`, { json: { identifier: 'who-is-this', password: 'this is not the password', transport: 'handle' } });
  const { events } = list();
  const lines = stack.workerLog();
  for (const [name, about] of [['authn_login_success', user.id], ['session_created', user.id], ['authn_login_fail', user.id], ['authn_login_fail', null]]) {
    const row = events.find((each) => each.event === name && each.user === about);
    assert.ok(row, name);
    assert.equal(row.source, '127.0.0.1');
    const line = lines.find((each) => each.event === name && each.request === row.request);
    assert.ok(line, `${name} as a line`);
    assert.deepEqual([line.user, line.ip, line.outcome, line.detail], [about ?? '', row.source, row.outcome, row.detail]);
    assert.match(line.time, /^\d{4}-\d\d-\d\dT\d\d:\d\d:\d\d\.\d{3}Z$/);
  }
  assert.equal(events.find(({ event }) => event === 'authn_login_success').detail, 'pwd', 'the factor');
  assert.equal(events.find(({ event }) => event === 'session_created').session, session.id);
  assert.ok(!JSON.stringify(events).includes('who-is-this'), 'LG-02: an unknown name appears as its keyed hash');
});

test('LG-01: an expired session that is presented is a line', async () => {
  const { session, session_handle: handle } = await stack.signIn(stack.users.bob);
  stack.sql(`UPDATE session SET idle_end = ${now() - 1}`);
  assert.equal((await stack.withHandle(handle, 'GET', '/session')).json.code, 'session_expired');
  assert.ok(stack.workerLog().some((line) => line.event === 'session_expired' && line.session === session.id && line.ip === '127.0.0.1'));
});

test('list: newest first, by user, by event, since, by pages', async () => {
  stack.sql('DELETE FROM audit_event');
  const base = now() - 3_600_000_000;
  stack.sql(Array.from({ length: 25 }, (_, i) => `INSERT INTO audit_event (at, id, event, outcome, user_id, detail)
    SELECT ${base + Math.floor(i / 4)}, RANDOM_BYTES(16), '${i % 2 ? 'session_created' : 'session_ended'}', 'ok', id, 'n${i}'
    FROM user WHERE username = '${i % 5 ? 'alice' : 'bob'}';`).join('\n'));
  insert(now() - 7_200_000_000, 'setup_begun');
  const all = list();
  assert.equal(all.events.length, 26);
  assert.equal(all.next_cursor, null);
  assert.equal(all.events.at(-1).event, 'setup_begun');
  assert.deepEqual(all.events.map(({ at }) => at), all.events.map(({ at }) => at).sort().reverse());
  const seen = [];
  for (let cursor = []; cursor;) {
    const page = list('--limit', '7', ...cursor);
    seen.push(...page.events);
    cursor = page.next_cursor && ['--cursor', page.next_cursor];
  }
  assert.deepEqual(seen, all.events, 'pages miss nothing and repeat nothing, though times are equal');
  assert.equal(list('--user', 'bob').events.length, 5);
  assert.ok(list('--user', 'bob').events.every(({ username }) => username === 'bob'));
  assert.equal(list('--user', 'bob', '--event', 'session_ended').events.length, 3);
  assert.equal(list('--event', 'setup_begun').events.length, 1);
  assert.equal(list('--since', '90m').events.length, 25);
  assert.equal(list('--since', '1m').events.length, 0);
  assert.deepEqual(list('--user', 'alice', '--limit', '3').events, all.events.filter(({ username }) => username === 'alice').slice(0, 3));
  const text = stack.must(['audit', 'list', '--limit', '2']);
  assert.equal(text.stdout.trim().split('\n').length, 2);
  assert.match(text.stderr, /--cursor \d+\.[\w-]{22}/);
  for (const [args, exit] of [[['--limit', '0'], 2], [['--limit', '1001'], 2], [['--since', 'soon'], 2], [['--cursor', 'x'], 2],
    [['--event', 'no_such'], 1], [['--user', 'nobody'], 1]]) {
    assert.equal(stack.ctl(['audit', 'list', ...args]).code, exit, args.join(' '));
  }
});

test('LG-03: what a terminal would act on is not printed', () => {
  stack.sql(`INSERT INTO audit_event (at, id, event, outcome, source, detail)
    VALUES (${now()}, RANDOM_BYTES(16), 'setup_begun', 'ok', '1\\n2', 'a\\tb\\nc\x1b[31m\u009b31m')`);
  const { stdout } = stack.must(['audit', 'list', '--limit', '1']);
  assert.equal(stdout.split('\n').length, 2, 'one line');
  assert.doesNotMatch(stdout.replace(/[\t\n]/g, ''), /[\x00-\x1f\x7f-\x9f]/);
});

function tail(...args) {
  const child = start(programs.ctl, ['--config', stack.config.file, 'audit', 'tail', ...args], { env: { ...process.env, GATEPOST_CONFIG: '' } });
  const lines = () => child.output().split('\n').filter((line) => line.startsWith('{')).map((line) => JSON.parse(line));
  return { child, lines, ready: () => until(() => child.output().includes('waiting for events'), 'tail waits') };
}

test('tail: new events once each, also those that were committed late; ends well', async () => {
  insert(now(), 'setup_begun', 'before');
  const { child, lines, ready } = tail('--json');
  await ready();
  const has = (detail) => until(() => lines().some((line) => line.detail === detail), `${detail} is shown`);
  await stack.signIn(stack.users.alice);
  insert(now(), 'setup_begun', 'one');
  await has('one');
  insert(now() - 20_000_000, 'setup_begun', 'late');
  await has('late');
  insert(now(), 'setup_begun', 'last');
  await has('last');
  const shown = lines();
  assert.ok(shown.some(({ event, username }) => event === 'authn_login_success' && username === 'alice'));
  assert.equal(new Set(shown.map(({ id }) => id)).size, shown.length, 'nothing twice');
  assert.ok(!shown.some(({ detail }) => detail === 'before'));
  assert.deepEqual(await child.stop('SIGINT'), { code: 0, signal: null });
});

test('tail goes on when the database comes back, and misses nothing of the time between', async () => {
  const { child, lines, ready } = tail('--json');
  await ready();
  await stack.mariadb.restart();
  insert(now(), 'setup_begun', 'after the restart');
  await until(() => lines().some(({ detail }) => detail === 'after the restart'), 'it goes on', 40);
  assert.deepEqual(await child.stop('SIGTERM'), { code: 0, signal: null });
});

test('LG-06: a full log disk keeps nobody out, lets nobody in, and the rows are written', async () => {
  await stack.worker.stop();
  const full = openSync('/dev/full', 'w');
  stack.worker = start(programs.worker, ['--config', stack.config.file], { cwd: '/', stdio: ['ignore', full, full], env: { ...process.env, GATEPOST_CONFIG: '' } });
  closeSync(full);
  await stack.ready();
  stack.sql('DELETE FROM audit_event');
  const { session_handle: handle } = await stack.signIn(stack.users.alice);
  assert.equal((await stack.withHandle(handle, 'GET', '/session')).status, 200);
  const wrong = await stack.client.post(`${api}/sessions`, { json: { identifier: 'alice', password: 'this is not the password', transport: 'handle' } });
  assert.equal(wrong.status, 401);
  assert.deepEqual(list().events.map(({ event }) => event).sort(), ['authn_login_fail', 'authn_login_success', 'session_created']);
});
