// The wallet's page. It remembers nothing: whatever happens, it asks where the journey stands and shows that.
const API = '/auth/api/v1';
const KIND = 'fund-wallet';
const element = (id) => document.getElementById(id);
const views = ['begin', 'offer', 'signin', 'pending', 'start', 'kyc', 'otp', 'done'];

let state; // of GET /session/state; undefined: no session
let flow; // of fund-wallet; undefined: none runs
let busy = false;

class Problem extends Error {
  constructor(answer, problem) {
    super(problem?.detail ?? problem?.title ?? `${answer.status}`);
    Object.assign(this, { status: answer.status, code: problem?.code, problem, retryAfter: Number(answer.headers.get('Retry-After')) });
  }
}

// {body, tag}. The cookie goes by itself; what changes something proves with the token that this page sends it.
async function call(method, path, json, headers = {}) {
  const token = state?.session.csrf_token;
  const answer = await fetch(path, {
    method,
    credentials: 'same-origin',
    cache: 'no-store',
    headers: { ...(json && { 'Content-Type': 'application/json' }), ...(token && { 'X-CSRF-Token': token }), ...headers },
    body: json && JSON.stringify(json),
  });
  const text = await answer.text();
  const body = /json/.test(answer.headers.get('Content-Type') ?? '') && text ? JSON.parse(text) : text;
  if (!answer.ok) throw new Problem(answer, body);
  return { body, tag: answer.headers.get('ETag') };
}

const ofFlow = (rest = '') => `${API}/flows/${KIND}${rest}`;
const service = (act, json) => call('POST', `/wallet/service/${act}`, json);
const amountOf = (one) => one?.facts.funded?.amount ?? one?.facts.order?.amount ?? one?.data.amount ?? '?';
const clock = (time) => new Date(time).toLocaleTimeString();

// One call says all: who, where, what is left, what to do next.
async function load() {
  try {
    state = (await call('GET', `${API}/session/state`)).body;
  } catch (problem) {
    if (problem.status !== 401) throw problem;
    state = undefined;
  }
  flow = state?.flows.find(({ kind }) => kind === KIND);
}

function viewNow() {
  if (state && state.session.state !== 'active') return 'pending';
  if (state?.next?.why === 'guest_flow' && state.next.flow.kind === KIND) return 'offer';
  if (!flow) return 'begin';
  if (!state.user) return 'signin';
  return flow.step;
}

const waits = ({ retry_at: at }) => (at && new Date(at) > new Date() ? ` The next one is possible at ${clock(at)}.` : '');

function show() {
  const now = viewNow();
  for (const id of views) element(id).hidden = id !== now;
  element('who').textContent = state?.user ? state.user.display_name : 'Not signed in';
  element('account').hidden = !state?.user;
  element('progress').hidden = !flow;
  for (const item of element('progress').children) {
    if (item.dataset.step === flow?.step) item.setAttribute('aria-current', 'step');
    else item.removeAttribute('aria-current');
  }
  for (const place of document.querySelectorAll('[data-amount="flow"]')) place.textContent = amountOf(flow);
  for (const place of document.querySelectorAll('[data-amount="offer"]')) place.textContent = amountOf(state?.next?.flow);
  if (state?.next?.page) element('pending-link').href = state.next.page;
  if (!flow) return;
  const { otp, resend } = flow.counters;
  const expires = flow.facts.order?.code_expires_at;
  const good = expires && new Date(expires) > new Date();
  element('sent-hint').textContent = `${good ? `A code was sent; it is good until ${clock(expires)}.` : 'No code is good at the moment.'} `
    + `Codes left: ${resend.left}.${waits(resend)}`;
  element('code-hint').textContent = `Attempts left: ${otp.left}.${waits(otp)}`;
}

function say(id, text) {
  element(id).textContent = text;
  element('alert').hidden = element('alert').textContent === '';
}

function explain(problem) {
  if (!(problem instanceof Problem)) return 'The server cannot be reached. Nothing is lost: try again.';
  if (problem.code === 'cooldown') return `Too soon after the last one. Please wait ${problem.retryAfter} seconds.`;
  if (problem.code === 'too_many_attempts') return `That was too often. Please try again in ${Math.ceil(problem.retryAfter / 60)} minutes.`;
  if (problem.code === 'wrong_code') return `This is not the code. Attempts left: ${problem.problem.attempts_left}.`;
  if (problem.code === 'version_mismatch') return 'It has gone on elsewhere meanwhile. This is where it stands.';
  if (problem.code === 'unauthenticated' || problem.code === 'session_expired') return 'Your session has ended. Please sign in: you go on where you were.';
  return problem.message;
}

// Does one thing, then looks where that leads, whether it worked or not.
async function act(work, done = '') {
  if (busy) return;
  busy = true;
  say('alert', '');
  say('status', '');
  let trouble = '';
  try {
    await work();
    say('status', done);
  } catch (problem) {
    trouble = explain(problem);
  }
  await look();
  say('alert', trouble);
  busy = false;
}

async function look() {
  try {
    await load();
    show();
  } catch (problem) {
    say('alert', explain(problem));
  }
}

function on(id, event, work, done) {
  element(id).addEventListener(event, (what) => {
    what.preventDefault();
    act(() => work(what.target), done);
  });
}

const normal = (amount) => Number(amount).toFixed(2);

async function begin(form) {
  const data = { amount: normal(form.amount.value) };
  // A session that is nobody's yet, by cookie: signing in makes it the person's, flow and all.
  if (!state) state = (await call('POST', `${API}/sessions/guest`, { transport: 'cookie' })).body;
  await call('POST', ofFlow(), { return_to: '/wallet/', data });
}

// The tag of what is shown; whoever was quicker elsewhere is noticed.
const tagNow = async () => ({ 'If-Match': (await call('GET', ofFlow())).tag });
const patch = async (data) => call('PATCH', ofFlow(), { data }, await tagNow());

on('begin', 'submit', begin);
on('start-go', 'click', async () => call('POST', ofFlow('/step'), { to: 'kyc' }, await tagNow()));
// Any write to this kind ends the offer.
on('offer-take', 'click', () => patch({ amount: state.next.flow.data.amount }));
on('offer-leave', 'click', () => patch({}));
on('kyc', 'submit', async (form) => {
  await service('identity', { document: form.document.value.toUpperCase() });
  form.reset();
}, 'Your identity was checked.');
on('send', 'submit', () => service('code', {}), 'A code is on its way.');
on('funding', 'submit', async (form) => {
  const code = form.code.value;
  form.reset();
  await service('funding', { code });
});
on('done-again', 'click', () => call('DELETE', ofFlow()));
element('mail').addEventListener('toggle', async () => {
  if (!element('mail').open) return;
  element('mail').querySelector('pre').textContent = await call('GET', '/wallet/service/mail').then(({ body }) => body, explain);
});
// What went on elsewhere, on a phone say, is seen when one comes back.
document.addEventListener('visibilitychange', () => {
  if (!document.hidden && !busy) look();
});
window.addEventListener('pageshow', ({ persisted }) => {
  if (persisted) look();
});

element('amount').value = new URLSearchParams(window.location.search).get('amount') ?? '';
await look();
