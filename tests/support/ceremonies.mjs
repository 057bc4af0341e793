// WebAuthn ceremonies for the tests: `node tests/support/ceremonies.mjs > tests/unit/ceremonies.txt` records them anew, with
// Chromium's virtual authenticators, and with one made of Node for what those cannot do (self-attestation). Their keys are made
// for the recording and thrown away.
import { createHash, generateKeyPairSync, randomBytes, sign } from 'node:crypto';
import { readFileSync } from 'node:fs';
import { createServer } from 'node:http';
import { join } from 'node:path';
import { fileURLToPath } from 'node:url';
import { source } from './harness.mjs';

// One ceremony is a block of lines "NAME VALUE", ended by an empty one; octets are in base64url.
const octets = ['createChallenge', 'id', 'createClientData', 'attestationObject', 'getChallenge', 'getClientData', 'authenticatorData', 'signature', 'userHandle'];
const fields = ['name', 'accepted', 'verified', 'rpId', 'origin', ...octets, 'create', 'get'];

export function readCeremonies(text = readFileSync(join(source, 'tests/unit/ceremonies.txt'), 'utf8')) {
  return text.trim().split('\n\n').map((block) => Object.fromEntries(block.split('\n').map((line) => [line.slice(0, line.indexOf(' ')), line.slice(line.indexOf(' ') + 1)])));
}

const ES256 = -7;
const EDDSA = -8;
const RS256 = -257;

// What each is to be; accepted: whether a registration of the kind is to be taken.
const wanted = [
  { name: 'es256-none-verified', alg: ES256, attestation: 'none', verified: true, resident: true },
  { name: 'es256-none-present', alg: ES256, attestation: 'none', verified: false, resident: false },
  { name: 'es256-none-synced', alg: ES256, attestation: 'none', verified: true, resident: true, synced: true },
  { name: 'eddsa-none-verified', alg: EDDSA, attestation: 'none', verified: true, resident: true },
  { name: 'eddsa-none-present', alg: EDDSA, attestation: 'none', verified: false, resident: false },
  { name: 'rs256-none-verified', alg: RS256, attestation: 'none', verified: true, resident: true },
  { name: 'rs256-none-present', alg: RS256, attestation: 'none', verified: false, resident: false },
  { name: 'es256-none-u2f', alg: ES256, attestation: 'none', verified: false, resident: false, u2f: true },
  { name: 'es256-packed-certified', alg: ES256, attestation: 'direct', verified: true, resident: true, refused: true },
  { name: 'eddsa-packed-certified', alg: EDDSA, attestation: 'direct', verified: true, resident: false, refused: true },
  { name: 'es256-fido-u2f', alg: ES256, attestation: 'direct', verified: false, resident: false, u2f: true, refused: true },
  { name: 'es256-packed-self', alg: ES256, soft: true, verified: true },
  { name: 'eddsa-packed-self', alg: EDDSA, soft: true, verified: true },
  { name: 'rs256-packed-self', alg: RS256, soft: true, verified: false },
];

export const b64 = (bytes) => Buffer.from(bytes).toString('base64url');
export const sha256 = (bytes) => createHash('sha256').update(bytes).digest();

// CBOR of what is needed here: integers, octets, text, maps as lists of pairs.
export function cbor(value) {
  const head = (major, n) => (n < 24 ? Buffer.from([major << 5 | n]) : n < 256 ? Buffer.from([major << 5 | 24, n]) : Buffer.from([major << 5 | 25, n >> 8, n & 255]));
  if (typeof value === 'number') return value < 0 ? head(1, -1 - value) : head(0, value);
  if (typeof value === 'string') return Buffer.concat([head(3, Buffer.byteLength(value)), Buffer.from(value)]);
  if (Buffer.isBuffer(value)) return Buffer.concat([head(2, value.length), value]);
  return Buffer.concat([head(5, value.length), ...value.flat().map(cbor)]);
}

const makeKeys = {
  [ES256]: () => generateKeyPairSync('ec', { namedCurve: 'P-256' }),
  [EDDSA]: () => generateKeyPairSync('ed25519'),
  [RS256]: () => generateKeyPairSync('rsa', { modulusLength: 2048 }),
};

export function coseKey(alg, publicKey) {
  const jwk = publicKey.export({ format: 'jwk' });
  const part = (name) => Buffer.from(jwk[name], 'base64url');
  if (alg === ES256) return cbor([[1, 2], [3, alg], [-1, 1], [-2, part('x')], [-3, part('y')]]);
  if (alg === EDDSA) return cbor([[1, 1], [3, alg], [-1, 6], [-2, part('x')]]);
  return cbor([[1, 3], [3, alg], [-1, part('n')], [-2, part('e')]]);
}

// An authenticator that attests with the credential's own key (WebAuthn L3 §6.5.3, "Self").
export class SoftAuthenticator {
  constructor({ alg, verified, rpId, origin }) {
    Object.assign(this, { alg, rpId, origin, flags: verified ? 5 : 1, keys: makeKeys[alg](), id: randomBytes(32), count: 1 });
  }

  authData(more = Buffer.alloc(0), flags = 0) {
    const count = Buffer.alloc(4);
    count.writeUInt32BE(this.count++);
    return Buffer.concat([sha256(this.rpId), Buffer.from([this.flags | flags]), count, more]);
  }

  clientData(type, challenge) {
    return Buffer.from(JSON.stringify({ type, challenge, origin: this.origin, crossOrigin: false }));
  }

  sign(authData, clientData) {
    return sign(this.alg === EDDSA ? null : 'sha256', Buffer.concat([authData, sha256(clientData)]), this.keys.privateKey);
  }

  answer(response) {
    const id = b64(this.id);
    return { id, rawId: id, type: 'public-key', authenticatorAttachment: 'platform', clientExtensionResults: {}, response };
  }

  create(challenge) {
    const clientData = this.clientData('webauthn.create', challenge);
    const length = Buffer.from([0, this.id.length]);
    const authData = this.authData(Buffer.concat([Buffer.alloc(16), length, this.id, coseKey(this.alg, this.keys.publicKey)]), 0x40);
    const statement = [['alg', this.alg], ['sig', this.sign(authData, clientData)]];
    const object = cbor([['fmt', 'packed'], ['attStmt', statement], ['authData', authData]]);
    return this.answer({ clientDataJSON: b64(clientData), attestationObject: b64(object), transports: ['internal'] });
  }

  get(challenge, userHandle) {
    const clientData = this.clientData('webauthn.get', challenge);
    const authData = this.authData();
    return this.answer({ clientDataJSON: b64(clientData), authenticatorData: b64(authData), signature: b64(this.sign(authData, clientData)), userHandle });
  }
}

function block(kind, { rpId, origin, createChallenge, getChallenge, created, got }) {
  const values = {
    name: kind.name,
    accepted: kind.refused ? 'no' : 'yes',
    verified: kind.verified ? 'yes' : 'no',
    rpId,
    origin,
    createChallenge,
    id: created.rawId,
    createClientData: created.response.clientDataJSON,
    attestationObject: created.response.attestationObject,
    getChallenge,
    getClientData: got.response.clientDataJSON,
    authenticatorData: got.response.authenticatorData,
    signature: got.response.signature,
    userHandle: got.response.userHandle ?? '-',
    create: JSON.stringify(created),
    get: JSON.stringify(got),
  };
  return fields.map((name) => `${name} ${values[name]}\n`).join('');
}

function recordSoft(kind) {
  const rpId = 'localhost';
  const origin = 'https://localhost';
  const [createChallenge, getChallenge] = [b64(randomBytes(32)), b64(randomBytes(32))];
  const authenticator = new SoftAuthenticator({ ...kind, rpId, origin });
  return block(kind, { rpId, origin, createChallenge, getChallenge, created: authenticator.create(createChallenge), got: authenticator.get(getChallenge, b64(randomBytes(16))) });
}

async function recordChromium(page, kind) {
  const session = await page.context().newCDPSession(page);
  await session.send('WebAuthn.enable');
  const options = { protocol: kind.u2f ? 'u2f' : 'ctap2', transport: kind.verified ? 'internal' : 'usb', hasResidentKey: !kind.u2f, hasUserVerification: kind.verified, isUserVerified: kind.verified,
    automaticPresenceSimulation: true, defaultBackupEligibility: kind.synced ?? false, defaultBackupState: kind.synced ?? false };
  const { authenticatorId } = await session.send('WebAuthn.addVirtualAuthenticator', { options });
  const given = { createChallenge: b64(randomBytes(32)), getChallenge: b64(randomBytes(32)), user: b64(randomBytes(16)), kind };
  const answers = await page.evaluate(async ({ createChallenge, getChallenge, user, kind }) => {
    const userVerification = kind.verified ? 'required' : 'discouraged';
    const created = await navigator.credentials.create({ publicKey: PublicKeyCredential.parseCreationOptionsFromJSON({
      rp: { id: 'localhost', name: 'Test' }, user: { id: user, name: 'test', displayName: 'Test' }, challenge: createChallenge,
      pubKeyCredParams: [{ type: 'public-key', alg: kind.alg }], attestation: kind.attestation,
      authenticatorSelection: { residentKey: kind.resident ? 'required' : 'discouraged', userVerification } }) });
    const got = await navigator.credentials.get({ publicKey: PublicKeyCredential.parseRequestOptionsFromJSON({
      rpId: 'localhost', challenge: getChallenge, allowCredentials: kind.resident ? [] : [{ type: 'public-key', id: created.id }], userVerification }) });
    return { created: created.toJSON(), got: got.toJSON() };
  }, given);
  await session.send('WebAuthn.removeVirtualAuthenticator', { authenticatorId });
  await session.detach();
  return block(kind, { rpId: 'localhost', origin: new URL(page.url()).origin, ...given, ...answers });
}

async function record() {
  const { startBrowser } = await import('./browser.mjs');
  const server = createServer((request, response) => response.setHeader('Content-Type', 'text/html').end('<!doctype html><title>Test</title>'));
  await new Promise((resolve) => server.listen(0, '127.0.0.1', resolve));
  const browser = await startBrowser();
  const page = await browser.newPage();
  await page.goto(`http://localhost:${server.address().port}/`);
  const blocks = [];
  for (const kind of wanted) blocks.push(kind.soft ? recordSoft(kind) : await recordChromium(page, kind));
  await browser.close();
  server.close();
  process.stdout.write(blocks.join('\n'));
}

if (process.argv[1] === fileURLToPath(import.meta.url)) await record();
