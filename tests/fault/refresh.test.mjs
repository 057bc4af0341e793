/*
 * TK-13, TK-14: a hundred clients refresh again and again while answers are lost, the worker and MariaDB are killed, and one
 * of them is robbed: nobody else is signed out. GATEPOST_SEED repeats a run's choices; GATEPOST_REFRESH_SECONDS=120 goes on
 * for so long with each of the two kinds of worker.
 */
import { test } from 'node:test';
import assert from 'node:assert/strict';
import { Agent, request as httpsRequest } from 'node:https';
import { startStack } from '../support/harness.mjs';
import { until } from '../support/stack.mjs';
import { dice, seedOfRun } from '../support/dice.mjs';

const CLIENTS = 100;
const PEOPLE = ['ann', 'ben', 'cleo', 'dan'];
const ROUNDS = 10;
const SECONDS = Number(process.env.GATEPOST_REFRESH_SECONDS ?? 0);
const WORKER_KILLS = 3;
const LOST = 0.25;

const seed = seedOfRun();
const pause = (ms) => new Promise((resolve) => setTimeout(resolve, ms));

/*
 * One request over a kept connection: {status, json}; undefined when the answer is lost. fate: "whole"; "sent", the
 * connection is destroyed as soon as the request is on its way; "answered", as soon as there is an answer.
 */
function send(stack, agent, { method, path, form, headers }, fate) {
  const data = form && new URLSearchParams(form).toString();
  const url = new URL(stack.origin);
  const all = { ...headers, ...(data && { 'Content-Type': 'application/x-www-form-urlencoded', 'Content-Length': Buffer.byteLength(data) }) };
  return new Promise((resolve) => {
    const lose = () => {
      sent.destroy();
      resolve(undefined);
    };
    const sent = httpsRequest({ host: url.hostname, port: url.port, servername: url.hostname, method, path, headers: all, agent }, (answer) => {
      if (fate === 'answered') return lose();
      const chunks = [];
      answer.on('data', (chunk) => chunks.push(chunk)).on('error', lose).on('aborted', lose);
      return answer.on('end', () => {
        const body = Buffer.concat(chunks).toString();
        // What the web server says itself while the worker is away is nothing of ours.
        if (!answer.headers['x-request-id'] || answer.statusCode >= 500) return resolve(undefined);
        return resolve({ status: answer.statusCode, body, json: body && JSON.parse(body) });
      });
    });
    sent.on('error', lose);
    if (fate === 'sent') sent.on('finish', lose);
    sent.end(data);
  });
}

class Holder {
  constructor(drill, number) {
    this.drill = drill;
    this.roll = dice(seed + number);
    this.name = `client ${number}`;
    this.agent = new Agent({ keepAlive: true, maxSockets: 1, ca: drill.stack.client.ca });
    this.headers = { 'User-Agent': `Client-${number}/1.0` };
    this.robbed = false;
    this.used = [];
  }

  blame(what) {
    this.over = true;
    if (!this.robbed) this.drill.violations.push(`${this.name}: ${what}`);
  }

  take({ access_token: access, refresh_token: refresh }) {
    this.access = access;
    this.refresh = refresh;
  }

  async signIn({ identifier, password }) {
    const answer = await this.drill.stack.client.post('/auth/api/v1/sessions', { json: { identifier, password, transport: 'token' }, headers: this.headers });
    assert.equal(answer.status, 201, answer.body);
    this.session = answer.json.session.id;
    this.take(answer.json);
  }

  // Until there is an answer; each one before it may be lost.
  async insist(what, losses = true) {
    const began = Date.now();
    for (let tries = 1; ; tries++) {
      const fate = losses && this.roll.chance(LOST) ? this.roll.pick(['sent', 'answered']) : 'whole';
      const answer = await send(this.drill.stack, this.agent, { ...what, headers: { ...this.headers, ...what.headers } }, fate);
      if (answer) {
        this.drill.longest = Math.max(this.drill.longest, Date.now() - began);
        this.drill.repeats += tries > 1 ? 1 : 0;
        return answer;
      }
      // Some are patient, others are not.
      await pause(this.roll.chance(0.5) ? 0 : 5 + this.roll.below(30));
    }
  }

  async exchange(losses) {
    const token = this.refresh;
    const answer = await this.insist({ method: 'POST', path: '/auth/oauth/token', form: { grant_type: 'refresh_token', refresh_token: token } }, losses);
    if (answer.status !== 200) return this.blame(`a refresh was answered ${answer.status} ${answer.body}`);
    this.used.push(token);
    return this.take(answer.json);
  }

  async check(losses) {
    const answer = await this.insist({ method: 'GET', path: '/auth/api/v1/session', headers: { Authorization: `Bearer ${this.access}` } }, losses);
    if (answer.status !== 200 || answer.json.session.id !== this.session) this.blame(`a check was answered ${answer.status} ${answer.body}`);
  }

  async go() {
    for (let round = 0; !this.over && (round < ROUNDS || Date.now() < this.drill.until); round++) {
      if (this.roll.chance(0.4)) await this.check(true);
      if (!this.over) await this.exchange(true);
      this.drill.rounds++;
    }
  }
}

class Drill {
  constructor(stack) {
    Object.assign(this, { stack, violations: [], rounds: 0, repeats: 0, longest: 0, going: true });
    this.until = Date.now() + SECONDS * 1000;
    this.holders = Array.from({ length: CLIENTS }, (_, i) => new Holder(this, i + 1));
  }

  reached = (share) => until(() => this.rounds >= share * CLIENTS * ROUNDS || !this.going, 'the drill goes on', 300);

  async disturb() {
    const { stack } = this;
    for (let i = 1; i <= WORKER_KILLS; i++) {
      await this.reached(0.2 * i);
      await stack.worker.stop('SIGKILL');
      stack.startWorker();
    }
    await this.reached(0.7);
    await stack.mariadb.kill('SIGKILL');
    await stack.mariadb.restart();
  }

  // A token that its owner has used already, from another program: both lose all of it.
  async rob() {
    await this.reached(0.4);
    const victim = this.holders[dice(seed).below(CLIENTS)];
    await until(() => victim.used.length > 0, 'there is something to steal');
    const thief = new Holder(this, CLIENTS + 1);
    thief.refresh = victim.used.at(-1);
    thief.robbed = victim.robbed = true;
    await thief.exchange(false);
    assert.ok(thief.over, 'the thief got nothing');
    thief.agent.destroy();
    await until(() => victim.over, 'the victim has noticed');
    await victim.check(false);
    this.victim = victim;
  }
}

const hex = (id) => Buffer.from(id, 'base64url').toString('hex');
const liveTokens = (stack) => stack.sql(`SELECT LOWER(HEX(f.session_id)) AS session, COUNT(*) AS n FROM token_family f
  JOIN session s ON s.id = f.session_id
  JOIN refresh_token r ON r.session_id = f.session_id AND r.used_at IS NULL AND r.replaced_at IS NULL
  WHERE f.ended_at IS NULL GROUP BY f.session_id`);

async function check(drill) {
  const { stack, victim } = drill;
  const honest = drill.holders.filter((holder) => holder !== victim);
  assert.deepEqual(drill.violations, []);
  const live = new Map(liveTokens(stack).map(({ session, n }) => [session, Number(n)]));
  assert.deepEqual([...live.keys()].sort(), honest.map(({ session }) => hex(session)).sort(), 'the families that live');
  assert.deepEqual([...new Set(live.values())], [1], 'live tokens of each');

  const [family] = stack.sql(`SELECT ended_at IS NOT NULL AS ended FROM token_family WHERE session_id = x'${hex(victim.session)}'`);
  assert.equal(family.ended, '1');
  const reuses = stack.sql("SELECT LOWER(HEX(session_id)) AS session, detail FROM audit_event WHERE event = 'authn_token_reuse' ORDER BY at");
  assert.deepEqual(reuses[0], { session: hex(victim.session), detail: 'recent' });
  assert.deepEqual(reuses.filter(({ session }) => session !== hex(victim.session)), []);
  assert.ok(stack.count("audit_event WHERE event = 'authn_token_repeat'") > 0, 'a lost answer was given again');

  for (const holder of honest) {
    await holder.check(false);
    await holder.exchange(false);
    await holder.check(false);
  }
  assert.deepEqual(drill.violations, []);
}

for (const desk of ['yes', 'no']) {
  test(`desk = ${desk}: ${CLIENTS} clients lose answers, worker and database: nobody is signed out but who was robbed (seed ${seed})`, { timeout: 280000 + 2 * SECONDS * 1000 }, async (t) => {
    const stack = await startStack({
      users: PEOPLE,
      extra: 'server.max-keep-alive-requests = 1000000\n',
      settings: {
        server: { desk },
        // MariaDB may be away for longer than the usual 10 s.
        'client app': { refresh_grace: '30s' },
        throttle: { free_failures: 100, device_failures: 100, source_short: 1000000, source_long: 1000000 },
      },
    });
    const drill = new Drill(stack);
    t.after(async () => {
      for (const { agent } of drill.holders) agent.destroy();
      await stack.stop();
    });
    for (const [i, holder] of drill.holders.entries()) await holder.signIn(stack.users[PEOPLE[i % PEOPLE.length]]);
    const others = Promise.all([drill.disturb(), drill.rob()]);
    await Promise.all(drill.holders.map((holder) => holder.go()));
    drill.going = false;
    await others;
    await stack.ready();
    t.diagnostic(`${drill.rounds} rounds, ${drill.repeats} asked again, longest wait ${drill.longest} ms; ${drill.violations.length} signed out`);
    await check(drill);
  });
}
