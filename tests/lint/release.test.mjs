// IN-22: the release build is clean of warnings and hardened; cmake --install puts what is promised.
import test from 'node:test';
import assert from 'node:assert/strict';
import { spawnSync } from 'node:child_process';
import { existsSync } from 'node:fs';
import { join } from 'node:path';
import { source } from '../support/harness.mjs';
import { buildRelease, release } from '../support/release.mjs';
import { temporaryFolder } from '../support/stack.mjs';

const run = (command, args, options = {}) => {
  const done = spawnSync(command, args, { cwd: source, encoding: 'utf8', maxBuffer: 1 << 26, ...options });
  if (done.error) throw done.error;
  assert.equal(done.status, 0, `${command} ${args.join(' ')}: ${(done.stdout + done.stderr).slice(-4000)}`);
  return done.stdout;
};

test('builds without a warning', () => {
  buildRelease();
});

for (const program of ['gatepost.fcgi', 'gatepost']) {
  const path = join(release, 'src', program);
  test(`${program} is hardened`, () => {
    assert.match(run('readelf', ['-hW', path]), /Type:\s+DYN \(Position-Independent Executable/);
    const segments = run('readelf', ['-lW', path]);
    assert.match(segments, /GNU_RELRO/);
    assert.match(segments, /GNU_STACK\s+\S+\s+\S+\s+\S+\s+\S+\s+\S+\s+RW\s/);
    assert.match(run('readelf', ['-dW', path]), /BIND_NOW|FLAGS_1.*NOW/);
    const symbols = run('readelf', ['-sW', '--dyn-syms', path]);
    assert.match(symbols, /__stack_chk_fail/);
    assert.match(symbols, /__\w+_chk@/);
  });
}

test('the request binary does not drag in libcurl; the command, for its doctor, does', () => {
  assert.doesNotMatch(run('readelf', ['-dW', join(release, 'src/gatepost.fcgi')]), /libcurl/);
  assert.match(run('readelf', ['-dW', join(release, 'src/gatepost')]), /libcurl/);
});

test('cmake --install puts program, templates, sql, manual pages', () => {
  const { dir, remove } = temporaryFolder();
  run('cmake', ['--install', release, '--prefix', dir]);
  for (const path of ['bin/gatepost', 'libexec/gatepost/gatepost.fcgi', 'share/gatepost/templates/login.html',
    'share/gatepost/templates/assets/gatepost.css', 'share/gatepost/sql/001_initial.sql', 'share/gatepost/sql/grants.sql',
    ...['gatepost', 'gatepost-spawned', 'gatepost-cgi', 'site-example', 'guard', 'guarded'].map((name) => `share/gatepost/lighttpd/${name}.conf`),
    'share/gatepost/lighttpd/guarded.lua',
    ...['gatepost', 'gatepost-fcgid', 'gatepost-cgi', 'site-example', 'guard', 'guarded'].map((name) => `share/gatepost/apache/${name}.conf`),
    ...['gatepost', 'site-example', 'guard', 'guard-server', 'guarded', 'guarded-fastcgi', 'guarded-proxy'].map((name) => `share/gatepost/nginx/${name}.conf`),
    'share/gatepost/systemd/gatepost.service', 'share/gatepost/systemd/gatepost.socket', 'share/gatepost/systemd/socket.conf', 'share/gatepost/systemd/guard.conf',
    'share/gatepost/sysusers.d/gatepost.conf', 'share/gatepost/tmpfiles.d/gatepost.conf', 'share/gatepost/logrotate.d/gatepost',
    'share/gatepost/fail2ban/gatepost.conf', 'share/gatepost/gatepost.conf', 'share/gatepost/blocklist.txt', 'share/gatepost/openapi.yaml', 'share/man/man8/gatepost.8',
    'share/man/man8/gatepost.fcgi.8', 'share/man/man5/gatepost.conf.5']) {
    assert.ok(existsSync(join(dir, path)), path);
  }
  remove();
});
