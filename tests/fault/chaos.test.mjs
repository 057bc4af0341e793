/*
 * ST-07, IN-25: worker and database are killed at random while eight people use their sessions; what was acknowledged
 * holds, what was not is found out by looking. GATEPOST_SEED repeats a run's choices.
 */
import { test, before, after } from 'node:test';
import assert from 'node:assert/strict';
import { startStack } from '../support/harness.mjs';
import { Client } from '../support/client.mjs';
import { until } from '../support/stack.mjs';
import { dice, seedOfRun } from '../support/dice.mjs';

const REQUESTS = 20000;
const PEOPLE = Array.from({ length: 8 }, (_, i) => `person${i}`);
const WORKER_KILLS = 7;
const DATABASE_KILLS = 5;
const SIGN_INS = 200;

let stack;
let client;
before(async () => {
  // Every lost sign-in counts as an attempt; here that is not what is tested.
  stack = await startStack({
    users: PEOPLE,
    settings: { throttle: { free_failures: 100, device_failures: 100, source_short: 1000000, source_long: 1000000 } },
  });
  client = new Client(stack.origin, stack.caFile, { keepAlive: true });
});
after(async () => {
  client?.close();
  await stack?.stop();
});

const seed = seedOfRun();
let sent = 0;
let signIns = 0;
const violations = [];
const outcomes = new Map();
const note = (what) => outcomes.set(what, (outcomes.get(what) ?? 0) + 1);
const pause = (ms) => new Promise((resolve) => setTimeout(resolve, ms));

// One request: its answer, or undefined when nobody knows what became of it.
async function ask(handle, method, path, json) {
  sent++;
  try {
    const answer = await client.request(method, `/auth/api/v1${path}`, {
      json, headers: handle ? { 'X-Session-Id': handle } : {}, byServer: [500, 502, 503],
    });
    // What the web server says while the worker is away is none of the 20,000.
    const ours = answer.headers['x-request-id'] !== undefined;
    if (!ours) sent--;
    note(ours ? answer.status : `web server ${answer.status}`);
    if (answer.status < 500) return answer;
  } catch (error) {
    // Of a torn answer too: only a whole one is an acknowledgement.
    note(error.code ?? error.message);
  }
  await pause(15);
  return undefined;
}

// One person and what they know: sessions that work, values that do not any more.
class Person {
  constructor(name, roll) {
    this.name = name;
    this.roll = roll;
    this.live = [];
    this.dead = [];
  }

  blame(what) {
    violations.push(`${this.name}: ${what}`);
  }

  bury(session) {
    this.live = this.live.filter((other) => other !== session);
    this.dead.push(session.handle);
  }

  // Asks until there is an answer.
  async insist(handle, method, path, json) {
    for (;;) {
      const answer = await ask(handle, method, path, json);
      if (answer) return answer;
    }
  }

  async isLive(handle) {
    const { status } = await this.insist(handle, 'GET', '/session');
    if (status !== 200 && status !== 401) this.blame(`a check answered ${status}`);
    return status === 200;
  }

  async signIn() {
    signIns++;
    const { identifier, password } = stack.users[this.name];
    const answer = await ask(undefined, 'POST', '/sessions', { identifier, password, transport: 'handle' });
    if (!answer) return;
    if (answer.status !== 201) this.blame(`a sign-in with the right password answered ${answer.status} ${answer.body}`);
    else this.live.push({ handle: answer.json.session_handle, id: answer.json.session.id });
  }

  async check() {
    const session = this.roll.pick(this.live);
    const answer = await ask(session.handle, 'GET', '/session');
    if (answer && (answer.status !== 200 || answer.json.session.id !== session.id)) {
      this.blame(`a session that nobody ended answered ${answer.status} ${answer.body}`);
      this.bury(session);
    }
  }

  async checkDead() {
    if (this.dead.length === 0) return this.check();
    const recent = this.roll.chance(0.5) ? this.dead.slice(-3) : this.dead;
    const answer = await ask(this.roll.pick(recent), 'GET', '/session');
    if (answer && answer.status !== 401) this.blame(`an ended session answered ${answer.status}`);
    return undefined;
  }

  async list() {
    const answer = await ask(this.roll.pick(this.live).handle, 'GET', '/sessions?limit=100');
    if (!answer) return;
    if (answer.status !== 200) return this.blame(`a list answered ${answer.status}`);
    const ids = answer.json.sessions.map(({ id }) => id);
    const missing = this.live.filter(({ id }) => !ids.includes(id));
    if (missing.length > 0) this.blame(`a list lacks ${missing.length} live sessions`);
    if (this.live.some(({ id }) => this.ended?.has(id))) this.blame('a session is both');
    for (const id of ids) if (this.ended?.has(id)) this.blame('a list shows an ended session');
  }

  // After an act that should have ended these: what was not acknowledged is looked at.
  async settle(sessions, acknowledged) {
    for (const session of sessions) {
      if (!acknowledged && (await this.isLive(session.handle))) continue;
      this.bury(session);
      (this.ended ??= new Set()).add(session.id);
    }
  }

  async end(sessions, answer, expected) {
    if (answer && answer.status !== expected) return this.blame(`an end answered ${answer.status} ${answer.body}`);
    return this.settle(sessions, answer !== undefined);
  }

  async signOut() {
    const session = this.roll.pick(this.live);
    await this.end([session], await ask(session.handle, 'DELETE', '/session'), 204);
  }

  async revoke() {
    const session = this.roll.pick(this.live);
    const by = this.roll.pick(this.live);
    await this.end([session], await ask(by.handle, 'DELETE', `/sessions/${session.id}`), 204);
  }

  async endOthers() {
    const keep = this.roll.pick(this.live);
    const others = this.live.filter((session) => session !== keep);
    await this.end(others, await ask(keep.handle, 'DELETE', '/sessions?scope=others'), 200);
  }

  async endAll() {
    await this.end([...this.live], await ask(this.roll.pick(this.live).handle, 'DELETE', '/sessions?scope=all'), 200);
  }

  // A lost answer is asked for again: the same request gets the same value (CONTRACT §1).
  async stepUp() {
    const session = this.roll.pick(this.live);
    const old = session.handle;
    const answer = await this.insist(old, 'POST', '/session/reauth', { method: 'password', password: stack.users[this.name].password });
    if (answer.status !== 200) {
      this.blame(`a step-up answered ${answer.status} ${answer.body}`);
      return this.bury(session);
    }
    session.handle = answer.json.session_handle;
    this.dead.push(old);
    return undefined;
  }

  async act() {
    if (this.live.length === 0 || (this.live.length < 4 && signIns < SIGN_INS && this.roll.chance(0.05))) return this.signIn();
    const acts = [[60, this.check], [25, this.checkDead], [12, this.list], [0.35, this.signOut], [0.35, this.revoke],
      [0.15, this.endOthers], [0.08, this.endAll], [0.4, this.stepUp]];
    return this.roll.weighted(acts).call(this);
  }
}

// Kills at random places in the flow of requests, one after the other.
async function disturb(roll, going) {
  const kills = [...Array(WORKER_KILLS).fill('worker'), ...Array(DATABASE_KILLS).fill('database')];
  const places = kills.map((what) => ({ what, at: 200 + roll.below(REQUESTS - 1000) })).sort((a, b) => a.at - b.at);
  for (const { what, at } of places) {
    await until(() => sent >= at || !going(), 'the next kill is due', 200);
    if (what === 'worker') {
      await stack.worker.stop('SIGKILL');
      stack.startWorker();
    } else {
      await stack.mariadb.kill('SIGKILL');
      await stack.mariadb.restart();
    }
  }
}

test(`20,000 requests of eight people between ${WORKER_KILLS} kills of the worker and ${DATABASE_KILLS} of MariaDB (seed ${seed})`, { timeout: 240000 }, async (t) => {
  const people = PEOPLE.map((name, i) => new Person(name, dice(seed + i + 1)));
  let going = true;
  const trouble = disturb(dice(seed), () => going);
  await Promise.all(people.map(async (person) => {
    while (sent < REQUESTS) await person.act();
  }));
  going = false;
  await trouble;
  await stack.ready();
  for (const person of people) {
    for (const session of person.live) if (!(await person.isLive(session.handle))) person.blame('an acknowledged session was lost');
    for (const handle of person.dead) if (await person.isLive(handle)) person.blame('an ended session came back');
  }
  const dead = people.reduce((n, person) => n + person.dead.length, 0);
  t.diagnostic(`seed ${seed}: ${sent} requests, ${signIns} sign-ins, ${dead} ended values, answers ${JSON.stringify([...outcomes])}`);
  assert.deepEqual(violations, [], `seed ${seed}`);
  assert.ok(dead > 20 && (outcomes.get(503) ?? 0) > 0, 'something was ended, and something failed');
});
