/* The key of a device that a finger or a face unlocks, as a proof of who holds it. */
import type { Json } from './problem.js';

/** P-256, never outside secure hardware (Secure Enclave; Android Keystore, StrongBox), a native module of your app's. */
export interface DeviceKey {
  /** Makes the key if there is none: {"kty":"EC","crv":"P-256","x","y"}. */
  publicJwk(): Promise<Json>;
  /** ECDSA with SHA-256 over these bytes, in DER, as both sign by themselves. Rejects if the person says no. */
  sign(bytes: Uint8Array): Promise<Uint8Array>;
}

export type Proof = { method: 'password'; password: string } | { method: 'totp' | 'recovery_code'; code: string }
  | { method: 'passkey'; passkey: Json } | { method: 'device_key'; device_id: string; challenge: string; signature: string };

/** The answer of POST /session/challenge, signed; null if the person said no. */
export async function signed(key: DeviceKey, device_id: string, challenge: string): Promise<Proof | null> {
  // What is signed are its characters as they came; not every engine has a TextEncoder.
  const octets = encodeURIComponent(challenge).match(/%..|./g) ?? [];
  const bytes = Uint8Array.from(octets, (one) => (one.length > 1 ? parseInt(one.slice(1), 16) : one.charCodeAt(0)));
  const signature = await key.sign(bytes).catch(() => null);
  return signature && { method: 'device_key', device_id, challenge, signature: base64url(signature) };
}

function base64url(bytes: Uint8Array): string {
  const letters = 'ABCDEFGHIJKLMNOPQRSTUVWXYZabcdefghijklmnopqrstuvwxyz0123456789-_';
  let bits = 0;
  let waiting = 0;
  let text = '';
  for (const byte of bytes) {
    waiting = (waiting << 8 | byte) & 0xffff;
    for (bits += 8; bits >= 6; bits -= 6) text += letters[waiting >> (bits - 6) & 63];
  }
  return bits > 0 ? text + letters[waiting << (6 - bits) & 63] : text;
}
