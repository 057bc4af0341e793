// conf/demo start|status|stop|mail, as a stranger would use it, in a folder and on a port of its own.
import { test, after } from 'node:test';
import assert from 'node:assert/strict';
import { spawn, spawnSync } from 'node:child_process';
import { existsSync, readFileSync, statSync } from 'node:fs';
import { join } from 'node:path';
import { build, source } from '../support/harness.mjs';
import { freePort, temporaryFolder, until } from '../support/stack.mjs';
import { Client, Visitor } from '../support/client.mjs';
import { program } from '../support/servers.mjs';

const folder = temporaryFolder('gpd-');
const port = await freePort();
const env = { ...process.env, GATEPOST_DEMO_DIR: folder.dir, GATEPOST_DEMO_PORT: String(port), GATEPOST_DEMO_BUILD: join(build, 'demo') };
const run = (command, args, environment) => new Promise((resolve) => {
  const child = spawn(command, args, { env: environment, stdio: ['ignore', 'pipe', 'pipe'] });
  let text = '';
  child.stdout.on('data', (chunk) => (text += chunk));
  child.stderr.on('data', (chunk) => (text += chunk));
  child.on('exit', (code) => resolve({ code, text }));
});
const demo = (word) => run(join(source, 'conf/demo'), [word], env);
after(async () => {
  await demo('stop');
  folder.remove();
});
// Who comes to what the demo guards: a stranger, a user, an administrator whose sign-in becomes old.
async function walkGuarded(client, json, alice) {
  const { app, admin, private: file } = json.guarded;
  const at = (url) => url.slice(json.url.length);
  const html = { Accept: 'text/html', 'Sec-Fetch-Mode': 'navigate' };
  const open = (visitor, url) => client.get(at(url), { headers: visitor.headers({ ...html, 'X-Remote-User': 'mallory' }) });
  const stranger = new Visitor(client);
  for (const url of [app, admin, file]) {
    const sent = await open(stranger, url);
    assert.equal(sent.status, 303, url);
    assert.equal(sent.headers.location, `${json.url}/auth/login?return_to=${encodeURIComponent(at(url))}`);
  }
  assert.equal((await client.get('/private/style.css')).status, 200);

  assert.match((await open(alice, file)).body, /<h1>A file for whoever is signed in<\/h1>/);
  alice.jar.cookies.set('theme', 'dark');
  const page = await open(alice, app);
  assert.equal(page.status, 200, page.body);
  assert.match(page.body, /<h1>Hello, alice<\/h1>/);
  assert.match(page.body, /alice@example\.org/);
  assert.match(page.body, /no cookie, handle or token of Gatepost’s came this far[^]*sees: theme\./);
  assert.match(page.headers['cache-control'], /private/);
  const refused = await open(alice, admin);
  assert.equal(refused.status, 403);
  assert.match(refused.body, />Sign in as somebody else</);

  const carol = new Visitor(client);
  await carol.signIn(json.users[2]);
  assert.match((await open(carol, admin)).body, /<h1>For administrators, just now<\/h1>/);
  const made = spawnSync(program('mariadb'), ['--no-defaults', '-uroot', `--socket=${json.db_socket}`, 'gatepost', '-e',
    "UPDATE session JOIN user ON user.id = session.user_id SET session.auth_time = session.auth_time - 301000000 WHERE username = 'carol'"], { encoding: 'utf8' });
  assert.equal(made.status, 0, made.stderr);
  const again = await open(carol, admin);
  assert.deepEqual([again.status, again.headers.location], [303, `${json.url}/auth/reauth?return_to=%2Fadmin%2F`]);
  assert.match((await open(carol, app)).body, /<h1>Hello, carol<\/h1>/);
}
const alive = (pid) => spawnSync('kill', ['-0', String(pid)]).status === 0;

test('starts, prints, is idempotent, signs in, stops leaving nothing', { timeout: 500000 }, async () => {
  const first = await demo('start');
  assert.equal(first.code, 0, first.text);
  const file = join(folder.dir, 'demo.json');
  assert.equal(statSync(file).mode & 0o777, 0o600);
  const json = JSON.parse(readFileSync(file, 'utf8'));
  assert.equal(json.url, `https://localhost:${port}`);
  assert.equal(json.api, `https://localhost:${port}/auth/api/v1`);
  assert.deepEqual(json.users.map(({ roles }) => roles), [[], [], ['admin']]);
  for (const { identifier, password } of json.users) assert.ok(first.text.includes(identifier) && first.text.includes(password));
  assert.ok(first.text.includes(`${json.url}/auth/login`));
  for (const path of [json.ca, json.db_socket, json.config]) assert.ok(existsSync(path), path);

  const client = new Client(json.url, json.ca);
  assert.equal((await client.get('/')).status, 303);
  const visitor = new Visitor(client);
  const signedIn = await visitor.signIn(json.users[0]);
  assert.equal(signedIn.status, 303, signedIn.body);

  for (const url of Object.values(json.guarded)) assert.ok(first.text.includes(url), url);
  await walkGuarded(client, json, visitor);

  const page = await client.get('/wallet/');
  assert.equal(page.status, 200);
  assert.match(page.body, /<h1>Fund your wallet<\/h1>/);
  assert.match(page.headers['content-security-policy'], /script-src 'self'/);
  for (const name of ['wallet.js', 'wallet.css']) assert.equal((await client.get(`/wallet/${name}`)).status, 200);
  for (const name of ['../service', 'service/', '..%2fservice', 'phone']) assert.notEqual((await client.get(`/wallet/${name}`)).status, 200, name);
  assert.ok(first.text.includes(json.wallet.url));
  for (const [user, options] of [['alice', []], ['bob', ['--cookies']]]) {
    const phone = await run(json.wallet.phone, [...options, 'run'], { ...env, WALLET_USER: user, WALLET_DIR: join(folder.dir, `phone-${user}`) });
    assert.equal(phone.code, 0, phone.text);
    // One line an act, each by a process of its own.
    const acts = ['The link is opened', 'Begin', 'Sign in', 'Go on to the identity check', 'The identity check', 'Ask for a code', 'A wrong code', 'The code from the mail', 'Done'];
    assert.deepEqual(phone.text.split('\n').filter((line) => /^[A-Z]/.test(line)).map((line) => acts.find((act) => line.startsWith(act))), acts, phone.text);
    assert.doesNotMatch(phone.text, /gps_[A-Za-z0-9_-]{8}/);
    assert.ok(!phone.text.includes(json.users.find(({ identifier }) => identifier === user).password));
  }
  const handle = /gps_\S+/.exec(readFileSync(join(folder.dir, 'phone-alice/credential'), 'utf8'))[0];
  const { flows } = (await client.get('/auth/api/v1/session/state', { headers: { 'X-Session-Id': handle } })).json;
  assert.deepEqual(flows.map(({ step, facts, counters }) => [step, facts.funded.amount, counters.otp.left, counters.resend.left]), [['done', '50.00', 3, 2]]);

  // A notice that the hand-over to the browser made, and a mail of our own: files, and nobody is written to.
  const ctl = (...args) => run(join(build, 'src/gatepost'), ['--config', json.config, ...args], env);
  assert.equal((await ctl('mail', 'test', 'alice@example.org')).code, 0);
  await until(async () => /Subject: A test of mail from Gatepost demo/.test((await demo('mail')).text), 'the mail is there');
  const mail = await demo('mail');
  assert.match(mail.text, /^To: alice@example\.org$/m);
  assert.match(mail.text, /testing whether mail arrives/);
  assert.ok(first.text.includes(json.mail) && first.text.includes('conf/demo mail'));

  const second = await demo('start');
  assert.equal(second.code, 0, second.text);
  assert.deepEqual(JSON.parse(readFileSync(file, 'utf8')), json, 'nothing was started again');
  assert.equal((await visitor.get('/account')).status, 200);
  assert.equal((await demo('status')).code, 0);

  const stopped = await demo('stop');
  assert.equal(stopped.code, 0, stopped.text);
  for (const pid of Object.values(json.pids)) assert.ok(!alive(pid), `pid ${pid} is gone`);
  assert.notEqual((await demo('status')).code, 0);
  client.close();

  const third = await demo('start');
  assert.equal(third.code, 0, third.text);
  const later = new Client(json.url, json.ca);
  assert.equal((await later.get('/auth/account', { headers: visitor.headers() })).status, 200, 'who was signed in stays signed in');
  later.close();
});
