// The overview: what the housekeeper counts, and what administrators are shown of it.
import { test, before, after } from 'node:test';
import assert from 'node:assert/strict';
import { startStack } from '../support/harness.mjs';
import { until } from '../support/stack.mjs';

const HOUR = 3600e6;
let stack;
before(async () => {
  stack = await startStack({ users: ['alice', 'admin'] });
});
after(() => stack?.stop());

async function administrator() {
  const visitor = stack.visitor();
  await visitor.signIn(stack.users.admin);
  return visitor;
}
const decode = (text) => text.replaceAll('\u202f', '').replace(/<[^>]*>/g, ' ').replace(/\s+/g, ' ').trim();
// The rows of a table of the page as [time, sign-ins, failures, sessions].
const rowsOf = (body, table) => body.split('<table')[table + 1].split('<tr>').slice(2)
  .map((row) => row.split(/<\/t[hd]>/).slice(0, 4).map(decode));
const now = () => new Date(Math.floor(Date.now() / 3600e3) * 3600e3).toISOString().replace('T', ' ').slice(0, 16);
const started = Date.now();

test('the housekeeper counts by itself, a moment after the start', async () => {
  await stack.signIn(stack.users.alice);
  // The current one, and the 48 before it.
  await until(() => stack.count('overview_hour') >= 49, 'the hours are counted', 60);
});

test('sign-ins, failed ones and sessions are those that were', async () => {
  for (let i = 0; i < 3; i++) await stack.signIn(stack.users.alice);
  for (let i = 0; i < 2; i++) await assert.rejects(stack.signIn({ identifier: 'alice', password: 'wrong' }), /401/);
  const visitor = await administrator();
  // As if the last time was some minutes ago.
  stack.sql('UPDATE overview_hour SET updated_at = updated_at - 400e6');
  stack.must(['purge']);
  const answer = await visitor.get('/admin/overview');
  assert.equal(answer.status, 200);
  assert.equal(answer.headers['cache-control'], 'no-store');
  const hours = rowsOf(answer.body, 0);
  const days = rowsOf(answer.body, 1);
  assert.equal(hours.length, 48);
  assert.equal(days.length, 30);
  const [{ ok, failed }] = stack.sql("SELECT SUM(event = 'authn_login_success') AS ok, SUM(event = 'authn_login_fail') AS failed FROM audit_event");
  assert.ok(Number(ok) >= 5);
  const sum = (rows, column) => rows.reduce((all, row) => all + (Number(row[column]) || 0), 0);
  for (const rows of [hours, days]) assert.deepEqual([sum(rows, 1), sum(rows, 2)], [Number(ok), Number(failed)]);
  const live = stack.count(`session WHERE idle_end > ${Date.now() * 1000}`);
  // An hour may end while this runs.
  assert.ok([hours[0], hours[1]].some(([, , , sessions]) => Number(sessions) === live), `${live} live sessions`);
  if (now() === new Date(Math.floor(started / 3600e3) * 3600e3).toISOString().replace('T', ' ').slice(0, 16)) assert.equal(hours[0][0], now());
  for (const path of answer.body.matchAll(/<path class="[a-z -]+" d="([^"]*)"\/>/g)) assert.match(path[1], /^[MLHVhvz0-9 -]*$/);
});

test('a month is shown and no more, by one statement beside the check', async () => {
  const visitor = await administrator();
  const rows = Array.from({ length: 400 * 24 }, (_, i) => `(${(Math.floor(Date.now() / 3600e3) - i - 50) * HOUR}, 1, 1, 1, 1)`);
  stack.sql(`INSERT IGNORE INTO overview_hour VALUES ${rows.join()}`);
  const said = await stack.statements(async () => assert.equal((await visitor.get('/admin/overview')).status, 200));
  assert.equal(said.length, 1, 'the check; what reads hours is not counted with requests');
  const days = rowsOf((await visitor.get('/admin/overview')).body, 1);
  assert.equal(days[20][1], '24');
  // What is of no hour that began already is not drawn.
  stack.sql(`INSERT INTO overview_hour VALUES (${(Math.floor(Date.now() / 3600e3) + 30) * HOUR}, 77777, 1, 1, 1)`);
  assert.doesNotMatch((await visitor.get('/admin/overview')).body.replaceAll('\u202f', ''), /77777/);
  stack.sql('DELETE FROM overview_hour');
  assert.match((await visitor.get('/admin/overview')).body, /Nothing has been counted yet|<figure/);
});

test('only administrators, and fresh ones', async () => {
  const visitor = stack.visitor();
  const away = await visitor.get('/admin/overview');
  assert.equal(away.status, 303);
  assert.match(away.headers.location, /\/login\?return_to=%2Fauth%2Fadmin%2Foverview$/);
  await visitor.signIn(stack.users.alice);
  assert.equal((await visitor.get('/admin/overview')).status, 403);
  const head = await administrator();
  stack.sql("UPDATE session SET auth_time = auth_time - 3600e6 WHERE user_id IN (SELECT id FROM user WHERE username = 'admin')");
  const stale = await head.get('/admin/overview');
  assert.equal(stale.status, 303);
  assert.match(stale.headers.location, /\/reauth\?return_to=/);
  const fresh = await administrator();
  assert.equal((await fresh.post('/admin/overview', {})).status, 405);
});

test('in Polish, by the query', async () => {
  const visitor = await administrator();
  const answer = await visitor.get('/admin/overview?ui_locales=pl');
  assert.match(answer.body, /<html lang="pl"/);
  assert.match(answer.body, /<h1>Przegląd<\/h1>/);
});
