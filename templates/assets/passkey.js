// Passkeys on pages: what needs them is hidden until this script has found that the browser knows them. Pages work without it.
const LATER = 'gatepost.passkey'; // this browser has shown one: it may offer it where the name is typed
const forms = [...document.querySelectorAll('.passkey-get, .passkey-create')];
const field = document.getElementById('identifier');
let waiting; // the offer beside the name, which gives way to a button

const bytes = (text) => Uint8Array.from(atob(text.replaceAll('-', '+').replaceAll('_', '/')), (c) => c.charCodeAt(0));
const text = (buffer) => (buffer ? btoa(String.fromCharCode(...new Uint8Array(buffer))).replaceAll('+', '-').replaceAll('/', '_').replaceAll('=', '') : null);
const credentials = (list = []) => list.map((one) => ({ ...one, id: bytes(one.id) }));

// Nothing is asked of the server before somebody wants it: a challenge is a row.
async function options(form) {
  const { purpose } = form.dataset;
  const answer = await fetch(form.dataset.options, {
    method: 'POST',
    headers: { 'content-type': 'application/json', 'x-csrf-token': form.elements.csrf_token.value },
    body: JSON.stringify(purpose ? { purpose } : {}),
  });
  // The page, asked for anew (and nothing sent twice), leads to where one goes on: to confirm who one is, or to sign in.
  if (answer.status === 401) {
    window.location.assign(window.location.href);
    return new Promise(() => {});
  }
  if (!answer.ok) throw new Error(String(answer.status));
  const given = await answer.json();
  return purpose ? given.passkey : given;
}

function toJson(credential) {
  const { response } = credential;
  const given = { clientDataJSON: text(response.clientDataJSON) };
  if (response.attestationObject) {
    given.attestationObject = text(response.attestationObject);
    given.transports = response.getTransports?.() ?? [];
  } else {
    given.authenticatorData = text(response.authenticatorData);
    given.signature = text(response.signature);
    given.userHandle = text(response.userHandle);
  }
  return JSON.stringify({ id: credential.id, rawId: text(credential.rawId), type: credential.type, clientExtensionResults: {}, response: given });
}

async function create(form) {
  const asked = await options(form);
  const publicKey = { ...asked, challenge: bytes(asked.challenge), user: { ...asked.user, id: bytes(asked.user.id) }, excludeCredentials: credentials(asked.excludeCredentials) };
  return navigator.credentials.create({ publicKey });
}

async function get(form, more = {}) {
  const asked = await options(form);
  const publicKey = { ...asked, challenge: bytes(asked.challenge), allowCredentials: credentials(asked.allowCredentials) };
  return navigator.credentials.get({ publicKey, ...more });
}

function send(form, credential) {
  try {
    localStorage.setItem(LATER, 'yes');
  } catch {
    // Storage that is switched off: it is offered by the button alone.
  }
  form.elements.passkey.value = toJson(credential);
  // What is chosen in another form of the page.
  for (const name of ['remember', 'trust']) {
    const box = document.getElementById(name);
    if (box && form.elements[name]?.type === 'hidden') form.elements[name].disabled = !box.checked;
  }
  form.submit();
}

async function run(form) {
  const button = form.querySelector('button');
  const failed = form.querySelector('[data-failed]');
  waiting?.abort();
  button.disabled = true;
  failed.textContent = '';
  try {
    send(form, await (form.classList.contains('passkey-create') ? create(form) : get(form)));
  } catch {
    failed.textContent = failed.dataset.failed;
    button.disabled = false;
  }
}

async function offerBesideName(form) {
  if (waiting || !(await PublicKeyCredential.isConditionalMediationAvailable?.())) return;
  waiting = new AbortController();
  try {
    send(form, await get(form, { mediation: 'conditional', signal: waiting.signal }));
  } catch {
    // Nobody took it, or it is over: the button is there.
  }
}

function wasShown() {
  try {
    return localStorage.getItem(LATER) !== null;
  } catch {
    return false;
  }
}

if (window.PublicKeyCredential && navigator.credentials) {
  document.getElementById('no-passkeys')?.remove();
  document.querySelectorAll('.passkey-offer').forEach((part) => (part.hidden = false));
  for (const form of forms) {
    form.hidden = false;
    // A form without its passkey is never sent: one is made on submitting, or by the button of a page with another form.
    form.addEventListener('submit', (event) => {
      event.preventDefault();
      run(form);
    });
    form.querySelector('button[type=button]')?.addEventListener('click', () => run(form));
  }
  if (field && forms.length > 0 && wasShown()) field.addEventListener('focus', () => offerBesideName(forms[0]), { once: true });
}
