// WA-02, WA-03, WA-05, WA-08: what @simplewebauthn/server says of ceremonies, good and tampered with; where it says otherwise than
// Gatepost, the reason stands here, and a difference that is not listed fails.
import test from 'node:test';
import assert from 'node:assert/strict';
import { createECDH, generateKeyPairSync, randomBytes } from 'node:crypto';
import { SoftAuthenticator, b64, cbor, coseKey, readCeremonies, sha256 } from '../support/ceremonies.mjs';
import { judge, offered, register } from '../support/passkey-judges.mjs';
import { decodeAttestationObject } from '@simplewebauthn/server/helpers';

const un = (text) => Buffer.from(text, 'base64url');
const right = (verdict) => verdict === 'right';
const recorded = readCeremonies().map((c) => ({ ...c, accepted: c.accepted === 'yes', create: JSON.parse(c.create), get: JSON.parse(c.get),
  asked: { origin: c.origin, rpId: c.rpId, verified: c.verified === 'yes' } }));
const asCreated = (c, answer = c.create) => ({ label: c.name, kind: 'create', answer, asked: { ...c.asked, challenge: c.createChallenge } });
const asGot = (c, credential, answer = c.get) => ({ label: c.name, kind: 'get', answer, asked: { ...c.asked, challenge: c.getChallenge }, credential });

// The same answer with another value, by the name in it.
const withId = (answer, id) => ({ ...answer, id, rawId: id });
const withPart = (answer, name, octets) => (name === 'id' ? withId(answer, b64(octets)) : { ...answer, response: { ...answer.response, [name]: b64(octets) } });
const part = (answer, name) => un(name === 'id' ? answer.id : answer.response[name]);

// Without its statement, an attestation that is certified is one that both take.
const unattested = (authData) => cbor([['fmt', 'none'], ['attStmt', []], ['authData', Buffer.from(authData)]]);
const stripped = (c) => withPart(c.create, 'attestationObject', unattested(decodeAttestationObject(part(c.create, 'attestationObject')).get('authData')));
const credentialOf = (c) => register(asCreated(c, c.accepted ? c.create : stripped(c)));

// One bit of each octet, every one of octets that have flags.
function flips(octets, flags) {
  const at = [...octets.keys()].flatMap((i) => (i === flags ? [0, 1, 2, 3, 4, 5, 6, 7] : [i % 8]).map((bit) => [i, bit]));
  return at.map(([i, bit]) => {
    const copy = Buffer.from(octets);
    copy[i] ^= 1 << bit;
    return { octets: copy, at: i, bit };
  });
}

const flagsAt = 32;
const flipped = (answer, name, flags) => flips(part(answer, name), flags)
  .map(({ octets, at, bit }) => ({ answer: withPart(answer, name, octets), part: name, at, label: `${name}, bit ${bit} of octet ${at}` }));

/*
 * differences: [{why, is(question, ours, theirs)}]. Every question on which the two do not agree is of exactly one of them, and each
 * of them is met.
 */
async function compare(questions, differences) {
  const met = new Map(differences.map((difference) => [difference, 0]));
  const counts = { right: 0, refused: 0, different: 0 };
  for (const { question, ours, theirs } of await judge(questions)) {
    if (right(ours.verdict) === right(theirs.verdict)) {
      counts[right(ours.verdict) ? 'right' : 'refused']++;
      continue;
    }
    counts.different++;
    const reasons = differences.filter(({ is }) => is(question, ours.verdict, theirs.verdict));
    assert.equal(reasons.length, 1, `${question.label}: here "${ours.verdict}", there "${theirs.verdict}"`);
    met.set(reasons[0], met.get(reasons[0]) + 1);
  }
  for (const [{ why }, n] of met) assert.ok(n > 0, `not met: ${why}`);
  return counts;
}

test('recorded ceremonies are right for both, but those with certificates, of which Gatepost believes none (WA-10)', async () => {
  const counts = await compare(recorded.map((c) => asCreated(c)), [
    { why: 'certificates prove a maker only to who keeps a list of makers; nobody asks for them', is: (_, ours) => ours === 'bad attestation' },
  ]);
  assert.deepEqual(counts, { right: 11, refused: 0, different: 3 });
  const got = await compare(await Promise.all(recorded.map(async (c) => asGot(c, await credentialOf(c)))), []);
  assert.deepEqual(got, { right: 14, refused: 0, different: 0 });
});

test('WA-08: an assertion with a flipped bit in any octet is refused by both', async () => {
  const questions = [];
  for (const c of recorded) {
    const credential = await credentialOf(c);
    const all = [...flipped(c.get, 'authenticatorData', flagsAt), ...['clientDataJSON', 'signature', 'id'].flatMap((name) => flipped(c.get, name))];
    questions.push(...all.map(({ answer, part: name, at, label }) => ({ ...asGot(c, credential, answer), part: name, at, label: `${c.name}: ${label}` })));
  }
  const counts = await compare(questions, [
    { why: 'that the credential is the one with this id is left to the caller there', is: ({ part: name }, ours) => name === 'id' && ours === 'wrong credential' },
    { why: 'a DER length that is not that of the octets is overlooked there', is: ({ part: name, at, label }, ours) => name === 'signature' && at === 1 && label.startsWith('es256') && ours === 'bad signature' },
  ]);
  assert.equal(counts.right, 0);
  assert.ok(counts.refused > 4000, `${counts.refused} refused`);
});

test('WA-08: an assertion of one credential is right for no other', async () => {
  const credentials = await Promise.all(recorded.map(credentialOf));
  const questions = recorded.flatMap((c, i) => recorded.map((other, k) => ({ ...asGot(c, credentials[k], withId(c.get, other.get.id)), label: `${c.name} for ${other.name}`, same: i === k })));
  const counts = await compare(questions, []);
  assert.deepEqual(counts, { right: recorded.length, refused: recorded.length * (recorded.length - 1), different: 0 });
});

// Where the parts of authData begin, credential ids being 32 octets long (WebAuthn L3 §6.1, §6.5.1).
const idAt = 55;
const keyAt = 87;

test('WA-05: of a registration with a flipped bit both say the same, but that Gatepost looks at ids, keys and lengths', async () => {
  const questions = [];
  for (const c of recorded.filter(({ accepted }) => accepted)) {
    const start = part(c.create, 'attestationObject').indexOf(sha256(c.rpId));
    const all = [...flipped(c.create, 'attestationObject', start + flagsAt).map((one) => ({ ...one, at: one.at - start })),
      ...['clientDataJSON', 'id'].flatMap((name) => flipped(c.create, name))];
    questions.push(...all.map(({ answer, part: name, at, label }) => ({ ...asCreated(c, answer), part: name, at, label: `${c.name}: ${label}` })));
  }
  const inside = ({ part: name, at }, from, to = Infinity) => name === 'attestationObject' && at >= from && at < to;
  const counts = await compare(questions, [
    { why: 'the id outside is not compared with the one inside there', is: (question, ours) => ours === 'wrong credential' && (question.part === 'id' || inside(question, idAt, keyAt)) },
    { why: 'whether the key is one is found out by the first assertion there', is: (question, ours) => ours === 'bad key' && inside(question, keyAt) },
    { why: 'CBOR that declares more octets than there are, and a tag, are read as far as they go there', is: (question, ours) => ours === 'malformed' && (inside(question, -2, 0) || inside(question, keyAt)) },
    { why: 'client data that is not UTF-8 is read all the same there', is: ({ part: name }, ours) => name === 'clientDataJSON' && ours === 'unreadable' },
  ]);
  assert.ok(counts.refused > 2000, `${counts.refused} refused`);
});

/*
 * What nothing but its author could sign: an authenticator of our own, so that no signature is in the way of what is wrong. Cases are
 * [label, what Gatepost says, why the other says otherwise or undefined, answer, how what is asked differs].
 */
const party = { rpId: 'login.example', origin: 'https://login.example' };

// Octets of the numbers in an ECDSA signature, without leading zeros.
function lengths(der) {
  const number = (at) => der.subarray(at + 2, at + 2 + der[at + 1]);
  const [r, s] = [number(2), number(4 + der[3])];
  return [r, s].map((octets) => octets.length - octets.findIndex((octet) => octet !== 0));
}

// The other does not verify signatures in which a number happens to be short, so ours are without such, or with one.
class Author extends SoftAuthenticator {
  short = false;

  sign(authData, clientData) {
    for (;;) {
      const signature = super.sign(authData, clientData);
      if (this.alg !== -7 || lengths(signature).some((n) => n < 32) === this.short) return signature;
    }
  }
}

const makeAuthenticator = (alg) => new Author({ alg, verified: true, ...party });
const asked = (challenge, more) => ({ ...party, challenge, verified: true, ...more });

async function compareCases(kind, cases, challenge, credential) {
  const questions = cases.map(([label, , , answer, more]) => ({ label, kind, answer, asked: asked(challenge, more), credential: { ...credential, theirs: { ...credential?.theirs, counter: more?.counter ?? 0 } } }));
  for (const [i, { ours, theirs }] of (await judge(questions)).entries()) {
    const [label, verdict, why] = cases[i];
    assert.equal(ours.verdict, verdict, `${label}; there: ${theirs.verdict}`);
    assert.equal(right(theirs.verdict) !== right(verdict), why !== undefined, `${label}: here "${verdict}", there "${theirs.verdict}"`);
  }
}

const json = (value) => Buffer.from(JSON.stringify(value));
const counted = (n) => Buffer.from([n >>> 24, n >> 16 & 255, n >> 8 & 255, n & 255]);
const authDataOf = ({ flags, count = 7, more = Buffer.alloc(0), rpId = party.rpId }) => Buffer.concat([sha256(rpId), Buffer.from([flags]), counted(count), more]);
const [UP, UV, BE, BS, AT, ED] = [0x01, 0x04, 0x08, 0x10, 0x40, 0x80];

// Of client data, the same for both kinds; make(clientData octets) is the answer.
function clientDataCases(type, challenge, make) {
  const good = { type, challenge, origin: party.origin, crossOrigin: false };
  const without = (name) => Object.fromEntries(Object.entries(good).filter(([key]) => key !== name));
  const twice = (name, value) => Buffer.from(JSON.stringify(good).replace('{', `{${JSON.stringify(name)}:${JSON.stringify(value)},`));
  const other = type === 'webauthn.get' ? 'webauthn.create' : 'webauthn.get';
  const last = 'of two members with one name the last one counts there';
  return [
    ['as it is', 'right', undefined, good],
    ['without crossOrigin', 'right', undefined, without('crossOrigin')],
    ['with what nobody knows', 'right', undefined, { ...good, more: { a: [1, 2] } }],
    ['the other type', 'wrong type', undefined, { ...good, type: other }],
    ['a type in capitals', 'wrong type', undefined, { ...good, type: type.toUpperCase() }],
    ['a type with a space', 'wrong type', undefined, { ...good, type: `${type} ` }],
    ['a type of a list', 'wrong type', undefined, { ...good, type: [type] }],
    ['no type', 'wrong type', undefined, without('type')],
    ['another challenge', 'wrong challenge', undefined, { ...good, challenge: b64(randomBytes(32)) }],
    ['a challenge cut', 'wrong challenge', undefined, { ...good, challenge: challenge.slice(0, -2) }],
    ['a challenge padded', 'wrong challenge', undefined, { ...good, challenge: `${challenge}=` }],
    ['no challenge', 'wrong challenge', undefined, without('challenge')],
    ['an origin that begins alike', 'wrong origin', undefined, { ...good, origin: `${party.origin}.evil.example` }],
    ['an origin that ends alike', 'wrong origin', undefined, { ...good, origin: 'https://evil-login.example' }],
    ['a subdomain', 'wrong origin', undefined, { ...good, origin: 'https://a.login.example' }],
    ['http', 'wrong origin', undefined, { ...good, origin: 'http://login.example' }],
    ['a port', 'wrong origin', undefined, { ...good, origin: `${party.origin}:8443` }],
    ['a slash', 'wrong origin', undefined, { ...good, origin: `${party.origin}/` }],
    ['no origin', 'wrong origin', undefined, without('origin')],
    ['in a frame of another', 'wrong origin', 'it leaves crossOrigin to the caller', { ...good, crossOrigin: true }],
    ['crossOrigin of a text', 'wrong origin', 'it leaves crossOrigin to the caller', { ...good, crossOrigin: 'false' }],
    ['a topOrigin', 'wrong origin', 'it knows no topOrigin', { ...good, topOrigin: party.origin }],
    ['type twice', 'unreadable', last, twice('type', other)],
    ['origin twice', 'unreadable', last, twice('origin', 'https://evil.example')],
    ['crossOrigin twice', 'unreadable', last, twice('crossOrigin', true)],
    ['a byte order mark', 'unreadable', 'it takes the mark off', Buffer.concat([Buffer.from('\ufeff'), json(good)])],
    ['a list', 'unreadable', undefined, [good]],
    ['a text', 'unreadable', undefined, Buffer.from('webauthn')],
    ['cut', 'unreadable', undefined, json(good).subarray(0, -1)],
    ['a status of token binding', 'right', 'Level 3 has no token binding; it refuses a status it does not know', { ...good, tokenBinding: { status: 'x' } }],
  ].map(([label, verdict, why, data]) => [label, verdict, why, make(Buffer.isBuffer(data) ? data : json(data))]);
}

const answerGet = (authenticator, challenge, { clientData = json({ type: 'webauthn.get', challenge, origin: party.origin }), authData = authDataOf({ flags: UP | UV }) } = {}) =>
  authenticator.answer({ clientDataJSON: b64(clientData), authenticatorData: b64(authData), signature: b64(authenticator.sign(authData, clientData)), userHandle: b64(randomBytes(16)) });

const attested = (authenticator, { id = authenticator.id, key = coseKey(authenticator.alg, authenticator.keys.publicKey) } = {}) =>
  Buffer.concat([Buffer.alloc(16), Buffer.from([id.length >> 8, id.length & 255]), id, key]);

// Without attestation, or with that of another form.
function answerCreate(authenticator, challenge, { clientData = json({ type: 'webauthn.create', challenge, origin: party.origin }), flags = UP | UV | AT, rpId, more = attested(authenticator), object = unattested } = {}) {
  const authData = authDataOf({ flags, rpId, more });
  return authenticator.answer({ clientDataJSON: b64(clientData), attestationObject: b64(object(authData, clientData)), transports: ['internal'] });
}

const challengeOf = () => b64(randomBytes(32));
const registered = (authenticator, challenge) => register({ label: `registered ${authenticator.alg}`, kind: 'create', answer: answerCreate(authenticator, challenge), asked: asked(challenge) });

test('WA-02: what client data must say is the same for both, but for frames, members that come twice and token binding', async () => {
  for (const alg of offered) {
    const authenticator = makeAuthenticator(alg);
    const challenge = challengeOf();
    const credential = await registered(authenticator, challenge);
    await compareCases('get', clientDataCases('webauthn.get', challenge, (clientData) => answerGet(authenticator, challenge, { clientData })), challenge, credential);
    await compareCases('create', clientDataCases('webauthn.create', challenge, (clientData) => answerCreate(authenticator, challenge, { clientData })), challenge);
  }
});

test('WA-03: relying party, presence, verification and backup of assertions', async () => {
  for (const alg of offered) {
    const authenticator = makeAuthenticator(alg);
    const challenge = challengeOf();
    const credential = await registered(authenticator, challenge);
    const made = (form) => answerGet(authenticator, challenge, { authData: authDataOf({ flags: UP | UV, ...form }) });
    const answer = made({});
    const count = 'whether the counter goes on is for the session to judge (WA-09)';
    const empty = cbor([]);
    await compareCases('get', [
      ['as it is', 'right', undefined, answer],
      ['of another party', 'wrong relying party', undefined, made({ rpId: 'evil.example' })],
      ['asked by another party', 'wrong relying party', undefined, answer, { rpId: 'other.example' }],
      ['asked by a parent domain', 'wrong relying party', undefined, answer, { rpId: 'example' }],
      ['for another challenge', 'wrong challenge', undefined, answer, { challenge: challengeOf() }],
      ['for another origin', 'wrong origin', undefined, answer, { origin: 'https://other.example' }],
      ['nobody there', 'nobody present', undefined, made({ flags: UV })],
      ['not verified', 'user not verified', undefined, made({ flags: UP })],
      ['not verified, and nobody asks', 'right', undefined, made({ flags: UP }), { verified: false }],
      ['backed up but not to be', 'bad backup flags', undefined, made({ flags: UP | UV | BS })],
      ['to be backed up since', 'bad backup flags', 'it does not know what the credential was', made({ flags: UP | UV | BE })],
      ['a counter of none', 'right', undefined, made({ count: 0 })],
      ['a counter as it was', 'right', count, made({ count: 9 }), { counter: 9 }],
      ['a counter that went back', 'right', count, made({ count: 8 }), { counter: 9 }],
      ['a counter of none after one', 'right', count, made({ count: 0 }), { counter: 9 }],
      ['the highest counter', 'right', undefined, made({ count: 2 ** 32 - 1 }), { counter: 2 ** 32 - 2 }],
      ['an octet too many', 'malformed', undefined, made({ more: Buffer.alloc(1) })],
      ['no extensions where announced', 'malformed', undefined, made({ flags: UP | UV | ED })],
      ['extensions not announced', 'malformed', undefined, made({ more: empty })],
      ['extensions', 'malformed', 'none were asked for; it hands them on', made({ flags: UP | UV | ED, more: empty })],
      ['no credential where announced', 'malformed', undefined, made({ flags: UP | UV | AT })],
      ['a credential', 'malformed', 'none belongs there; it is not looked at', made({ flags: UP | UV | AT, more: attested(authenticator) })],
      ['another id', 'wrong credential', 'that the credential is the one with this id is left to the caller there', withId(answer, b64(randomBytes(32)))],
      ['id and rawId differ', 'unreadable', undefined, { ...answer, rawId: b64(randomBytes(32)) }],
      ['no id', 'unreadable', undefined, withId(answer, '')],
      ['another type', 'unreadable', undefined, { ...answer, type: 'password' }],
      ['base64 with padding', 'unreadable', 'padding is overlooked there', { ...answer, response: { ...answer.response, authenticatorData: `${answer.response.authenticatorData}==` } }],
      ['no signature', 'unreadable', undefined, { ...answer, response: { ...answer.response, signature: '' } }],
      ['a user handle of 65 octets', 'unreadable', 'its length is not looked at there', withPart(answer, 'userHandle', Buffer.alloc(65))],
    ], challenge, credential);
  }
});

test('WA-08: an ECDSA signature with a short number in it, as every hundredth has, is one for Gatepost', async () => {
  const authenticator = makeAuthenticator(-7);
  const challenge = challengeOf();
  const credential = await registered(authenticator, challenge);
  authenticator.short = true;
  const numbers = 'it puts the numbers of DER side by side without filling them up to 32 octets';
  await compareCases('get', [['a short number', 'right', numbers, answerGet(authenticator, challenge)]], challenge, credential);
});

test('WA-03: relying party, presence, verification and backup of registrations', async () => {
  const authenticator = makeAuthenticator(-7);
  const challenge = challengeOf();
  const made = (flags, more) => answerCreate(authenticator, challenge, { flags: flags | AT, ...more });
  const answer = made(UP | UV);
  const extended = (value) => ({ more: Buffer.concat([attested(authenticator), cbor(value)]) });
  await compareCases('create', [
    ['as it is', 'right', undefined, answer],
    ['of another party', 'wrong relying party', undefined, made(UP | UV, { rpId: 'evil.example' })],
    ['asked by another party', 'wrong relying party', undefined, answer, { rpId: 'other.example' }],
    ['for another challenge', 'wrong challenge', undefined, answer, { challenge: challengeOf() }],
    ['for another origin', 'wrong origin', undefined, answer, { origin: 'https://other.example' }],
    ['nobody there', 'nobody present', undefined, made(UV)],
    ['not verified', 'user not verified', undefined, made(UP)],
    ['not verified, and nobody asks', 'right', undefined, made(UP), { verified: false }],
    ['to be backed up', 'right', undefined, made(UP | UV | BE)],
    ['backed up', 'right', undefined, made(UP | UV | BE | BS)],
    ['backed up but not to be', 'bad backup flags', undefined, made(UP | UV | BS)],
    ['no credential', 'malformed', undefined, answerCreate(authenticator, challenge, { flags: UP | UV, more: Buffer.alloc(0) })],
    ['no extensions where announced', 'malformed', undefined, made(UP | UV | ED)],
    ['extensions not announced', 'malformed', undefined, made(UP | UV, extended([['credProtect', 2]]))],
    ['credProtect', 'right', undefined, made(UP | UV | ED, extended([['credProtect', 2]]))],
    ['another extension', 'malformed', 'none was asked for; it hands them on', made(UP | UV | ED, extended([['hmac-secret', 1]]))],
    ['an octet too many', 'malformed', undefined, made(UP | UV, { more: Buffer.concat([attested(authenticator), Buffer.alloc(1)]) })],
    ['id and rawId differ', 'unreadable', undefined, { ...answer, rawId: b64(randomBytes(32)) }],
    ['another type', 'unreadable', undefined, { ...answer, type: 'password' }],
  ], challenge);
});

const sorted = 'authenticators write maps in one order (CTAP 2.1 §8), which is not looked at there';

// COSE keys of no authenticator that is offered, or of none at all.
function badKeys() {
  const p256 = createECDH('prime256v1');
  const point = p256.generateKeys();
  const [x, y] = [point.subarray(1, 33), point.subarray(33)];
  const off = Buffer.from(y);
  off[31] ^= 1;
  const rsa = (bits, publicExponent = 65537) => {
    const jwk = generateKeyPairSync('rsa', { modulusLength: bits, publicExponent }).publicKey.export({ format: 'jwk' });
    return [[1, 3], [3, -257], [-1, un(jwk.n)], [-2, un(jwk.e)]];
  };
  const ec = (more) => [[1, 2], [3, -7], [-1, 1], [-2, x], [-3, y]].map(([label, value]) => [label, more[label] ?? value]);
  const okp = (value) => [[1, 1], [3, -8], [-1, 6], [-2, value]];
  const later = 'whether the key is one is found out by the first assertion there';
  return [
    ['a point', 'right', undefined, ec({})],
    ['a point off the curve', 'bad key', later, ec({ [-3]: off })],
    ['zeros for a point', 'bad key', later, ec({ [-2]: Buffer.alloc(32), [-3]: Buffer.alloc(32) })],
    ['a coordinate above the field', 'bad key', later, ec({ [-2]: Buffer.alloc(32, 255) })],
    ['a short coordinate', 'bad key', later, ec({ [-2]: x.subarray(1) })],
    ['no coordinate', 'bad key', later, ec({}).slice(0, 4)],
    ['a key type of another algorithm', 'bad key', later, ec({ 1: 3 })],
    ['another curve', 'bad key', later, ec({ [-1]: 2 })],
    ['a member more', 'bad key', 'what it does not know it overlooks', [...ec({}), [-70, 1]]],
    ['members in another order', 'bad key', sorted, ec({}).reverse()],
    ['ES384, which was not offered', 'bad key', undefined, ec({ 3: -35 })],
    ['RS1', 'bad key', undefined, [...rsa(2048).filter(([label]) => label !== 3), [3, -65535]]],
    ['PS256', 'bad key', undefined, [...rsa(2048).filter(([label]) => label !== 3), [3, -37]]],
    ['no algorithm', 'bad key', undefined, ec({}).filter(([label]) => label !== 3)],
    ['RSA of 2048 bits', 'right', undefined, rsa(2048)],
    ['RSA of 1024 bits', 'bad key', later, rsa(1024)],
    ['RSA with the exponent 3', 'bad key', later, rsa(2048, 3)],
    ['Ed25519 of order 1', 'bad key', later, okp(Buffer.concat([Buffer.from([1]), Buffer.alloc(31)]))],
    ['Ed25519 of order 4', 'bad key', later, okp(Buffer.alloc(32))],
    ['Ed25519 too short', 'bad key', later, okp(Buffer.alloc(31, 9))],
  ].map(([label, verdict, why, key]) => [label, verdict, why, cbor(key)]);
}

test('WA-05: keys that were not offered are refused by both, keys that are none by Gatepost at once', async () => {
  const authenticator = makeAuthenticator(-7);
  const challenge = challengeOf();
  const cases = badKeys().map(([label, verdict, why, key]) => [label, verdict, why, answerCreate(authenticator, challenge, { more: attested(authenticator, { key }) })]);
  await compareCases('create', cases, challenge);
});

test('WA-05: ids of credentials are bounded, and are what is inside', async () => {
  const authenticator = makeAuthenticator(-8);
  const challenge = challengeOf();
  const named = (id) => withId(answerCreate(authenticator, challenge, { more: attested(authenticator, { id }) }), b64(id));
  const answer = answerCreate(authenticator, challenge);
  await compareCases('create', [
    ['1 octet', 'right', undefined, named(randomBytes(1))],
    ['1023 octets', 'right', undefined, named(randomBytes(1023))],
    ['1024 octets', 'unreadable', 'there is no bound there (WebAuthn L3 §7.1 has one)', named(randomBytes(1024))],
    ['none', 'unreadable', undefined, named(Buffer.alloc(0))],
    ['another one inside', 'wrong credential', 'the id outside is not compared with the one inside there', withId(answer, b64(randomBytes(32)))],
  ], challenge);
});

test('WA-05, WA-13: attestation objects: self-attestation is verified by both; Gatepost takes exactly what the standard says', async () => {
  for (const alg of offered) {
    const authenticator = makeAuthenticator(alg);
    const challenge = challengeOf();
    const made = (object) => answerCreate(authenticator, challenge, { object });
    const packed = (statement) => (authData, clientData) => cbor([['fmt', 'packed'], ['attStmt', statement(authenticator.sign(authData, clientData))], ['authData', authData]]);
    const other = makeAuthenticator(alg);
    const lenient = 'CBOR is read as far as it goes there';
    const whole = (authData) => [['fmt', 'none'], ['attStmt', []], ['authData', authData]];
    const tail = (authData, ...more) => Buffer.concat([Buffer.from([0xa3 + more.length]), cbor(whole(authData)).subarray(1), ...more.flat().map(cbor)]);
    await compareCases('create', [
      ['self-attestation', 'right', undefined, made(packed((sig) => [['alg', alg], ['sig', sig]]))],
      ['its members in the other order', 'bad attestation', sorted, made(packed((sig) => [['sig', sig], ['alg', alg]]))],
      ['signed by another key', 'bad attestation', undefined, made((authData, clientData) => cbor([['fmt', 'packed'], ['attStmt', [['alg', alg], ['sig', other.sign(authData, clientData)]]], ['authData', authData]]))],
      ['of other client data', 'bad attestation', undefined, made((authData) => cbor([['fmt', 'packed'], ['attStmt', [['alg', alg], ['sig', authenticator.sign(authData, Buffer.from('{}'))]]], ['authData', authData]]))],
      ['no signature', 'bad attestation', undefined, made(packed(() => [['alg', alg]]))],
      ['no algorithm', 'bad attestation', undefined, made(packed((sig) => [['sig', sig]]))],
      ['an algorithm that is none', 'bad attestation', undefined, made(packed((sig) => [['alg', 'none'], ['sig', sig]]))],
      ['a member more', 'bad attestation', 'what it does not know it overlooks', made(packed((sig) => [['alg', alg], ['sig', sig], ['more', 1]]))],
      ['none with a statement', 'bad attestation', undefined, made((authData) => cbor([['fmt', 'none'], ['attStmt', [['alg', alg]]], ['authData', authData]]))],
      ['a format that nobody knows', 'bad attestation', undefined, made((authData) => cbor([['fmt', 'other'], ['attStmt', []], ['authData', authData]]))],
      ['members in another order', 'right', undefined, made((authData) => cbor([['authData', authData], ['fmt', 'none'], ['attStmt', []]]))],
      ['a member more in the object', 'malformed', 'what it does not know it overlooks', made((authData) => tail(authData, ['more', 1]))],
      ['an octet behind it', 'malformed', lenient, made((authData) => Buffer.concat([unattested(authData), Buffer.alloc(1)]))],
      ['cut', 'malformed', lenient, made((authData) => unattested(authData).subarray(0, -1))],
      ['a member twice', 'malformed', undefined, made((authData) => tail(authData, ['fmt', 'none']))],
      ['of indefinite length', 'malformed', undefined, made((authData) => Buffer.concat([Buffer.from([0xbf]), cbor(whole(authData)).subarray(1), Buffer.from([0xff])]))],
      ['no authData', 'malformed', undefined, made(() => cbor([['fmt', 'none'], ['attStmt', []]]))],
      ['a list', 'malformed', undefined, made((authData) => Buffer.concat([Buffer.from([0x81]), unattested(authData)]))],
    ], challenge);
  }
});
