// docs/examples/clients: what the examples call and look for is what docs/openapi.yaml describes, or the server has.
// Nothing here compiles Swift and Kotlin, so that a wrong name there would show nowhere else.
import test from 'node:test';
import assert from 'node:assert/strict';
import { execFileSync } from 'node:child_process';
import { files, sources } from '../support/files.mjs';
import { description, operations } from '../support/openapi.mjs';

const examples = files((path) => /^docs\/examples\/clients\/(swift|kotlin|java|curl)\//.test(path));

const described = {
  calls: new Set(operations().map(({ verb, path }) => `${verb.toUpperCase()} ${path}`)),
  words: new Set(),
  answers: new Set(),
};

// Every name of a member and every word of an enumeration; "401 unauthenticated" of every problem.
function learn(value) {
  if (value === null || typeof value !== 'object') return;
  for (const name of Object.keys(value.properties ?? {})) described.words.add(name);
  for (const word of value.enum ?? []) described.words.add(word);
  const { status, code } = value.properties ?? {};
  if (status?.const && code?.enum) for (const word of code.enum) described.answers.add(`${status.const} ${word}`);
  Object.values(value).forEach(learn);
}
learn(description);

// What the server has, whether it is described or not: lint/openapi.test.mjs compares the two.
for (const { text } of sources(/\.c$/)) {
  for (const [, method, path] of text.matchAll(/\.method = METHOD_(\w+),\s*\.path = "\/api\/v1([^"]*)"/g)) described.calls.add(`${method} ${path}`);
  for (const [, word] of text.matchAll(/"([a-z]+(?:_[a-z]+)+)"/g)) described.words.add(word);
}

const places = (pattern, make) => examples.flatMap(({ path, text }) =>
  text.split('\n').flatMap((line, i) => [...line.matchAll(pattern)].map((match) => ({ where: `${path}:${i + 1}`, name: make(match) }))));

const calls = () => examples.flatMap(({ path, text }) => {
  const plain = text.replace(/\\\([a-z]+\)|\$\{[^}]*\}|\$id\b|" \+ id \+ "/g, '{id}');
  return plain.split('\n').flatMap((line, i) => [...line.matchAll(/\b(GET|POST|PUT|PATCH|DELETE)"?,? "?(\/[a-z{}/-]*)/g)]
    .map(([, method, place]) => ({ where: `${path}:${i + 1}`, name: `${method} ${place}` })));
});

const unknown = (found, known) => found.filter(({ name }) => !known(name)).map(({ where, name }) => `${where}: ${name}`);

test('there are examples in sh, Java, Swift and Kotlin', () => {
  for (const ending of ['gatepost', '.java', '.swift', '.kt']) assert.ok(examples.some(({ path }) => path.endsWith(ending)), ending);
});

test('every call is described', () => {
  const found = calls();
  for (const path of new Set(examples.map((one) => one.path).filter((one) => !/Device/.test(one)))) {
    for (const name of ['GET /session/state', 'POST /sessions', 'DELETE /session', 'POST /session/reauth', 'PUT /devices/{id}/key']) {
      assert.ok(found.some((one) => one.where.startsWith(`${path}:`) && one.name === name), `${path} shows ${name}`);
    }
  }
  assert.deepEqual(unknown(found, (name) => described.calls.has(name)), []);
});

test('every code that they act on comes with that status', () => {
  const swift = places(/\((\d{3}), "([a-z_]+)"\)/g, ([, status, code]) => `${status} ${code}`);
  const kotlin = places(/status == (\d{3}) && answer\.code == "([a-z_]+)"/g, ([, status, code]) => `${status} ${code}`);
  const java = places(/\.is\((\d{3}), "([a-z_]+)"\)/g, ([, status, code]) => `${status} ${code}`);
  const sh = places(/^\t(\d{3}):([a-z_]+)\)/g, ([, status, code]) => `${status} ${code}`);
  for (const list of [swift, kotlin, java, sh]) assert.ok(list.length >= 3, JSON.stringify(list));
  assert.deepEqual(unknown([...swift, ...kotlin, ...java, ...sh], (name) => described.answers.has(name)), []);
});

test('every name with an underline that stands in quotation marks is described', () => {
  // Names of the examples' own, in what they keep.
  const own = ['key_id'];
  const found = places(/"([a-z]+(?:_[a-z]+)+)"/g, ([, word]) => word);
  assert.ok(found.length > 50, `${found.length} names`);
  assert.deepEqual(unknown(found, (name) => described.words.has(name) || own.includes(name)), []);
});

test('docs/clients.md says of every code, with its status, what to do', () => {
  const [{ text }] = files((path) => path === 'docs/clients.md');
  const table = text.slice(text.indexOf('## What to do on each code'));
  const rows = [...table.matchAll(/^\| ((?:`[a-z_]+`(?:, )?)+) \| ([\d, ]+) \| (.*) \|$/gm)].flatMap(([, names, numbers]) => {
    const statuses = numbers.split(', ');
    return [...names.matchAll(/`([a-z_]+)`/g)].map(([, code], i) => `${statuses[i] ?? statuses[0]} ${code}`);
  });
  assert.ok(rows.length > 20);
  assert.deepEqual(rows.sort(), [...described.answers].sort());
});

test('Swift: what is put before a key of each kind makes its SubjectPublicKeyInfo', () => {
  const { text } = examples.find(({ path }) => path.endsWith('swift/Device.swift'));
  const headers = Object.fromEntries([...text.matchAll(/"\\\(kSecAttrKeyType(\w+) as String\) (\d+)": "([^"]+)"/g)].map(([, type, size, header]) => [`${type} ${size}`, header]));
  const kinds = {
    'RSA 2048': ['RSA', 'rsa_keygen_bits:2048'], 'RSA 3072': ['RSA', 'rsa_keygen_bits:3072'], 'RSA 4096': ['RSA', 'rsa_keygen_bits:4096'],
    'ECSECPrimeRandom 256': ['EC', 'ec_paramgen_curve:P-256'], 'ECSECPrimeRandom 384': ['EC', 'ec_paramgen_curve:P-384'],
  };
  assert.deepEqual(Object.keys(headers).sort(), Object.keys(kinds).sort());
  for (const [name, [algorithm, option]] of Object.entries(kinds)) {
    const key = execFileSync('openssl', ['genpkey', '-quiet', '-algorithm', algorithm, '-pkeyopt', option]);
    const info = execFileSync('openssl', ['pkey', '-pubout', '-outform', 'DER'], { input: key });
    // SecKeyCopyExternalRepresentation: PKCS #1 of RSA, X9.63 of a curve.
    const form = algorithm === 'RSA' ? ['rsa', '-RSAPublicKey_out', '-outform', 'DER'] : undefined;
    const bytes = form ? execFileSync('openssl', form, { input: key, stdio: ['pipe', 'pipe', 'ignore'] }) : info.subarray(-(2 * (Number(option.slice(-3)) / 8) + 1));
    if (!form) assert.equal(bytes[0], 4);
    assert.deepEqual(Buffer.concat([Buffer.from(headers[name], 'base64'), bytes]), info, name);
  }
});
