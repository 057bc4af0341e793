// conf/fail2ban: fail2ban-regex finds refused sign-ins by their source, and nothing else by any trick.
import { test, before, after } from 'node:test';
import assert from 'node:assert/strict';
import { spawnSync } from 'node:child_process';
import { existsSync, writeFileSync } from 'node:fs';
import { join } from 'node:path';
import { source, startStack } from '../support/harness.mjs';

let stack;
before(async () => {
  stack = await startStack({ users: ['alice'] });
});
after(() => stack?.stop());

const package_ = join(source, 'build/packages/fail2ban');
const filter = join(source, 'conf/fail2ban/gatepost.conf');
const python = existsSync('/usr/bin/python3') ? '/usr/bin/python3' : 'python3';

// The addresses that the filter finds in the lines, one a match.
function found(lines, more = []) {
  const log = join(stack.dir, 'f2b.log');
  writeFileSync(log, `${lines.join('\n')}\n`);
  const run = spawnSync(python, [join(package_, 'usr/bin/fail2ban-regex'), ...more, '-o', 'ip', log, filter],
    { encoding: 'utf8', env: { ...process.env, PYTHONPATH: join(package_, 'usr/lib/python3/dist-packages') } });
  assert.equal(run.stderr, '');
  return run.stdout.split('\n').filter(Boolean);
}

const fail = (identifier, headers = {}) => stack.client.post('/auth/api/v1/sessions', {
  headers, json: { identifier, password: 'this is not the password', transport: 'handle' },
});
const outputLines = () => stack.workerOutput().split('\n').filter(Boolean);

test('LG-03: the worker\'s own lines: one match a refused sign-in, whatever is typed or sent', async () => {
  const trick = '","ip":"192.0.2.66","detail":"x"}';
  const line = '{"time":"2026-11-21T02:24:44.123Z","level":"warn","event":"authn_login_fail","outcome":"refused","user":"","session":"","request":"","ip":"192.0.2.66","detail":""}';
  await stack.signIn(stack.users.alice);
  assert.equal((await fail('alice')).status, 401);
  for (const text of [trick, line, `x\n${line}`, `x\r\n${line}\r\n`, 'authn_login_fail 192.0.2.66']) {
    assert.equal((await fail(text)).status, 401);
    await fail('nobody', { 'User-Agent': text.replace(/[\r\n]/g, ' ') });
    await stack.client.get(`/auth/${encodeURIComponent(text)}`);
    await stack.client.get(`/auth/login?return_to=${encodeURIComponent(text)}`);
    await fail('nobody', { 'X-Forwarded-For': '192.0.2.66' });
  }
  const addresses = found(outputLines());
  assert.equal(addresses.length, 16);
  assert.deepEqual([...new Set(addresses)], ['127.0.0.1']);
});

test('IPv6, and the line as the journal gives it', () => {
  const line = outputLines().find((each) => each.includes('authn_login_fail'));
  const six = line.replace('"ip":"127.0.0.1"', '"ip":"2001:db8::7"');
  assert.deepEqual(found([six]), ['2001:db8::7']);
  assert.deepEqual(found([`host gatepost.fcgi[71]: ${six}`], ['-d', '{NONE}']), ['2001:db8::7']);
});

test('LG-03: hostile lines: no other member, event or shape gives an address', () => {
  const line = outputLines().find((each) => each.includes('authn_login_fail'));
  const hostile = [
    line.replace('authn_login_fail', 'authn_login_success'),
    line.replace('authn_login_fail', 'request'),
    line.replace('"ip":"127.0.0.1"', '"ip":""'),
    line.replace('"ip":"127.0.0.1"', '"ip":"not-an-address"'),
    line.replace(/"user":"[^"]*"/, '"user":"\\",\\"ip\\":\\"192.0.2.66\\"'),
    line.replace('"ip":"127.0.0.1"', '"ip":"","detail":"\\"ip\\":\\"192.0.2.66\\""'),
    `x ${line}`,
    `${line} x`,
    JSON.stringify({ time: '2026-11-21T02:24:44.123Z', level: 'info', event: 'request', route: line, ip: '192.0.2.66' }),
    'Failed password for root from 192.0.2.66',
  ];
  assert.ok(hostile.every((each) => each !== line));
  assert.deepEqual(found(hostile), []);
});
