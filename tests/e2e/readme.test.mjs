/*
 * "Ten minutes behind your own lighttpd / Apache" of the README, followed to the letter in a folder of its own: every
 * absolute path is put below it, and what only root on a machine with systemd can do (packages, accounts, services) is
 * done by stand-ins on PATH that do the same to this folder.
 */
import { test, before, after } from 'node:test';
import assert from 'node:assert/strict';
import { spawnSync } from 'node:child_process';
import { chmodSync, existsSync, mkdirSync, readFileSync, readdirSync, statSync, writeFileSync } from 'node:fs';
import { dirname, join } from 'node:path';
import { build, source } from '../support/harness.mjs';
import { apacheServer, configtest, isRoot, program } from '../support/servers.mjs';
import { certificates, freePort, start, temporaryFolder, until } from '../support/stack.mjs';
import { Client, Visitor, setCookies, tokenOf } from '../support/client.mjs';
import { startMariadb } from '../support/with-mariadb.mjs';
import { blocks, section as sectionOf } from '../support/follow.mjs';

const readme = readFileSync(join(source, 'README.md'), 'utf8');
const section = (title) => sectionOf(readme, title);

let folder;
let mariadb;
let root; // stands for /
let worker;
let port;
let origin;
let code;
let tls;

const placed = (text) => text.replace(/(?<![\w.:/])\/(usr\/local|etc|run)(?=\/|\s|$)/gm, `${root}/$1`)
  .replaceAll('https://www.example.org', origin);

// Everything installed names its places: those below root now.
function relocate(dir) {
  for (const name of readdirSync(dir)) {
    const path = join(dir, name);
    if (statSync(path).isDirectory()) relocate(path);
    else if (!/templates|sql/.test(path)) {
      writeFileSync(path, placed(readFileSync(path, 'utf8')).replace(/^socket = .*/m, `socket = ${mariadb.socket}`));
    }
  }
}

function standIn(name, script) {
  const path = join(root, 'stand-ins', name);
  mkdirSync(dirname(path), { recursive: true });
  writeFileSync(path, `#!/bin/sh\nset -eu\n${script}\n`, { mode: 0o755 });
}

function makeStandIns() {
  const noted = `echo "$(basename "$0") $*" >>'${root}/noted'`;
  for (const name of ['apt-get', 'systemctl', 'systemd-sysusers', 'a2enmod', 'a2enconf', 'lighttpd', 'apachectl']) standIn(name, noted);
  // As root a system account of Debian's plays the part of gatepost's, so that owners and groups count.
  if (isRoot) {
    const asActor = 'for word; do shift; case $word in gatepost) word=games ;; gatepost:*) word=games:${word#*:} ;; esac; set -- "$@" "$word"; done';
    standIn('chown', `${asActor}\nexec /usr/bin/chown "$@"`);
    standIn('install', `${asActor}\nexec /usr/bin/install "$@"`);
  }
  standIn('systemd-tmpfiles', `${noted}
sed -n 's/^d \\([^ ]*\\) \\([0-7]*\\) \\([^ ]*\\) \\([^ ]*\\) -$/\\1 \\2 \\3:\\4/p' "$2" | while read -r path mode owner; do
  mkdir -p "$path"; chmod "$mode" "$path"
  ${isRoot ? 'chown $(echo "$owner" | sed s/gatepost/games/g) "$path"' : ''}
done`);
  standIn('runuser', `test "$1 $2 $3" = "-u gatepost --"\nshift 3\nexec ${isRoot ? 'setpriv --reuid=games --regid=games --clear-groups' : ''} "$@"`);
  standIn('mariadb', `exec ${program('mariadb')} --no-defaults -uroot --socket='${mariadb.socket}'`);
  // The account is not there.
  if (!isRoot) standIn('install', 'for word; do shift; [ "$word" = -g ] && { drop=1; continue; }; [ "${drop:-}" = 1 ] && { drop=; continue; }; set -- "$@" "$word"; done\nexec /usr/bin/install "$@"');
  standIn('cmake', `if [ "$1" = --install ]; then exec ${program('cmake')} --install '${join(build, 'readme')}' --prefix '${root}/usr/local'; fi
if [ "$1" = --preset ]; then shift 2; exec ${program('cmake')} --preset release -B '${join(build, 'readme')}' "$@"; fi
exec ${program('cmake')} --build '${join(build, 'readme')}'`);
}

function follow(commands) {
  const env = {
    ...process.env, PATH: `${root}/stand-ins:${root}/usr/local/bin:${process.env.PATH}`,
    GATEPOST_CONFIG: join(root, 'usr/local/etc/gatepost/gatepost.conf'),
  };
  const run = spawnSync('bash', ['-euo', 'pipefail', '-c', placed(commands)], { cwd: source, encoding: 'utf8', env, maxBuffer: 1 << 26 });
  assert.equal(run.status, 0, `${commands}\n${run.stdout.slice(-2000)}${run.stderr.slice(-2000)}`);
  return run.stdout;
}
const noted = () => readFileSync(join(root, 'noted'), 'utf8').split('\n');

before(async () => {
  folder = temporaryFolder();
  root = folder.dir;
  chmodSync(root, 0o711);
  mariadb = await startMariadb();
  chmodSync(mariadb.dir, 0o711);
  port = await freePort();
  origin = `https://localhost:${port}`;
  tls = certificates(root);
  for (const name of ['etc/systemd/system', 'etc/lighttpd/conf-enabled', 'etc/apache2/conf-available', 'run']) mkdirSync(join(root, name), { recursive: true });
  makeStandIns();
});
after(async () => {
  await worker?.stop();
  await mariadb?.stop();
  folder?.remove();
});

test('steps 1 to 5: installed, migrated, set up, started by the unit\'s own line', { timeout: 500000 }, async () => {
  const steps = blocks(section('Ten minutes behind your own lighttpd'), 'sh');
  assert.equal(steps.length, 6);
  follow(steps[0]);
  relocate(join(root, 'usr/local/share/gatepost'));
  for (const step of steps.slice(1, 3)) follow(step);
  for (const [role, mode] of Object.entries({ migrate: 0o600, web: 0o640, hash: 0o640, guard: 0o640 })) {
    assert.equal(statSync(join(root, `etc/gatepost/db-${role}.password`)).mode & 0o777, mode);
  }
  assert.ok(!existsSync(join(root, 'etc/gatepost/accounts.sql')));
  code = /: (\S+)\n/.exec(follow(steps[3]).split('type this code')[1])[1];
  follow(steps[4]);
  assert.ok(noted().includes('systemctl enable --now gatepost'));

  const unit = readFileSync(join(root, 'etc/systemd/system/gatepost.service'), 'utf8');
  const setting = (name) => new RegExp(`^${name}=(.*)$`, 'm').exec(unit)[1];
  const actor = (name) => setting(name).replace('gatepost', 'games');
  const credentials = ['setpriv', `--reuid=${actor('User')}`, `--regid=${actor('Group')}`, `--groups=${actor('SupplementaryGroups')}`];
  const [command, ...args] = [...(isRoot ? credentials : []), ...setting('ExecStart').split(' ')];
  worker = start(command, args, { cwd: '/' });
  await until(() => {
    if (!worker.running()) throw new Error(worker.output());
    return existsSync(join(root, 'run/gatepost/gatepost.sock'));
  }, 'the worker serves');
});

const lighttpd = () => {
  const [snippet] = blocks(section('Ten minutes behind your own lighttpd'), 'lighttpd');
  writeFileSync(join(root, 'etc/lighttpd/conf-enabled/90-gatepost.conf'), placed(snippet));
  const file = join(root, 'etc/lighttpd/lighttpd.conf');
  writeFileSync(file, `server.document-root = "${root}"
server.bind = "127.0.0.1"
server.port = ${port}
server.modules = ( "mod_indexfile", "mod_access", "mod_alias", "mod_redirect", "mod_openssl" )
ssl.engine = "enable"
ssl.pemfile = "${tls.pem}"
include "${root}/etc/lighttpd/conf-enabled/*.conf"
server.modules += ( "mod_dirlisting", "mod_staticfile" )
`);
  follow(blocks(section('Ten minutes behind your own lighttpd'), 'sh')[5]);
  assert.ok(noted().includes(`lighttpd -tt -f ${file}`));
  return { command: program('lighttpd'), args: ['-D', '-f', file], check: [program('lighttpd'), '-tt', '-f', file] };
};

const apache = () => {
  const commands = blocks(section('Ten minutes behind your own Apache'), 'sh');
  assert.equal(commands.length, 1);
  follow(commands[0]);
  const modules = noted().find((line) => line.startsWith('a2enmod ')).split(' ').slice(1);
  assert.ok(noted().includes('a2enconf gatepost') && noted().includes('apachectl configtest'));
  return apacheServer({
    dir: root,
    modules: ['proxy', ...modules],
    body: `Listen 127.0.0.1:${port}
Include "${root}/etc/apache2/conf-available/gatepost.conf"
<VirtualHost *:${port}>
  DocumentRoot "${root}/www"
  SSLEngine On
  SSLCertificateFile "${tls.pem}"
</VirtualHost>`,
  });
};

async function serving(written, act) {
  configtest(written);
  const server = start(written.command, written.args, { cwd: '/', group: written.group });
  const client = new Client(origin, tls.ca);
  try {
    await until(async () => {
      if (!server.running()) throw new Error(server.output());
      return (await client.get('/auth/health?ready')).status === 200;
    }, 'the site is ready');
    await act(client);
  } finally {
    client.close();
    await server.stop();
  }
}

const person = { identifier: 'first', password: 'four horses and a teapot' };

test('steps 6 and 7 with lighttpd: the code makes the first administrator, who signs in', () => serving(lighttpd(), async (client) => {
  const visitor = new Visitor(client);
  const page = await visitor.get('/setup');
  assert.equal(page.status, 200);
  const made = await visitor.post('/setup', {
    csrf_token: tokenOf(page), code, username: person.identifier, email: 'first@example.org', display_name: 'First',
    new_password: person.password,
  });
  assert.ok([200, 303].includes(made.status), made.body);
  const signedIn = await new Visitor(client).signIn(person);
  assert.equal(signedIn.status, 303, signedIn.body);
  assert.ok(setCookies(signedIn).some(({ name }) => name === '__Host-gatepost'));
}));

test('step 6 with Apache: the same person signs in', () => serving(apache(), async (client) => {
  const visitor = new Visitor(client);
  const signedIn = await visitor.signIn(person);
  assert.equal(signedIn.status, 303, signedIn.body);
  assert.equal((await visitor.get('/account')).status, 200);
}));
