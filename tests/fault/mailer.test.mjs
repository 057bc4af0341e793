// Mail when something is broken: none is lost, and none is sent twice but the one that was on its way when the mailer was killed.
import { test, before, after, beforeEach } from 'node:test';
import assert from 'node:assert/strict';
import { writeFileSync } from 'node:fs';
import { join } from 'node:path';
import { dice, seedOfRun } from '../support/dice.mjs';
import { build } from '../support/harness.mjs';
import { startPost } from '../support/mailer.mjs';
import { mailSettings, startSmtp } from '../support/smtp.mjs';
import { until } from '../support/stack.mjs';

let sink;
let post;
before(async () => {
  sink = await startSmtp();
  post = await startPost({ settings: { mail: mailSettings(sink), database: { read_timeout: 2, write_timeout: 2, connect_timeout: 2 } } });
});
after(async () => {
  await post?.stop();
  await sink?.stop();
});
beforeEach(() => {
  sink.behave({});
  sink.accepted.length = 0;
  sink.received.length = 0;
  post.configure({ mail: mailSettings(sink) });
  post.empty();
});

const addresses = (n) => Array.from({ length: n }, (_, i) => `user${i}@example.org`);
// How often each address was sent something, by what the server has answered for.
const counted = (mails) => {
  const count = new Map();
  for (const { to } of mails) count.set(to[0], (count.get(to[0]) ?? 0) + 1);
  return count;
};
function eachOnce(n) {
  const count = counted(sink.received);
  assert.deepEqual(addresses(n).filter((address) => count.get(address) !== 1).map((address) => [address, count.get(address) ?? 0]), []);
  assert.equal(sink.received.length, n);
}
const row = () => post.rows()[0];
const minutes = (microseconds) => Math.round(Number(microseconds) / 60e6);

test('killed at random while 500 mails go out: none is lost, none is sent twice but what was on its way', { timeout: 300000 }, async () => {
  const seed = seedOfRun();
  console.log(`# seed ${seed} (GATEPOST_SEED repeats it)`);
  const chance = dice(seed);
  const N = 500;
  const onItsWay = new Set();
  let kills = 0;
  post.post('test', 'user%u@example.org', { count: N });
  while (post.states().sent < N) {
    const before = sink.received.length;
    const share = chance.below(40);
    sink.behave({ delay: chance.below(3) });
    const mailer = post.startMailer();
    await until(() => sink.received.length >= before + share || sink.received.length >= N + kills || post.states().sent === N, 'some mails are sent', 60);
    // Anywhere within the next one: a command, the body, the answer, the note of it.
    const end = performance.now() + chance.below(20);
    await until(() => performance.now() > end, 'the moment has come');
    await mailer.stop('SIGKILL');
    kills++;
    await until(() => sink.open === 0, 'the server knows that nobody is there');
    if (sink.received.length > before) onItsWay.add(sink.received.at(-1).to[0]);
    // No mailer runs: what was taken is free as it would be after its time.
    post.hurry();
  }
  assert.ok(kills >= 10, `${kills} kills`);
  const count = counted(sink.received);
  assert.deepEqual(addresses(N).filter((address) => !count.has(address)), [], 'none is lost');
  const twice = [...count].filter(([, n]) => n > 1).map(([address]) => address);
  assert.deepEqual(twice.filter((address) => !onItsWay.has(address)), [], 'only what was on its way is sent twice');
  const more = sink.received.length - N;
  assert.ok(more <= kills, `${more} sent again, ${kills} kills`);
  console.log(`# ${kills} kills, ${more} of ${N} mails sent again`);
});

test('two mailers at once send each mail once', { timeout: 120000 }, async () => {
  post.post('test', 'user%u@example.org', { count: 300 });
  sink.behave({ delay: 2 });
  const mailers = [post.startMailer(), post.startMailer()];
  await until(() => post.states().sent === 300, 'all are sent', 60);
  for (const mailer of mailers) assert.equal((await mailer.stop()).code, 0);
  eachOnce(300);
  for (const mailer of mailers) assert.ok(mailer.log().filter(({ event }) => event === 'mail_sent').length > 20, 'each has its share');
});

test('SIGTERM in the middle: the one on its way is finished, the others are free at once', async () => {
  post.post('test', 'user%u@example.org', { count: 60 });
  sink.behave({ delay: 100 });
  const mailer = post.startMailer();
  await until(() => sink.received.length === 3, 'the third is on its way');
  const began = performance.now();
  assert.equal((await mailer.stop()).code, 0);
  assert.ok(performance.now() - began < 5000);
  const { sent, waiting, taken } = post.states();
  assert.equal(sent, sink.accepted.length);
  assert.equal(sink.accepted.length, sink.received.length, 'it was finished');
  assert.equal(taken, 0);
  assert.equal(waiting, 60 - sent);
  assert.ok(post.rows().filter(({ state }) => state === '1').every(({ attempts, wait }) => attempts === '0' && Number(wait) < 2e6));
  sink.behave({});
  await until(async () => (await post.once()).code === 0 && post.states().sent === 60, 'the others follow');
  eachOnce(60);
});

test('SIGTERM ends it within five seconds, however slow the server is', async () => {
  for (const manners of [{ silent: true }, { slowConnect: 30000 }]) {
    post.empty();
    post.configure({ mail: { timeout: '60s' } });
    sink.behave(manners);
    post.post('test', 'user0@example.org');
    const was = sink.connections;
    const mailer = post.startMailer();
    await until(() => sink.connections > was && (manners.slowConnect || sink.received.length > 0), 'it waits for the server');
    const began = performance.now();
    assert.equal((await mailer.stop()).code, 0);
    assert.ok(performance.now() - began < 5000, `${performance.now() - began} ms`);
    assert.deepEqual([row().state, row().attempts], ['1', '0']);
  }
});

test('the server is down: mails wait, uncounted, and go as soon as it is back', { timeout: 60000 }, async () => {
  await sink.stop();
  post.post('test', 'user%u@example.org', { count: 50 });
  const mailer = post.startMailer();
  await until(() => mailer.log().filter(({ event }) => event === 'mail_server_unusable').length >= 2, 'it has tried twice');
  const { waiting, taken } = post.states();
  assert.equal(waiting + taken, 50);
  assert.match(mailer.log().find(({ event }) => event === 'mail_server_unusable').reason, /^no answer before a mail/);
  await sink.reopen();
  await until(() => post.states().sent === 50, 'all are sent', 30);
  assert.equal((await mailer.stop()).code, 0);
  eachOnce(50);
  assert.ok(post.rows().every(({ attempts }) => attempts === '1'));
  // Once for each try, not for each mail.
  assert.ok(mailer.log().filter(({ event }) => event === 'mail_server_unusable').length < 10);
});

test('a slow server is waited for, up to a bound', async () => {
  sink.behave({ delay: 700 });
  post.post('test', 'user0@example.org');
  await post.once();
  assert.equal(row().state, '3');
  post.empty();
  post.configure({ mail: { timeout: '1s' } });
  sink.behave({ delay: 2500 });
  post.post('test', 'user1@example.org');
  await post.once();
  assert.deepEqual([row().state, row().attempts], ['1', '1']);
  assert.match(row().last_error, /^no answer to the mail/);
});

test('greylisting: it comes back later and later, and arrives', async () => {
  sink.behave({ greylist: true });
  post.post('test', 'grey%u@example.org', { count: 5 });
  assert.equal((await post.once()).code, 0);
  assert.deepEqual(post.states(), { waiting: 5, taken: 0, sent: 0, dead: 0 });
  for (const { attempts, wait, last_error: why } of post.rows()) {
    assert.deepEqual([attempts, minutes(wait), why], ['1', 1, 'the server said 450 4.2.0 to the recipient']);
  }
  post.hurry();
  await post.once();
  assert.deepEqual(post.states(), { waiting: 0, taken: 0, sent: 5, dead: 0 });
  assert.equal(sink.accepted.length, 5);
});

test('what each refusal leads to', async () => {
  const cases = [
    // Of the recipient or the mail: for good, or not.
    [{ refuse: { code: 550, text: '5.1.1 no such user' } }, 'dead', '1'],
    [{ refuse: { code: 552, text: '5.2.2 box full' } }, 'waiting', '1'],
    [{ refuse: { code: 451, text: '4.3.0 later' } }, 'waiting', '1'],
    [{ refuseData: { code: 554, text: '5.6.0 I do not like it' } }, 'dead', '1'],
    [{ refuseData: { code: 452, text: '4.3.1 no room' } }, 'waiting', '1'],
    [{ drop: true }, 'waiting', '1'],
    // Nobody's mail would get through.
    [{ refuseMail: { code: 550, text: '5.7.1 you may not send' } }, 'waiting', '0'],
    [{ refuseMail: { code: 451, text: '4.7.0 too many' } }, 'waiting', '0'],
    [{ refuse: { code: 421, text: '4.3.2 closing' } }, 'waiting', '0'],
    [{ refuse: { code: 530, text: '5.7.0 who are you' } }, 'waiting', '0'],
  ];
  for (const [manners, state, attempts] of cases) {
    post.empty();
    sink.behave(manners);
    post.post('test', 'user0@example.org');
    const { code, output } = await post.once();
    const why = `${JSON.stringify(manners)}: ${output}`;
    assert.equal(post.states()[state], 1, why);
    assert.equal(row().attempts, attempts, why);
    assert.equal(code, attempts === '0' ? 1 : 0, why);
    assert.equal(sink.accepted.length, 0);
    // Not before it is due.
    sink.behave({});
    if (state === 'waiting' && attempts === '1') await post.once();
    assert.equal(sink.accepted.length, 0);
  }
});

test('a refused one does not keep the others', async () => {
  post.post('test', 'user%u@example.org', { count: 10 });
  sink.behave({ greylist: true });
  await post.once();
  post.hurry();
  sink.behave({});
  post.post('test', 'new@example.org');
  await post.once();
  assert.equal(post.states().sent, 11);
});

test('attempts are doubled apart, and end: after so many, or after three days', async () => {
  post.configure({ mail: { attempts: 4 } });
  sink.behave({ refuse: { code: 450, text: '4.2.0 later' } });
  post.post('test', 'user0@example.org');
  for (const wait of [1, 2, 4]) {
    await post.once();
    assert.deepEqual([row().state, minutes(row().wait)], ['1', wait]);
    post.hurry();
  }
  await post.once();
  assert.deepEqual([row().state, row().attempts], ['4', '4']);
  assert.ok(Number(row().payload) > 0, 'it can be tried again');
  post.configure({ mail: { attempts: 30 } });
  for (const manners of [{ refuse: { code: 450, text: '4.2.0 later' } }, { refuseMail: { code: 550, text: '5.7.1 no' } }]) {
    post.empty();
    sink.behave(manners);
    post.post('test', 'user0@example.org');
    post.sql('UPDATE outbox SET created_at = created_at - 3 * 86400000000 + 60000000');
    await post.once();
    assert.equal(row().state, '1');
    post.sql('UPDATE outbox SET created_at = created_at - 60000000');
    post.hurry();
    await post.once();
    assert.equal(row().state, '4');
  }
});

test('a mail of which mailers died again and again is given up', async () => {
  post.post('test', 'user0@example.org');
  post.sql('UPDATE outbox SET state = 2, attempts = 30, taken_by = id, due_at = 0');
  const { log } = await post.once();
  assert.deepEqual([row().state, log[0].event, log[0].reason], ['4', 'mail_dead', 'tried too often']);
  assert.equal(sink.received.length, 0);
});

test('the database goes away between the server\'s answer and the note of it: noted when it is back', { timeout: 120000 }, async () => {
  post.post('test', 'user%u@example.org', { count: 30 });
  sink.behave({ delay: 400 });
  const mailer = post.startMailer();
  await until(() => sink.received.length === 2, 'the second is on its way');
  await post.mariadb.kill();
  await until(() => sink.accepted.length === 2, 'the server has answered for it');
  await until(() => mailer.log().some(({ event }) => event === 'db_connect_failed'), 'the mailer knows');
  sink.behave({});
  await post.mariadb.restart();
  await until(() => post.states().sent === 30, 'all are sent', 60);
  assert.equal((await mailer.stop()).code, 0);
  eachOnce(30);
});

test('without a database it starts, waits, and works when there is one', { timeout: 60000 }, async () => {
  post.post('test', 'user%u@example.org', { count: 3 });
  await post.mariadb.kill();
  const mailer = post.startMailer();
  await until(() => mailer.log().some(({ event }) => event === 'database_unreachable'), 'it says so');
  assert.equal(post.check().code, 2);
  await post.mariadb.restart();
  await until(() => post.states().sent === 3, 'all are sent', 40);
  assert.equal((await mailer.stop()).code, 0);
  eachOnce(3);
});

test('a mailer whose clock is years off does as any other', async () => {
  const clock = join(post.dir, 'clock');
  for (const years of [-20, 20]) {
    const shift = Buffer.alloc(8);
    shift.writeBigInt64LE(BigInt(years) * 31556952000000n);
    writeFileSync(clock, shift);
    post.empty();
    sink.accepted.length = 0;
    const values = { code: '12345678', link: 'https://www.example.org/auth/reset?code=abcdefghijklmnopqrstuv' };
    post.post('recover', 'soon@example.org', { values: { ...values, too_late: 600 } });
    post.post('recover', 'late@example.org', { values: { ...values, too_late: -600 } });
    const mailer = post.startMailer({ program: join(build, 'tests/gatepost-mailer.shifted'), env: { GATEPOST_TEST_CLOCK: clock } });
    await until(() => post.states().sent === 1 && post.states().dead === 1, 'both are done');
    const { date } = await sink.mailTo('soon@example.org');
    assert.ok(Math.abs(Date.parse(date) - Date.now()) < 120000, date);
    // What is refused waits as long as ever.
    sink.behave({ refuse: { code: 450, text: '4.2.0 later' } });
    post.post('test', 'wait@example.org');
    await until(() => post.rows().some(({ recipient, attempts, state }) => recipient === 'wait@example.org' && attempts === '1' && state === '1'), 'it is put off');
    assert.equal(minutes(post.rows().find(({ recipient }) => recipient === 'wait@example.org').wait), 1);
    sink.behave({});
    assert.equal((await mailer.stop()).code, 0);
  }
});
