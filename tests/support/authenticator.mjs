// An authenticator made of Node: it answers the options of the server as a browser with a passkey would, or as a test says.
import { createHash, generateKeyPairSync, randomBytes, sign } from 'node:crypto';
import { b64, cbor, coseKey } from './ceremonies.mjs';

export const ES256 = -7;
export const EDDSA = -8;
export const RS256 = -257;

const makeKeys = {
  [ES256]: () => generateKeyPairSync('ec', { namedCurve: 'P-256' }),
  [EDDSA]: () => generateKeyPairSync('ed25519'),
  [RS256]: () => generateKeyPairSync('rsa', { modulusLength: 2048 }),
};

// Octet of authenticatorData (WebAuthn L3 §6.1).
export const FLAGS = { present: 1, verified: 4, eligible: 8, backedUp: 16, attested: 64 };
const sha256 = (bytes) => createHash('sha256').update(bytes).digest();

/*
 * One credential. synced: it may be copied to other devices, and is. What a ceremony shall say in another way is the
 * last parameter of create and get: {origin, rpId, challenge, type, crossOrigin, flags, count, userHandle, id}.
 */
export class Authenticator {
  constructor(origin, { alg = ES256, synced = false } = {}) {
    const { hostname } = new URL(origin);
    Object.assign(this, { origin, rpId: hostname, alg, keys: makeKeys[alg](), id: randomBytes(32), count: synced ? 0 : 1, synced });
  }

  flags() {
    return FLAGS.present | FLAGS.verified | (this.synced ? FLAGS.eligible | FLAGS.backedUp : 0);
  }

  // One that is synced does not count.
  next() {
    return this.synced ? 0 : this.count++;
  }

  clientData(type, options, { origin = this.origin, challenge = options.challenge, crossOrigin = false, ...as }) {
    return Buffer.from(JSON.stringify({ type: as.type ?? type, challenge, origin, crossOrigin }));
  }

  authData(rpId, { flags = this.flags(), count = this.next(), ...as }, more = Buffer.alloc(0)) {
    const counter = Buffer.alloc(4);
    counter.writeUInt32BE(count);
    return Buffer.concat([sha256(as.rpId ?? rpId ?? this.rpId), Buffer.from([flags | (more.length > 0 ? FLAGS.attested : 0)]), counter, more]);
  }

  answer(response, id = this.id) {
    const text = b64(id);
    return { id: text, rawId: text, type: 'public-key', authenticatorAttachment: 'platform', clientExtensionResults: {}, response };
  }

  // RegistrationResponseJSON. Whose passkey it is, it keeps.
  create(options, as = {}) {
    const clientData = this.clientData('webauthn.create', options, as);
    const made = Buffer.concat([Buffer.alloc(16), Buffer.from([0, this.id.length]), this.id, coseKey(this.alg, this.keys.publicKey)]);
    const authData = this.authData(options.rp.id, as, made);
    const object = cbor([['fmt', 'none'], ['attStmt', []], ['authData', authData]]);
    this.userHandle = options.user.id;
    return this.answer({ clientDataJSON: b64(clientData), attestationObject: b64(object), transports: ['internal'] });
  }

  // AuthenticationResponseJSON.
  get(options, as = {}) {
    const clientData = this.clientData('webauthn.get', options, as);
    const authData = this.authData(options.rpId, as);
    const signature = sign(this.alg === EDDSA ? null : 'sha256', Buffer.concat([authData, sha256(clientData)]), this.keys.privateKey);
    const { userHandle = this.userHandle, id } = as;
    return this.answer({ clientDataJSON: b64(clientData), authenticatorData: b64(authData), signature: b64(signature), userHandle }, id);
  }
}
