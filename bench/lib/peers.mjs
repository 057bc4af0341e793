// What others do, for comparison: PHP-FPM with its sessions in the same MariaDB (bench/peers/php).
import { createHash, randomBytes } from 'node:crypto';
import { copyFileSync, readFileSync, readdirSync } from 'node:fs';
import { join } from 'node:path';
import { isRoot } from '../../tests/support/servers.mjs';
import { secretFile, start, until } from '../../tests/support/stack.mjs';
import { root } from './build.mjs';
import { credentialScript } from './load.mjs';
import { sizes } from './seed.mjs';

const place = join(root, 'bench/peers/php');

function fpmProgram() {
  const [name] = readdirSync('/usr/sbin').filter((entry) => /^php-fpm\d/.test(entry)).sort().reverse();
  return name && join('/usr/sbin', name);
}

const data = (n) => `CONCAT('session|a:2:{s:2:"id";s:32:"', MD5(${n}), '";s:7:"created";i:', UNIX_TIMESTAMP(), ';}user|a:4:{s:2:"id";s:32:"', MD5(CONCAT('person', ${n})),
  '";s:8:"username";s:', LENGTH(CONCAT('load', ${n})), ':"load', ${n}, '";s:12:"display_name";s:', LENGTH(CONCAT('load', ${n})), ':"load', ${n}, '";s:5:"roles";a:0:{}}')`;

// → the file with the session ids that are known.
function seed({ stack }, password) {
  const ids = Array.from({ length: sizes.credentials }, () => randomBytes(16).toString('hex'));
  const rows = ids.map((id, n) => `(UNHEX('${createHash('sha256').update(id).digest('hex')}'), ${data(n)}, UNIX_TIMESTAMP() + 1000000)`);
  stack.mariadb.sql(`CREATE DATABASE peer CHARACTER SET utf8mb4;
    CREATE TABLE peer.php_session (id BINARY(32) PRIMARY KEY, data BLOB NOT NULL, touched BIGINT NOT NULL, KEY (touched)) ENGINE=InnoDB;
    INSERT INTO peer.php_session VALUES ${rows.join(',')};
    INSERT INTO peer.php_session SELECT UNHEX(SHA2(CONCAT('p', seq), 256)), ${data('seq')}, UNIX_TIMESTAMP() FROM peer.seq_1_to_${sizes.sessions - sizes.credentials};
    CREATE USER peer@localhost IDENTIFIED BY '${password}'; GRANT SELECT, INSERT, UPDATE, DELETE ON peer.* TO peer@localhost`);
  return secretFile(join(stack.dir, 'php-ids'), `${ids.join('\n')}\n`);
}

function configure({ stack }, password) {
  const values = {
    DIR: stack.dir, USER: isRoot ? 'user = root\ngroup = root' : '', CHILDREN: sizes.threads, PEER_DIR: place, SOCKET: stack.mariadb.socket, PASSWORD: password,
  };
  return secretFile(join(stack.dir, 'fpm.conf'), readFileSync(join(place, 'fpm.conf'), 'utf8').replace(/@([A-Z_]+)@/g, (all, name) => values[name] ?? all));
}

// → cases to stand beside the others, none where PHP-FPM is missing.
export async function startPhp(made, log) {
  const program = fpmProgram();
  if (!program) {
    log('no peer: PHP-FPM is missing (apt-get install --no-install-recommends php-fpm php-mysql)');
    return [];
  }
  const { stack } = made;
  const password = randomBytes(18).toString('hex');
  const ids = seed(made, password);
  copyFileSync(join(place, 'peer-php.php'), join(stack.dir, 'www/peer-php.php'));
  const fpm = start(program, ['-F', ...(isRoot ? ['-R'] : []), '-y', configure(made, password)], { group: true });
  made.stops.push(() => fpm.stop());
  const [id] = readFileSync(ids, 'utf8').split('\n');
  const ask = (value) => stack.client.get('/peer-php.php', { headers: { Cookie: `PHPSESSID=${value}` } });
  await until(async () => {
    if (!fpm.running()) throw new Error(fpm.output());
    return (await ask(id)).status === 200;
  }, 'PHP answers');
  if ((await ask(id)).json.user.username !== 'load0' || (await ask(`${id.slice(0, -4)}aaaa`)).status !== 401) throw new Error('PHP answers wrongly');
  return [{
    id: 'php', label: 'PHP-FPM, its sessions in the same MariaDB', path: '/peer-php.php', pid: fpm.pid,
    lua: credentialScript(stack.dir, 'php', { file: ids, header: 'Cookie', prefix: 'PHPSESSID=' }),
  }];
}
