// CONTRACT §2: a deep link, sign-in and whatever it needs, and back; elsewhere by "Return to NAME" and a plain link.
import { test, before, after, beforeEach } from 'node:test';
import assert from 'node:assert/strict';
import { writeFileSync } from 'node:fs';
import { configText, startStack } from '../support/harness.mjs';
import { until } from '../support/stack.mjs';
import { setCookies, tokenOf } from '../support/client.mjs';

const clients = {
  'client shop': { title: 'The Shop & <Sons>', return: 'https://shop.example.org/done com.example.shop:' },
  'client forum': { return: 'https://forum.example.org:8443/' },
};
let stack;
before(async () => {
  stack = await startStack({ settings: clients });
});
after(() => stack?.stop());
beforeEach(() => stack.sql('DELETE FROM session; DELETE FROM handover; UPDATE password SET must_change = 0'));

const SITE = 'https://shop.example.org/done/7?order=1&x=%2F';
const APP = 'com.example.shop:/order/7?x=1';
const html = (text) => text.replaceAll('&', '&amp;').replaceAll('<', '&lt;').replaceAll('>', '&gt;');
const parameter = (target) => `return_to=${encodeURIComponent(target)}`;
const pageOf = (target) => `${stack.base}/return?${parameter(target)}`;
const below = (answer) => answer.headers.location.slice(stack.base.length);
const hidden = (page) => /name="return_to" value="([^"]*)"/.exec(page.body)?.[1].replaceAll('&amp;', '&');
const links = (page) => [...page.body.matchAll(/<a ([^>]*)>/g)].map(([, text]) => text).filter((text) => !/href="[/#]/.test(text));

function leadsTo(answer, location) {
  assert.equal(answer.status, 303, answer.body);
  assert.equal(answer.headers.location, location);
}

// What the page at the end of a journey must be.
async function returns(visitor, answer, { target, name, place }) {
  leadsTo(answer, pageOf(target));
  const page = await visitor.get(below(answer));
  assert.equal(page.status, 200, page.body);
  assert.ok(page.body.includes(`<h1>Return to ${html(name)}</h1>`), page.body);
  assert.match(page.body, new RegExp(`<p>The link (leads to|opens an app on this device:) <strong>${place.replaceAll('.', '\\.')}</strong></p>`));
  assert.deepEqual(links(page), [`class="button" href="${html(target)}" rel="noreferrer" referrerpolicy="no-referrer"`], 'one plain link');
  assert.doesNotMatch(page.body, /<form|<script|http-equiv|<iframe/i);
  assert.equal(page.headers.refresh, undefined);
  for (const { value } of [...visitor.jar.cookies].map(([, text]) => ({ value: text }))) {
    assert.ok(!page.body.includes(value) && !answer.headers.location.includes(value), 'nothing of the session in page or address');
  }
  assert.match(page.headers['cache-control'], /no-store/);
  assert.match(page.headers['content-security-policy'], /form-action 'self'/);
  return page;
}

const goals = [
  { target: SITE, name: 'The Shop & <Sons>', place: 'shop.example.org' },
  { target: 'https://forum.example.org:8443', name: 'forum', place: 'forum.example.org:8443' },
  { target: APP, name: 'The Shop & <Sons>', place: 'com.example.shop' },
];

test('IN-20: a listed site or app is reached by a page with a plain link, never by a redirect from a POST', async () => {
  for (const goal of goals) {
    const visitor = stack.visitor();
    const form = await visitor.get(`/login?${parameter(goal.target)}`);
    assert.equal(hidden(form), goal.target);
    const wrong = await visitor.post('/login', { csrf_token: tokenOf(form), identifier: 'alice', password: 'surely not this', return_to: goal.target });
    assert.equal(wrong.status, 401);
    assert.equal(hidden(wrong), goal.target, 'it comes through a mistake');
    const stale = await visitor.post('/login', { csrf_token: 'AAAA', ...stack.users.alice, return_to: goal.target });
    assert.equal(stale.status, 403);
    assert.equal(hidden(stale), goal.target, 'and through a stale form');
    const answer = await visitor.post('/login', { csrf_token: tokenOf(stale), ...stack.users.alice, return_to: hidden(stale) });
    await returns(visitor, answer, goal);
  }
});

test('IN-20: what only looks listed leads to the account page', async () => {
  for (const target of ['https://shop.example.org.evil.test/done', 'https://shop.example.org@evil.test/done', 'https://evil.test/done', 'https://shop.example.org/done/../x',
    'https://shop.example.org:8443/done', 'https://shop.example.org/donee', 'https://shop.example.org\\@evil.test/done', 'http://shop.example.org/done', '//shop.example.org/done',
    'com.example.shop.evil:/x', 'javascript:alert(1)', 'data:text/html,x', 'https://shop.example.org/done#x', 'https://forum.example.org/']) {
    const visitor = stack.visitor();
    const form = await visitor.get(`/login?${parameter(target)}`);
    assert.equal(hidden(form), undefined, target);
    assert.ok(!form.body.includes('evil.test'), target);
    leadsTo(await visitor.signIn(stack.users.alice, { return_to: target }), `${stack.base}/account`);
    leadsTo(await visitor.get(`/return?${parameter(target)}`), `${stack.base}/account`);
  }
});

test('the page itself: only for who is signed in; it holds its target against the list again', async () => {
  const visitor = stack.visitor();
  const place = `/auth/return?${parameter(SITE)}`;
  const led = await visitor.get(`/return?${parameter(SITE)}`);
  leadsTo(led, `${stack.base}/login?${parameter(place)}`);
  const form = await visitor.get(below(led));
  const answer = await visitor.post('/login', { csrf_token: tokenOf(form), ...stack.users.alice, return_to: hidden(form) });
  await returns(visitor, answer, goals[0]);
  leadsTo(await visitor.get('/return'), `${stack.base}/account`);
  leadsTo(await visitor.get('/return?return_to=/private/x?y=1'), `${stack.origin}/private/x?y=1`);
  assert.equal((await visitor.post('/return', { return_to: SITE })).status, 405);
  stack.sql('UPDATE session SET auth_time = auth_time - 7200000000');
  assert.equal((await visitor.get(`/return?${parameter(SITE)}`)).status, 200, 'to go back needs no fresh sign-in');
  stack.sql('UPDATE session SET held = 1');
  leadsTo(await visitor.get(`/return?${parameter(SITE)}`), `${stack.base}/reauth?${parameter(place)}`);
});

test('signed in already: Continue leads to the page; somebody else and another device keep the target', async () => {
  const visitor = stack.visitor();
  await visitor.signIn(stack.users.alice);
  const page = await visitor.get(`/login?${parameter(SITE)}`);
  assert.ok(page.body.includes(`href="/auth/return?${parameter(SITE)}"`), page.body);
  assert.deepEqual(links(page), []);
  assert.ok(page.body.includes(`href="/auth/login?switch=yes&amp;${parameter(SITE)}"`), page.body);
  const other = await visitor.get(`/login?switch=yes&${parameter(SITE)}`);
  assert.equal(hidden(other), SITE);
  assert.ok(other.body.includes(`href="/auth/handover?${parameter(SITE)}"`), other.body);
});

test('step-up and a password that must be changed keep the target', async () => {
  const visitor = stack.visitor();
  await visitor.signIn(stack.users.bob);
  const form = await visitor.get(`/reauth?${parameter(APP)}`);
  assert.equal(hidden(form), APP);
  const answer = await visitor.post('/reauth', { csrf_token: tokenOf(form), password: stack.users.bob.password, return_to: APP });
  await returns(visitor, answer, goals[2]);
  stack.sql("UPDATE password SET must_change = 1 WHERE user_id = (SELECT id FROM user WHERE username = 'bob')");
  const again = stack.visitor();
  const led = await again.signIn(stack.users.bob, { return_to: SITE });
  leadsTo(led, `${stack.base}/account/password?${parameter(SITE)}`);
  const change = await again.get(below(led));
  assert.equal(hidden(change), SITE);
  const pending = await again.get(`/return?${parameter(SITE)}`);
  assert.match(pending.headers.location, /\/auth\/account\/password\?return_to=/, 'not before the sign-in is complete');
  const password = 'a brook that runs to the shop';
  const done = await again.post('/account/password', { csrf_token: tokenOf(change), current_password: stack.users.bob.password, new_password: password, return_to: SITE });
  stack.users.bob.password = password;
  await returns(again, done, goals[0]);
});

test('a guest\'s sign-in keeps the target: the same session, promoted, and back', async () => {
  const visitor = stack.visitor();
  const begun = visitor.jar.take(await stack.client.post('/auth/api/v1/sessions/guest', { json: { transport: 'cookie' } }));
  assert.equal(begun.status, 201, begun.body);
  const led = await visitor.get(`/return?${parameter(SITE)}`);
  assert.match(led.headers.location, /\/auth\/login\?return_to=/, 'a guest is nobody yet');
  const form = await visitor.get(`/login?${parameter(SITE)}`);
  const answer = await visitor.post('/login', { csrf_token: tokenOf(form), ...stack.users.alice, return_to: hidden(form) });
  await returns(visitor, answer, goals[0]);
  const now = await stack.client.get('/auth/api/v1/session', { headers: visitor.headers() });
  assert.equal(now.json.session.id, begun.json.session.id);
  assert.equal(now.json.user.username, 'alice');
});

// The receiver's page, and the code that somebody signed in gives for it.
async function receive(visitor, person) {
  const start = await visitor.get(`/handover?${parameter(SITE)}`);
  assert.equal(hidden(start), SITE);
  assert.ok(start.body.includes(`href="/auth/login?${parameter(SITE)}"`), start.body);
  const [, challenge] = /challenge=([A-Za-z0-9_-]{43})/.exec(start.body);
  const { session_handle: handle } = await stack.signIn(person);
  const given = await stack.withHandle(handle, 'POST', '/session/handover', { json: { challenge, to: 'browser' } });
  assert.equal(given.status, 201, given.body);
  return { start, code: given.json.handover };
}
const ticketOf = (page) => /name="ticket" value="([^"]+)"/.exec(page.body)[1];

test('hand-over: the receiver keeps the target, by typed code, by link and through a mistake', async () => {
  const typed = stack.visitor();
  const { start, code } = await receive(typed, stack.users.alice);
  const wrong = await typed.post('/handover', { csrf_token: tokenOf(start), code: 'nonsense', return_to: SITE });
  assert.equal(wrong.status, 400);
  assert.equal(hidden(wrong), SITE, wrong.body);
  const question = await typed.post('/handover', { csrf_token: tokenOf(wrong), code, return_to: hidden(wrong) });
  assert.equal(hidden(question), SITE, question.body);
  await returns(typed, await typed.post('/handover', { csrf_token: tokenOf(question), ticket: ticketOf(question), return_to: SITE }), goals[0]);

  const linked = stack.visitor();
  const { code: second } = await receive(linked, stack.users.alice);
  const led = await linked.get(`/handover?code=${second}&${parameter(SITE)}`);
  assert.ok(!led.headers.location.includes(second));
  const asked = await linked.get(below(led));
  assert.equal(hidden(asked), SITE);
  const done = await linked.post('/handover', { csrf_token: tokenOf(asked), ticket: ticketOf(asked), return_to: SITE });
  await returns(linked, done, goals[0]);
  assert.equal(setCookies(done).some(({ name }) => name === '__Host-gatepost'), true);

  const plain = stack.visitor();
  const { code: third } = await receive(plain, stack.users.alice);
  const there = await plain.get(below(await plain.get(`/handover?code=${third}&return_to=https://evil.test/`)));
  assert.equal(hidden(there), undefined);
  leadsTo(await plain.post('/handover', { csrf_token: tokenOf(there), ticket: ticketOf(there), return_to: 'https://evil.test/' }), `${stack.base}/account`);
});

test('the longest target comes through every step', async () => {
  const target = `https://shop.example.org/done/${'%7e'.repeat(600)}${'/x'.repeat(109)}`;
  assert.equal(target.length, 2048);
  const visitor = stack.visitor();
  const form = await visitor.get(`/login?${parameter(target)}`);
  assert.equal(hidden(form), target);
  const answer = await visitor.post('/login', { csrf_token: tokenOf(form), ...stack.users.alice, return_to: target });
  await returns(visitor, answer, { ...goals[0], target });
  assert.equal((await visitor.get(`/login?${parameter(`${target}x`)}`)).status, 400);
});

test('IN-20: taken while listed, followed when listed no more: the account page', async () => {
  const { file, sections } = stack.config;
  const reload = async (config) => {
    const reloads = () => stack.workerLog().filter(({ event }) => event === 'reloaded').length;
    const was = reloads();
    writeFileSync(file, configText(config), { mode: 0o600 });
    process.kill(stack.worker.pid, 'SIGHUP');
    await until(() => reloads() > was, 'the worker has reloaded');
  };
  const typing = stack.visitor();
  const form = await typing.get(`/login?${parameter(SITE)}`);
  assert.equal(hidden(form), SITE);
  const there = stack.visitor();
  const page = await returns(there, await there.signIn(stack.users.alice, { return_to: SITE }), goals[0]);
  assert.equal(page.status, 200);
  const forum = `/return?${parameter('https://forum.example.org:8443/x')}`;
  assert.equal((await there.get(forum)).status, 200);
  const { 'client shop': shop, ...rest } = sections;
  try {
    await reload(rest);
    leadsTo(await there.get(`/return?${parameter(SITE)}`), `${stack.base}/account`);
    leadsTo(await there.get(`/return?${parameter(APP)}`), `${stack.base}/account`);
    assert.equal((await there.get(forum)).status, 200, 'the other client is listed still');
    leadsTo(await typing.post('/login', { csrf_token: tokenOf(form), ...stack.users.alice, return_to: hidden(form) }), `${stack.base}/account`);
  } finally {
    await reload({ ...rest, 'client shop': shop });
  }
  assert.equal((await there.get(`/return?${parameter(SITE)}`)).status, 200, 'and listed again');
});
