/*
 * An app with docs/examples/clients/typescript, a process that a test kills and starts again. Its first message says how it
 * is: {base, code (folder of the example), home, keys, transport, lock}; each other one is an act with an id.
 * Before each thing that it does to network and disk, and after it, there is a moment; at the one that a test has named it
 * tells so, and does nothing more.
 */
import { createCipheriv, createDecipheriv, generateKeyPairSync, createPrivateKey, createPublicKey, randomBytes, randomUUID, sign } from 'node:crypto';
import { existsSync, readFileSync, writeFileSync } from 'node:fs';
import * as files from 'node:fs/promises';
import { createServer } from 'node:net';
import { join } from 'node:path';

let how;
let gatepost;
let haltAt = 0;
let moments = 0;
let fates = []; // of the next requests: "request", it never leaves; "answer", it is answered, and the answer is lost
let proofs = []; // what the person answers when asked, one after the other
let dialogs = 0;

async function moment(name) {
  moments++;
  if (moments !== haltAt) return;
  process.send({ halted: name });
  await new Promise(() => {});
}

async function network(url, init) {
  const name = `${init.method} ${new URL(url).pathname.split('/').pop()}`;
  const fate = fates.shift();
  await moment(`before ${name}`);
  if (fate === 'request') throw new TypeError('fetch failed');
  const answer = await fetch(url, { ...init, signal: AbortSignal.timeout(15000) });
  const text = await answer.text();
  await moment(`after ${name}`);
  if (fate === 'answer') throw new TypeError('terminated');
  return { status: answer.status, headers: answer.headers, text: async () => text };
}

// A key of the system's, which no other app gets at.
function systemKey() {
  const place = join(how.keys, 'key');
  if (!existsSync(place)) writeFileSync(place, randomBytes(32), { mode: 0o600 });
  return readFileSync(place);
}

const safeStorage = {
  isAsyncEncryptionAvailable: async () => true,
  async encryptStringAsync(text) {
    const nonce = randomBytes(12);
    const cipher = createCipheriv('aes-256-gcm', systemKey(), nonce);
    return Buffer.concat([nonce, cipher.update(text, 'utf8'), cipher.final(), cipher.getAuthTag()]);
  },
  async decryptStringAsync(bytes) {
    const cipher = createDecipheriv('aes-256-gcm', systemKey(), bytes.subarray(0, 12));
    cipher.setAuthTag(bytes.subarray(-16));
    return { result: Buffer.concat([cipher.update(bytes.subarray(12, -16)), cipher.final()]).toString() };
  },
};

// Whoever listens on the port has it; who is killed has it no more.
async function exclusive(act) {
  let held;
  while (!held) {
    held = await new Promise((resolve) => {
      const server = createServer();
      server.once('error', () => setTimeout(resolve, 5)).listen(how.lock, '127.0.0.1', () => resolve(server));
    });
  }
  try {
    return await act();
  } finally {
    await new Promise((resolve) => held.close(resolve));
  }
}

const deviceKey = {
  load() {
    const place = join(how.keys, 'device.pem');
    if (!existsSync(place)) {
      writeFileSync(place, generateKeyPairSync('ec', { namedCurve: 'P-256' }).privateKey.export({ type: 'pkcs8', format: 'pem' }), { mode: 0o600 });
    }
    return createPrivateKey(readFileSync(place));
  },
  async publicJwk() {
    return createPublicKey(deviceKey.load()).export({ format: 'jwk' });
  },
  async sign(bytes) {
    dialogs++;
    return sign('sha256', bytes, deviceKey.load());
  },
};

async function begin(message) {
  how = message;
  const { Gatepost } = await import(join(how.code, 'gatepost.js'));
  const { electronStore } = await import(join(how.code, 'stores.js'));
  const store = electronStore(safeStorage, files, how.home);
  gatepost = new Gatepost({
    base: how.base,
    fetch: network,
    store: {
      ...store,
      async write(name, value) {
        await moment(`before writing ${name}`);
        await store.write(name, value);
        await moment(`after writing ${name}`);
      },
      ...(how.lock && { exclusive }),
    },
    newId: randomUUID,
    transport: how.transport,
    deviceName: 'A test',
    deviceKey,
    async ask() {
      dialogs++;
      return proofs.shift() ?? null;
    },
  });
}

const acts = {
  set(what) {
    ({ haltAt = 0, fates = [], proofs = [] } = what);
    moments = 0;
    dialogs = 0;
  },
  told: () => ({ moments, dialogs }),
  // The same call, so many at once.
  async together(n, name, ...args) {
    return Promise.all(Array.from({ length: n }, () => gatepost[name](...args)));
  },
  patch: (kind, data) => gatepost.patchFlow(kind, () => data),
};

process.on('message', async ({ id, act, args }) => {
  try {
    if (act === 'begin') await begin(args[0]);
    const result = act === 'begin' ? undefined : await (acts[act] ? acts[act](...args) : gatepost[act](...args));
    process.send({ id, result: result ?? null });
  } catch (error) {
    const { name, message, code, status, advice, retryAfter, body } = error;
    process.send({ id, error: { kind: error.constructor.name, name, message, code, status, advice, retryAfter, body } });
  }
});
process.on('disconnect', () => process.exit(0));
