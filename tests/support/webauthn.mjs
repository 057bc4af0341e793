// Chromium's virtual authenticators for a visitor of the browser tests.
import { createHash, X509Certificate } from 'node:crypto';
import { readFileSync } from 'node:fs';
import { join } from 'node:path';

// Passkeys are not to be had where the certificate is in doubt: this argument trusts the stack's own, and no other.
export function trusting(stack) {
  const { publicKey } = new X509Certificate(readFileSync(join(stack.dir, 'server.crt')));
  const spki = createHash('sha256').update(publicKey.export({ type: 'spki', format: 'der' })).digest('base64');
  return [`--ignore-certificate-errors-spki-list=${spki}`];
}

// → {set(options), credentials(), remove()}: one that answers by itself, with the person verified or not.
export async function addAuthenticator(page, { verified = true, synced = false } = {}) {
  const session = await page.context().newCDPSession(page);
  await session.send('WebAuthn.enable');
  const { authenticatorId } = await session.send('WebAuthn.addVirtualAuthenticator', { options: {
    protocol: 'ctap2', transport: 'internal', hasResidentKey: true, hasUserVerification: true, isUserVerified: verified,
    automaticPresenceSimulation: true, defaultBackupEligibility: synced, defaultBackupState: synced } });
  return {
    verify: (isUserVerified) => session.send('WebAuthn.setUserVerified', { authenticatorId, isUserVerified }),
    credentials: async () => (await session.send('WebAuthn.getCredentials', { authenticatorId })).credentials,
    forget: () => session.send('WebAuthn.clearCredentials', { authenticatorId }),
    remove: () => session.send('WebAuthn.removeVirtualAuthenticator', { authenticatorId }),
  };
}
