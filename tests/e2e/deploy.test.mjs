// The files that install accounts, folders, services and log rotation, checked by the programs that read them.
import { test } from 'node:test';
import assert from 'node:assert/strict';
import { spawnSync } from 'node:child_process';
import { appendFileSync, existsSync, mkdirSync, readdirSync, readFileSync, statSync, writeFileSync } from 'node:fs';
import { join } from 'node:path';
import { programs, source } from '../support/harness.mjs';
import { temporaryFolder } from '../support/stack.mjs';

const shipped = (name) => join(source, 'conf', name);
const read = (name) => readFileSync(shipped(name), 'utf8');
const run = (command, args) => {
  const done = spawnSync(command, args, { encoding: 'utf8', env: { ...process.env, SYSTEMD_PAGER: '', LC_ALL: 'C' } });
  if (done.error) throw done.error;
  return { code: done.status, text: done.stdout + done.stderr };
};

async function inFolder(act) {
  const { dir, remove } = temporaryFolder();
  try {
    await act(dir);
  } finally {
    remove();
  }
}

// The shipped units below dir, with this build's program in the place of the installed one.
function units(dir) {
  for (const name of ['gatepost.service', 'gatepost.socket']) {
    writeFileSync(join(dir, name), read(`systemd/${name}`).replace('/usr/local/libexec/gatepost/gatepost.fcgi', programs.worker));
  }
  return join(dir, 'gatepost.service');
}

test('the service is valid, by itself and on a socket', () => inFolder((dir) => {
  const service = units(dir);
  const own = run('systemd-analyze', ['verify', '--man=no', '--recursive-errors=no', service]);
  assert.equal(own.code, 0, own.text);
  assert.doesNotMatch(own.text, /gatepost\.(service|socket)/);
  mkdirSync(`${service}.d`);
  writeFileSync(join(`${service}.d`, 'socket.conf'), read('systemd/socket.conf'));
  const both = run('systemd-analyze', ['verify', '--man=no', '--recursive-errors=no', service, join(dir, 'gatepost.socket')]);
  assert.equal(both.code, 0, both.text);
  assert.doesNotMatch(both.text, /gatepost\.(service|socket)/);
}));

test('the mailer\'s service is valid and as confined', () => inFolder((dir) => {
  const service = join(dir, 'gatepost-mailer.service');
  const text = read('systemd/gatepost-mailer.service');
  writeFileSync(service, text.replace('/usr/local/libexec/gatepost/gatepost-mailer', programs.mailer));
  const valid = run('systemd-analyze', ['verify', '--man=no', '--recursive-errors=no', service]);
  assert.equal(valid.code, 0, valid.text);
  assert.doesNotMatch(valid.text, /gatepost-mailer\.service/);
  const confined = run('systemd-analyze', ['security', '--offline=yes', '--no-pager', '--threshold=20', service]);
  assert.equal(confined.code, 0, confined.text);
  const settings = (unit) => unit.slice(unit.indexOf('NoNewPrivileges'));
  assert.equal(settings(text), settings(read('systemd/gatepost.service')));
}));

test('the service may open a port below 1024 with its drop-in, and nothing else besides', () => inFolder((dir) => {
  const service = units(dir);
  mkdirSync(`${service}.d`);
  writeFileSync(join(`${service}.d`, 'guard.conf'), read('systemd/guard.conf'));
  const { code, text } = run('systemd-analyze', ['verify', '--man=no', '--recursive-errors=no', service]);
  assert.equal(code, 0, text);
  assert.doesNotMatch(text, /gatepost\.service|guard\.conf/);
  const settings = read('systemd/guard.conf').split('\n').filter((line) => line.includes('=') && !line.startsWith('#'));
  assert.deepEqual(settings, ['CapabilityBoundingSet=CAP_NET_BIND_SERVICE', 'AmbientCapabilities=CAP_NET_BIND_SERVICE']);
}));

test('the service is confined', () => inFolder((dir) => {
  const { code, text } = run('systemd-analyze', ['security', '--offline=yes', '--no-pager', '--threshold=20', units(dir)]);
  assert.equal(code, 0, text);
  const service = read('systemd/gatepost.service');
  for (const line of ['User=gatepost', 'NoNewPrivileges=yes', 'ProtectSystem=strict', 'PrivateTmp=yes', 'MemoryDenyWriteExecute=yes',
    'SystemCallFilter=@system-service', 'RestrictAddressFamilies=AF_UNIX AF_INET AF_INET6', 'LimitCORE=0']) {
    assert.ok(service.split('\n').includes(line), line);
  }
  assert.match(service, /^MemoryMax=\d+M$/m);
}));

test('sysusers makes an account that nobody can sign in to; tmpfiles its folders', () => inFolder((dir) => {
  for (const name of ['etc', 'run']) mkdirSync(join(dir, name));
  const made = run('systemd-sysusers', [`--root=${dir}`, shipped('sysusers.d/gatepost.conf')]);
  assert.equal(made.code, 0, made.text);
  const account = readFileSync(join(dir, 'etc/passwd'), 'utf8').split('\n').find((line) => line.startsWith('gatepost:'));
  const [, , uid, , , home, shell] = account.split(':');
  assert.ok(Number(uid) > 0 && Number(uid) < 1000);
  assert.deepEqual([home, shell], ['/nonexistent', '/usr/sbin/nologin']);

  // Only root can give a folder away: the owners are read, the rest is done.
  const rules = read('tmpfiles.d/gatepost.conf').split('\n').filter((line) => line && !line.startsWith('#')).map((line) => line.split(' '));
  assert.deepEqual(rules.map(([, path, mode, user, group]) => [path, mode, user, group]),
    [['/run/gatepost', '0750', 'gatepost', 'www-data'], ['/etc/gatepost', '0750', 'gatepost', 'gatepost']]);
  const file = join(dir, 'tmpfiles.conf');
  writeFileSync(file, rules.map(([type, path, mode]) => `${type} ${path} ${mode} - - -\n`).join(''));
  const created = run('systemd-tmpfiles', [`--root=${dir}`, '--create', file]);
  assert.equal(created.code, 0, created.text);
  for (const [, path, mode] of rules) assert.equal(statSync(join(dir, path)).mode & 0o7777, parseInt(mode, 8));
}));

test('logrotate empties a log that is still open, and keeps what was in it', () => inFolder((dir) => {
  const rules = join(dir, 'rules');
  const log = join(dir, 'log/worker.log');
  mkdirSync(join(dir, 'log'), { mode: 0o750 });
  writeFileSync(rules, read('logrotate.d/gatepost').replace('/var/log/gatepost', join(dir, 'log')).replace(/^\tsu .*\n/m, ''), { mode: 0o644 });
  appendFileSync(log, '{"event":"one"}\n');
  const inode = statSync(log).ino;
  const rotated = run('/usr/sbin/logrotate', ['--force', '--state', join(dir, 'state'), rules]);
  assert.equal(rotated.code, 0, rotated.text);
  assert.equal(statSync(log).ino, inode, 'the file that the worker holds stays');
  assert.equal(readFileSync(log, 'utf8'), '');
  assert.equal(readFileSync(`${log}.1`, 'utf8'), '{"event":"one"}\n');
}));

test('the three lighttpd snippets refuse the same look-alikes, the three Apache ones drop the same', () => {
  const lines = (name, pattern) => read(name).split('\n').filter((line) => pattern.test(line)).join('\n');
  for (const [kind, names, pattern, least] of [
    ['lighttpd', ['gatepost', 'gatepost-spawned', 'gatepost-cgi'], /REQUEST_HEADER|max-request|stream-/, 12],
    ['apache', ['gatepost', 'gatepost-fcgid', 'gatepost-cgi'], /RequestHeader|CGIPassAuth|LimitRequest/, 7],
  ]) {
    const all = names.map((name) => lines(`${kind}/${name}.conf`, pattern));
    assert.ok(all[0].split('\n').length >= least);
    assert.equal(new Set(all).size, 1, kind);
  }
});

test('every path that the files name is one that is installed or made', () => {
  const known = [/^\/usr\/local\/(libexec\/gatepost\/gatepost(\.fcgi|-mailer)|etc\/gatepost\/gatepost\.conf|share\/gatepost\/\S*)$/, /^\/run\/gatepost(\/(gatepost|spawned|guard)\.sock)?$/, /^\/etc\/gatepost$/];
  for (const kind of ['apache', 'lighttpd', 'nginx', 'systemd', 'tmpfiles.d']) {
    for (const name of readdirSync(shipped(kind))) {
      for (const [path] of read(`${kind}/${name}`).matchAll(/(?<![\w.:])\/(?:usr\/local|run|etc\/gatepost)[^\s"';|]*/g)) {
        assert.ok(known.some((pattern) => pattern.test(path)), `${kind}/${name}: ${path}`);
        const share = /^\/usr\/local\/share\/gatepost\/(.*)/.exec(path);
        if (share) assert.ok(existsSync(shipped(share[1])), path);
      }
    }
  }
});
