/*
 * "A directory in ten minutes" of docs/guard.md, followed to the letter for each server: a site that serves a directory to
 * everybody, then what the blocks say, with places and port put into the test's folder. What only a machine with systemd
 * and Debian's Apache has is done by stand-ins on PATH, and what systemctl is told is done to the test's own processes.
 */
import { test } from 'node:test';
import assert from 'node:assert/strict';
import { spawnSync } from 'node:child_process';
import { appendFileSync, copyFileSync, existsSync, mkdirSync, readFileSync, readdirSync, statSync, writeFileSync } from 'node:fs';
import { dirname, join } from 'node:path';
import { programs, source, startStack } from '../support/harness.mjs';
import { freePort, start, until } from '../support/stack.mjs';
import { program } from '../support/servers.mjs';
import { blocks, section } from '../support/follow.mjs';

const document = readFileSync(join(source, 'docs/guard.md'), 'utf8');
const shipped = join(source, 'conf');

// Of the process's first thread, which starts all that web servers have. lighttpd has none here.
const childrenOf = (pid) => readFileSync(`/proc/${pid}/task/${pid}/children`, 'utf8').trim().split(' ').filter(Boolean);

// One installation that the document is followed on.
class Site {
  constructor(stack, guardPort) {
    Object.assign(this, { stack, guardPort, done: 0 });
    this.at = (path) => join(stack.dir, path);
    this.standIns();
  }

  placed(text) {
    return text.replaceAll('/usr/local/share/gatepost', shipped)
      .replaceAll('/run/gatepost', this.at('run'))
      .replaceAll('127.0.0.1:917', `127.0.0.1:${this.guardPort}`)
      .replace(/(?<![\w.:/])\/etc(?=\/)/gm, this.at('etc'));
  }

  write(path, text) {
    mkdirSync(dirname(this.at(path)), { recursive: true });
    appendFileSync(this.at(path), this.placed(text));
  }

  standIns() {
    const [test, ...words] = this.stack.site.check;
    const check = [test, ...words].map((word) => `'${word}'`).join(' ');
    const noted = `echo "$(basename "$0") $*" >>'${this.at('noted')}'`;
    const scripts = {
      'apt-get': noted,
      systemctl: noted,
      runuser: 'test "$1 $2 $3" = "-u gatepost --"\nshift 3\nexec "$@"',
      gatepost: `exec '${programs.ctl}' --config '${this.stack.config.file}' "$@"`,
      apachectl: `test "$1" = configtest\nexec ${check}`,
      lighttpd: `test "$1 $2" = "-tt -f"\nexec ${check}`,
      nginx: `test "$*" = -t\nexec ${check}`,
      a2enmod: `for name; do echo "LoadModule \${name}_module /usr/lib/apache2/modules/mod_$name.so" >'${this.at('etc/apache2/mods-enabled')}'/$name.load; done`,
      a2enconf: `mv '${this.at('etc/apache2')}'/conf-available/$1.conf '${this.at('etc/apache2')}'/conf-enabled/`,
    };
    for (const [name, script] of Object.entries(scripts)) {
      mkdirSync(this.at('stand-ins'), { recursive: true });
      writeFileSync(this.at(`stand-ins/${name}`), `#!/bin/sh\nset -eu\n${script}\n`, { mode: 0o755 });
    }
  }

  noted() {
    return existsSync(this.at('noted')) ? readFileSync(this.at('noted'), 'utf8').trim().split('\n') : [];
  }

  // What is copied from the shipped files names their usual places.
  relocate(dir) {
    for (const name of existsSync(dir) ? readdirSync(dir) : []) {
      const path = join(dir, name);
      if (statSync(path).isDirectory()) this.relocate(path);
      else writeFileSync(path, this.placed(readFileSync(path, 'utf8')));
    }
  }

  async follow(commands) {
    const run = spawnSync('bash', ['-euo', 'pipefail', '-c', this.placed(commands)],
      { cwd: this.stack.dir, encoding: 'utf8', env: { ...process.env, GATEPOST_CONFIG: '', PATH: `${this.at('stand-ins')}:${process.env.PATH}` } });
    assert.equal(run.status, 0, `${commands}\n${run.stdout}${run.stderr}`);
    this.relocate(this.at('etc/apache2'));
    for (const line of this.noted().slice(this.done)) await this.obey(line);
    this.done = this.noted().length;
  }

  async obey(line) {
    const [, verb, unit] = /^systemctl (\w+) (\w+)$/.exec(line) ?? [];
    if (unit === 'gatepost' && verb === 'reload') {
      this.stack.worker.child.kill('SIGHUP');
      await until(() => this.stack.workerLog().some(({ event }) => event === 'reloaded'), 'the worker has read its rules');
    } else if (unit === 'gatepost') {
      assert.equal(verb, 'restart');
      await this.stack.worker.stop();
      this.stack.startWorker();
      await this.stack.ready();
    } else if (verb === 'restart') {
      await this.stack.server.stop();
      this.stack.startServer();
      await this.stack.ready();
    } else if (verb === 'reload') {
      const { pid, child } = this.stack.server;
      const former = childrenOf(pid);
      child.kill(unit === 'nginx' ? 'SIGHUP' : 'SIGUSR1');
      // Until they are gone they may accept, and serve by what they know.
      await until(() => !childrenOf(pid).some((worker) => former.includes(worker)), 'those of before have ended');
    }
  }
}

const title = (name) => `A directory in ten minutes: ${name}`;
const php = (port) => ({
  apache: `<FilesMatch "\\.php$">\n    SetHandler "proxy:fcgi://127.0.0.1:${port}"\n    ProxyFCGIBackendType GENERIC\n  </FilesMatch>`,
  nginx: `location ~ \\.php$ {
      include /etc/nginx/fastcgi_params;
      fastcgi_param SCRIPT_FILENAME $document_root$fastcgi_script_name;
      fastcgi_pass 127.0.0.1:${port};
    }`,
  lighttpd: `fastcgi.server = ( ".php" => (( "host" => "127.0.0.1", "port" => ${port} )) )`,
});

const kinds = {
  Apache: {
    server: 'apache-proxy',
    clean: (port) => ({
      global: 'IncludeOptional "@DIR@/etc/apache2/mods-enabled/*.load"\nIncludeOptional "@DIR@/etc/apache2/conf-enabled/*.conf"',
      extra: `
  <Directory "@DIR@/www">
    DirectoryIndex index.php
    Require all granted
  </Directory>
  ${php(port).apache}
  IncludeOptional "@DIR@/etc/apache2/site/*.conf"`,
    }),
    async steps(site, text) {
      for (const name of ['conf-available', 'conf-enabled', 'mods-enabled']) mkdirSync(site.at(`etc/apache2/${name}`), { recursive: true });
      const [gatepost, once, reload, ...rest] = blocks(text, 'sh');
      assert.deepEqual(rest, []);
      await site.follow(gatepost);
      assert.ok(existsSync(site.at('etc/systemd/system/gatepost.service.d/guard.conf')));
      await site.follow(once);
      const [directory] = blocks(text, 'apache');
      assert.equal(directory.trim().split('\n').length, 3);
      site.write('etc/apache2/site/private.conf', directory);
      await site.follow(reload);
    },
  },
  lighttpd: {
    server: 'lighttpd',
    clean: (port) => ({
      extra: `index-file.names = ( "index.php" )
static-file.exclude-extensions = ( ".php" )
${php(port).lighttpd}
include "@DIR@/etc/lighttpd/conf-enabled/*.conf"`,
    }),
    async steps(site, text) {
      const [gatepost, packages, reload, ...rest] = blocks(text, 'sh');
      assert.deepEqual(rest, []);
      await site.follow(gatepost);
      await site.follow(packages);
      assert.ok(site.noted().includes('apt-get install --no-install-recommends lighttpd-modules-lua'));
      const [once, directory] = blocks(text, 'lighttpd');
      assert.equal(directory.split('\n').filter((line) => /\S/.test(line) && !line.includes('magnet')).length, 3);
      site.write('etc/lighttpd/conf-enabled/90-gatepost.conf', once + directory);
      await site.follow(reload);
    },
  },
  nginx: {
    server: 'nginx',
    clean: (port) => ({
      global: 'include /etc/nginx/mime.types;\n  include @DIR@/etc/nginx/conf.d/*.conf;',
      extra: `root @DIR@/www;
    index index.html index.php;
    ${php(port).nginx}
    include @DIR@/etc/nginx/site/*.conf;`,
    }),
    async steps(site, text, phpPort) {
      mkdirSync(site.at('etc/nginx/conf.d'), { recursive: true });
      const [gatepost, once, reload, ...rest] = blocks(text, 'sh');
      assert.deepEqual(rest, []);
      await site.follow(gatepost);
      await site.follow(once);
      const [server, directory] = blocks(text, 'nginx');
      site.write('etc/nginx/site/guarded.conf', (server + directory).replace('unix:/run/php/php-fpm.sock', `127.0.0.1:${phpPort}`));
      await site.follow(reload);
    },
  },
};

// What the shipped gatepost.conf has and the stack's own has not.
const shippedGuard = /^\[listen guard\]\n(?:.+\n)+/m.exec(readFileSync(join(shipped, 'gatepost.conf'), 'utf8'))[0];

async function startClean(kind, phpPort) {
  const stack = await startStack({ server: kind.server, ...kind.clean(phpPort) });
  for (const path of ['www/private', 'www/privateer', 'etc']) mkdirSync(join(stack.dir, path), { recursive: true });
  for (const name of ['private', 'privateer']) writeFileSync(join(stack.dir, `www/${name}/file.txt`), `${name}\n`);
  copyFileSync(join(source, 'docs/examples/guarded/app/index.php'), join(stack.dir, 'www/private/index.php'));
  return stack;
}

const navigating = { Accept: 'text/html', 'Sec-Fetch-Mode': 'navigate' };

// As a stranger, as alice, and as alice whose sessions were just ended.
async function walk(stack) {
  const { client } = stack;
  const sent = await client.get('/private/', { headers: navigating });
  assert.deepEqual([sent.status, sent.headers.location], [303, `${stack.base}/login?return_to=%2Fprivate%2F`], sent.body);
  assert.equal((await client.get('/privateer/file.txt')).status, 200, 'its neighbour stays open');

  const alice = stack.visitor();
  assert.equal((await alice.signIn(stack.users.alice)).status, 303);
  const open = (path) => client.get(path, { headers: alice.headers(navigating) });
  assert.equal((await open('/private/file.txt')).body, 'private\n');
  const page = await open('/private/');
  assert.match(page.body, /<h1>Hello, alice<\/h1>[^]*alice@example\.org[^]*no cookie, handle or token of Gatepost’s came this far/);
  assert.match(page.headers['cache-control'], /private, no-cache/);
  const { session_handle: handle } = await stack.signIn(stack.users.bob);
  const asApp = () => client.get('/private/file.txt', { headers: { 'X-Session-Id': handle } });
  assert.equal((await asApp()).status, 200);
  stack.must(['session', 'revoke', '--user', 'bob']);
  assert.equal((await asApp()).status, 401);
  stack.must(['session', 'revoke', '--user', 'alice']);
  assert.equal((await open('/private/file.txt')).status, 303);
}

for (const [name, kind] of Object.entries(kinds)) {
  test(`${name}: a directory that everybody reads is for users after the steps, and PHP names them`, { timeout: 120000 }, async () => {
    const phpPort = await freePort();
    const application = start(program('php-cgi'), ['-n', '-b', `127.0.0.1:${phpPort}`]);
    let stack;
    try {
      stack = await startClean(kind, phpPort);
      await until(async () => /Hello, whoever you are/.test((await stack.client.get('/private/')).body), 'PHP answers everybody');
      assert.equal((await stack.client.get('/private/file.txt')).body, 'private\n');
      const site = new Site(stack, await freePort());
      appendFileSync(stack.config.file, site.placed(shippedGuard));
      await site.obey('systemctl restart gatepost');
      const text = section(document, title(name));
      const [rules, ...more] = blocks(text, 'ini');
      assert.deepEqual(more, []);
      appendFileSync(stack.config.file, site.placed(rules));
      await kind.steps(site, text, phpPort);
      await until(async () => (await stack.client.get('/private/file.txt')).status === 401, 'a stranger is refused');
      await walk(stack);
    } finally {
      await stack?.stop();
      await application.stop();
    }
  });
}
