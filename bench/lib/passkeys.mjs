// What one check of a second factor costs the processor, beside libcrypto and a password's hash. Nothing else runs for it.
import { join } from 'node:path';
import { bench, must, root } from './build.mjs';
import { goal, middle, ratio } from './report.mjs';

const CASE_MILLISECONDS = 300;
const MOST = 2; // ms of one verification

const labels = {
  'create-es256': 'a registration, ES256', 'create-eddsa': 'a registration, EdDSA', 'create-rs256': 'a registration, RS256',
  'create-es256-self': 'a registration with self-attestation, ES256', 'create-eddsa-self': 'a registration with self-attestation, EdDSA',
  'create-rs256-self': 'a registration with self-attestation, RS256',
  'get-es256': 'an assertion, ES256', 'get-eddsa': 'an assertion, EdDSA', 'get-rs256': 'an assertion, RS256',
  code: 'a code of an authenticator app',
};

// One value of everything: {name: {time (ms)}}.
function round() {
  const lines = must(bench('passkey'), [join(root, 'tests/unit/ceremonies.txt'), String(CASE_MILLISECONDS)]).trim().split('\n');
  return Object.fromEntries(lines.map((line) => line.split(' ')).map(([name, micros]) => [name, { time: Number(micros) / 1000 }]));
}

export function passkeys({ rounds, log }) {
  const done = Array.from({ length: rounds }, (_, i) => {
    log(`round ${i + 1} of passkeys`);
    return round();
  });
  const of = (name) => done.map((one) => one[name]);
  const time = (name) => middle(of(name), 'time');
  const beside = (name, base, digits) => ratio(of(name), of(base), 'time').toFixed(digits);
  return [
    { what: '(o) libcrypto alone: one ECDSA P-256 verification', measured: `${time('bare').toFixed(3)} ms` },
    { what: '(o) one Argon2id hash, 19 MiB and 2 passes', measured: `${time('hash').toFixed(1)} ms` },
    ...Object.entries(labels).map(([name, label]) => ({
      what: `(o) ${label}`,
      measured: `${time(name).toFixed(3)} ms; of libcrypto's verification ${beside(name, 'bare', 2)}, of a hash ${beside(name, 'hash', 4)}`,
      goals: [goal('CPU', '≤', MOST, time(name), 3, ' ms')],
    })),
  ];
}
