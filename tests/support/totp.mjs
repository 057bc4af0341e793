// An authenticator app of the tests, by steps; its codes are oathtool's.
import { code } from './oathtool.mjs';

// The code of so many steps from now on: a server takes the present one and the one before.
export const totp = (secret, steps = 0) => code(secret.replaceAll(' ', ''), steps * 30);

// Of the address that an app scans: {secret, issuer, account}.
export function readOtpauth(text) {
  const url = new URL(text);
  return { secret: url.searchParams.get('secret'), issuer: url.searchParams.get('issuer'), account: decodeURIComponent(url.pathname) };
}
