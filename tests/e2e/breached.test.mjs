// PW-11: new passwords and a list of breached ones: refused, and refused too while the list cannot be read.
import { test, before, after } from 'node:test';
import assert from 'node:assert/strict';
import { createHash } from 'node:crypto';
import { chmodSync, renameSync, writeFileSync } from 'node:fs';
import { join } from 'node:path';
import { configText, startStack } from '../support/harness.mjs';
import { until } from '../support/stack.mjs';
import { tokenOf } from '../support/client.mjs';

const listed = ['a lantern over grey water', 'the ninth umbrella in may', 'Zażółć gęślą jaźń nad Wisłą'];
const sha1 = (text) => createHash('sha1').update(text).digest('hex').toUpperCase();
const listOf = (texts) => `${[...texts, ...Array.from({ length: 500 }, (_, i) => `filler ${i}`)].map(sha1).sort().map((hash, i) => `${hash}:${i + 1}`).join('\r\n')}\r\n`;

let stack;
let file;
before(async () => {
  stack = await startStack({ users: ['alice'] });
  file = join(stack.dir, 'breached.txt');
  writeFileSync(file, listOf(listed));
  stack.config.sections.password.breached = file;
  writeFileSync(stack.config.file, configText(stack.config.sections));
  process.kill(stack.worker.pid, 'SIGHUP');
  await until(() => stack.workerLog().some(({ event }) => event === 'reloaded'), 'the worker has reloaded');
});
after(() => stack?.stop());

let person;
async function change(new_password) {
  person ??= { handle: (await stack.signIn(stack.users.alice)).session_handle, password: stack.users.alice.password };
  const answer = await stack.withHandle(person.handle, 'PUT', '/password', { json: { current_password: person.password, new_password } });
  if (answer.status === 200) person = { handle: answer.json.session_handle, password: new_password };
  return answer;
}
const doctor = () => JSON.parse(stack.ctl(['doctor', '--offline', '--json']).stdout).checks.find(({ name }) => name === 'breached');

test('PW-11: a listed one is refused by API, page and command, in any normal form; others pass', async () => {
  for (const wanted of [...listed, listed[2].normalize('NFD')]) {
    const answer = await change(wanted);
    assert.equal(answer.status, 400, answer.body);
    assert.equal(answer.json.code, 'invalid_request');
    assert.match(answer.json.fields[0].reason, /list of stolen ones/);
    assert.ok(!answer.body.includes(wanted));
  }
  assert.equal((await change('a lantern over grey waters')).status, 200);
  const visitor = stack.visitor();
  await visitor.signIn({ ...stack.users.alice, password: person.password });
  const csrf_token = tokenOf(await visitor.get('/account/password'));
  const page = await visitor.post('/account/password', { csrf_token, current_password: person.password, new_password: listed[0] });
  assert.equal(page.status, 400);
  assert.match(page.body, /list of stolen ones/);
  const command = stack.ctl(['user', 'add', '--username', 'carol', '--password-stdin'], { input: listed[1] });
  assert.equal(command.code, 1);
  assert.match(command.stderr, /list of stolen ones/);
  assert.ok(!stack.workerOutput().includes(listed[0]) && !stack.workerOutput().includes(sha1(listed[0])));
});

test('another list in its place counts at once', async () => {
  const wanted = 'the slow train to the coast';
  writeFileSync(`${file}.new`, listOf([...listed, wanted]));
  renameSync(`${file}.new`, file);
  assert.equal((await change(wanted)).status, 400);
  assert.equal(doctor().result, 'ok');
});

test('PW-11: a list that cannot be read lets nothing through: 503, and the log says why', async () => {
  renameSync(file, `${file}.kept`);
  const answer = await change('nobody has ever typed this one');
  assert.equal(answer.status, 503, answer.body);
  assert.equal(answer.json.code, 'unavailable');
  const line = stack.workerLog().findLast(({ event }) => event === 'breached_list_unusable');
  assert.match(line.detail, /breached\.txt: cannot be opened/);
  assert.equal((await stack.client.post('/auth/api/v1/sessions', { json: { ...stack.users.alice, password: person.password, transport: 'handle' } })).status, 201,
    'signing in sets no password');
  writeFileSync(file, 'something else altogether\n'.repeat(100));
  assert.equal((await change('nobody has ever typed this one')).status, 503);
  assert.equal(doctor().result, 'fail');
  const command = stack.ctl(['user', 'add', '--username', 'dora', '--password-stdin'], { input: 'nobody has ever typed this one' });
  assert.equal(command.code, 3);
  assert.equal(stack.count("user WHERE username = 'dora'"), 0);
  renameSync(`${file}.kept`, file);
  assert.equal((await change('nobody has ever typed this one')).status, 200);
});

test('no start with a list that is none', () => {
  const lines = listOf(listed).split('\r\n').filter(Boolean);
  for (const [text, says] of [
    ['', /is empty/], [lines.reverse().join('\n'), /not sorted/], [`${lines.at(-1)}\nrubbish`, /octet/], [listOf(listed).toLowerCase(), /upper case/],
  ]) {
    writeFileSync(`${file}.bad`, text);
    const other = join(stack.dir, 'bad.conf');
    writeFileSync(other, configText({ ...stack.config.sections, password: { ...stack.config.sections.password, breached: `${file}.bad` } }), { mode: 0o600 });
    const run = stack.ctl(['config', 'check', '--config', other]);
    assert.equal(run.code, 3, run.stderr);
    assert.match(run.stderr, says);
  }
  chmodSync(file, 0o666);
  assert.match(stack.ctl(['config', 'check']).stderr, /everybody may write it/);
  chmodSync(file, 0o644);
});
