// gatepost pin: what it prints is what openssl computes and what curl accepts; nothing of a private key comes out.
import { test, before, after } from 'node:test';
import assert from 'node:assert/strict';
import { execFile, spawnSync } from 'node:child_process';
import { mkdtempSync, readFileSync, rmSync, symlinkSync, writeFileSync } from 'node:fs';
import { createServer } from 'node:https';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { programs } from '../support/harness.mjs';

let dir;
const at = (name) => join(dir, name);
const write = (name, text) => {
  writeFileSync(at(name), text);
  return at(name);
};
const read = (name) => readFileSync(at(name), 'utf8');
const openssl = (args, input) => {
  const run = spawnSync('openssl', args, { input, cwd: dir });
  assert.equal(run.status, 0, `${run.stderr}`);
  return run.stdout;
};
const pin = (args, input = '') => spawnSync(programs.ctl, ['pin', ...args], { input, cwd: dir, encoding: 'utf8', env: { PATH: process.env.PATH } });
const printed = (args, input) => {
  const run = pin(args, input);
  assert.equal(run.status, 0, run.stderr);
  assert.equal(run.stderr, '');
  return run.stdout;
};
const pins = (args, input) => JSON.parse(printed([...args, '--json'], input)).pins;
// As every guide to pinning has it.
const oracle = (file) => openssl(['dgst', '-sha256', '-binary'],
  openssl(['pkey', '-pubin', '-outform', 'der'], openssl(['x509', '-in', file, '-noout', '-pubkey']))).toString('base64');
const kinds = {
  rsa: ['rsa:2048'],
  p256: ['ec', '-pkeyopt', 'ec_paramgen_curve:P-256'],
  p384: ['ec', '-pkeyopt', 'ec_paramgen_curve:P-384'],
  ed25519: ['ed25519'],
};

function certify(name, kind, subject, ...more) {
  openssl(['req', '-x509', '-newkey', ...kinds[kind], '-nodes', '-keyout', `${name}.key`, '-out', `${name}.pem`, '-utf8', '-subj', subject, ...more]);
}

function refused(args, pattern, input) {
  const run = pin(args, input);
  assert.equal(run.status, 1, run.stdout + run.stderr);
  assert.equal(run.stdout, '');
  assert.match(run.stderr, pattern);
  return run.stderr;
}

before(() => {
  dir = mkdtempSync(join(tmpdir(), 'gatepost-pin-'));
  for (const kind of Object.keys(kinds)) certify(kind, kind, `/CN=${kind}.example.org`, '-days', '30');
});
after(() => rmSync(dir, { recursive: true }));

test('of each kind of key, in every form, as openssl computes it', () => {
  for (const kind of Object.keys(kinds)) {
    const wanted = oracle(`${kind}.pem`);
    const text = printed([`${kind}.pem`]);
    assert.match(text, new RegExp(`^${kind}\\.pem: ${kind}\\.example\\.org, until \\d{4}-\\d\\d-\\d\\dT\\d\\d:\\d\\d:\\d\\dZ\n`));
    assert.deepEqual(text.split('\n').slice(1), [`  pin-sha256="${wanted}"`, `  OkHttp        sha256/${wanted}`,
      `  Apple         ${wanted}`, `  curl          --pinnedpubkey sha256//${wanted}`, '']);
    const end = new Date(openssl(['x509', '-in', `${kind}.pem`, '-noout', '-enddate']).toString().trim().replace('notAfter=', ''));
    assert.deepEqual(pins([`${kind}.pem`]), [{ file: `${kind}.pem`, subject: `${kind}.example.org`,
      not_after: end.toISOString().replace('.000Z', 'Z'), expired: false, pin_sha256: wanted }]);
  }
});

test('several in a file, several files, a link, standard input', () => {
  const all = Object.keys(kinds).map((kind) => oracle(`${kind}.pem`));
  assert.equal(new Set(all).size, all.length);
  write('chain.pem', `Bag Attributes\n  friendlyName: x\n${read('p256.pem')}\nsome words\n${read('rsa.pem')}`);
  symlinkSync('chain.pem', at('link.pem'));
  const chain = [oracle('p256.pem'), oracle('rsa.pem')];
  assert.deepEqual(pins(['chain.pem']).map((one) => one.pin_sha256), chain);
  assert.deepEqual(pins(['link.pem']).map((one) => one.pin_sha256), chain);
  assert.deepEqual(pins(['-'], read('chain.pem')).map((one) => one.pin_sha256), chain);
  assert.match(printed(['-'], read('p256.pem')), /^standard input: p256\.example\.org, until /);
  assert.deepEqual(pins(Object.keys(kinds).map((kind) => `${kind}.pem`)).map((one) => one.pin_sha256), all);
  assert.deepEqual(pins(['p256.pem', 'link.pem', '-'], read('ed25519.pem')).map(({ file, subject }) => [file, subject]),
    [['p256.pem', 'p256.example.org'], ['link.pem', 'p256.example.org'], ['link.pem', 'rsa.example.org'], ['-', 'ed25519.example.org']]);
  assert.deepEqual(pins(['-'], read('chain.pem').replaceAll('\n', '\r\n')).map((one) => one.pin_sha256), chain);
});

test('a spare key that nobody has certified yet: its public half', () => {
  for (const kind of Object.keys(kinds)) {
    openssl(['pkey', '-in', `${kind}.key`, '-pubout', '-out', `${kind}.pub`]);
    assert.deepEqual(pins([`${kind}.pub`]), [{ file: `${kind}.pub`, subject: null, not_after: null, expired: false, pin_sha256: oracle(`${kind}.pem`) }]);
    assert.match(printed([`${kind}.pub`]), new RegExp(`^${kind}\\.pub: a public key\n`));
  }
});

test('names: the first of DNS where there is no CN, none, and what a terminal would act on', () => {
  certify('san', 'p256', '/', '-addext', 'subjectAltName=IP:127.0.0.1,DNS:first.example.org,DNS:second.example.org');
  certify('none', 'p256', '/O=Nobody');
  certify('evil', 'p256', '/CN=a\u001b[2Jb\nEXPIRED\u009b');
  certify('ü', 'p256', '/CN=Zażółć gęślą');
  assert.equal(pins(['san.pem'])[0].subject, 'first.example.org');
  assert.equal(pins(['none.pem'])[0].subject, null);
  assert.match(printed(['none.pem']), /^none\.pem: a certificate without a name, until/);
  assert.match(printed(['evil.pem']), /^evil\.pem: a\?\[2Jb\?EXPIRED\?+, until /);
  assert.equal(pins(['evil.pem'])[0].subject, 'a\u001b[2Jb\nEXPIRED\u009b');
  assert.match(printed(['ü.pem']), /^ü\.pem: Zażółć gęślą, until /);
});

test('an expired certificate is called so, and one of a far future has its end', () => {
  certify('long', 'p256', '/CN=long', '-days', '36500');
  assert.match(printed(['long.pem']), /^long\.pem: long, until 2[01]\d\d-/);
  openssl(['req', '-new', '-key', 'p256.key', '-subj', '/CN=old', '-out', 'old.csr']);
  openssl(['x509', '-req', '-in', 'old.csr', '-signkey', 'p256.key', '-days', '-1', '-out', 'old.pem']);
  assert.match(printed(['old.pem']), /^old\.pem: old, EXPIRED \d{4}-/);
  assert.equal(pins(['old.pem'])[0].expired, true);
});

test('a private key is refused wherever it stands, and nothing of it is printed', () => {
  openssl(['pkcs8', '-topk8', '-in', 'p256.key', '-passout', 'pass:secret', '-out', 'sealed.key']);
  openssl(['ec', '-in', 'p256.key', '-out', 'sec1.key']);
  openssl(['rsa', '-in', 'rsa.key', '-traditional', '-out', 'pkcs1.key']);
  write('both.pem', read('p256.pem') + read('p256.key'));
  write('first.pem', read('p256.key') + read('p256.pem'));
  for (const file of ['rsa.key', 'p256.key', 'ed25519.key', 'sealed.key', 'sec1.key', 'pkcs1.key', 'both.pem', 'first.pem']) {
    const said = [refused([file], /has a private key in it/), refused(['rsa.pem', file], /has a private key in it/),
      refused(['-'], /standard input: has a private key/, read(file))].join('');
    for (const line of read(file).split('\n')) if (/^[A-Za-z0-9+/=]{16,}$/.test(line)) assert.ok(!said.includes(line));
  }
});

test('what is no certificate is refused, and then nothing is printed of the others', () => {
  const good = read('p256.pem');
  const lines = good.trim().split('\n');
  const wrapped = (label, base64) => `-----BEGIN ${label}-----\n${base64.match(/.{1,64}/g).join('\n')}\n-----END ${label}-----\n`;
  const der = openssl(['x509', '-in', 'p256.pem', '-outform', 'der']);
  for (const [name, text, pattern] of [
    ['empty', '', /no certificate/],
    ['words', 'not PEM at all\n', /no certificate/],
    ['der', der, /no certificate/],
    ['nul', Buffer.alloc(4096), /no certificate/],
    ['params', openssl(['ecparam', '-name', 'prime256v1']), /no certificate/],
    ['cut', lines.slice(0, -1).join('\n'), /cannot be read/],
    ['half', [...lines.slice(0, 3), ...lines.slice(-1)].join('\n'), /cannot be read/],
    ['letters', good.replace(lines[1], lines[1].replace(/^.{8}/, '!!!!!!!!')), /cannot be read/],
    ['behind', wrapped('CERTIFICATE', Buffer.concat([der, Buffer.from('more')]).toString('base64')), /cannot be read/],
    ['other', wrapped('CERTIFICATE', 'AAAA'), /cannot be read/],
    ['label', wrapped('PUBLIC KEY', der.toString('base64')), /cannot be read/],
    ['key-behind', wrapped('PUBLIC KEY', Buffer.concat([openssl(['pkey', '-in', 'p256.key', '-pubout', '-outform', 'der']), Buffer.from('x')]).toString('base64')), /cannot be read/],
    ['second', good + lines.slice(0, 4).join('\n'), /cannot be read/],
    ['many', good.repeat(33), /too many/],
    ['large', good + ' '.repeat(1024 * 1024), /larger than 1024 KiB/],
  ]) {
    refused([write(`bad-${name}`, text)], pattern);
    refused(['rsa.pem', `bad-${name}`], pattern);
  }
  assert.equal(pins([write('many-enough', good.repeat(32))]).length, 32);
  for (const file of [dir, 'missing.pem', '']) refused(['p256.pem', file], /cannot be read/);
  // A point that is on no curve: the last octet of the key, changed.
  const spki = openssl(['pkey', '-in', 'p256.key', '-pubout', '-outform', 'der']);
  spki[spki.length - 1] ^= 1;
  refused([write('bad-point', wrapped('PUBLIC KEY', spki.toString('base64')))], /cannot be read/);
});

test('without a file it is a question of usage, and no configuration is looked for', () => {
  const run = pin([]);
  assert.equal(run.status, 2);
  assert.match(run.stderr, /which certificate/);
  assert.equal(printed(['p256.pem', '--config', at('missing.conf')]), printed(['p256.pem']));
});

test('curl talks to the server with the printed pin, and with another one does not', async () => {
  const server = createServer({ key: read('p256.key'), cert: read('p256.pem') }, (_, response) => response.end('there'));
  await new Promise((resolve) => server.listen(0, '127.0.0.1', resolve));
  const ask = (option) => new Promise((resolve) => {
    execFile('curl', ['--silent', '--noproxy', '*', '--cacert', at('p256.pem'), '--resolve', `p256.example.org:${server.address().port}:127.0.0.1`, ...option,
      `https://p256.example.org:${server.address().port}/`], (error, stdout) => resolve({ code: error?.code ?? 0, stdout }));
  });
  const option = (file) => /--pinnedpubkey sha256\/\/\S+/.exec(printed([file]))[0].split(' ');
  try {
    assert.deepEqual(await ask(option('p256.pem')), { code: 0, stdout: 'there' });
    assert.deepEqual(await ask(option('rsa.pem')), { code: 90, stdout: '' });
  } finally {
    server.closeAllConnections?.();
    await new Promise((resolve) => server.close(resolve));
  }
});
