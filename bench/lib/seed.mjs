// People and sessions, and credentials that are known.
import { readFileSync, truncateSync } from 'node:fs';
import { join } from 'node:path';
import { bench, must } from './build.mjs';

export const sizes = { sessions: 100000, people: 20000, credentials: 1000, threads: 8, big: 10000000, tokens: { few: 10000, many: 100000, big: 1000000 } };

export const now = 'CAST(UNIX_TIMESTAMP(NOW(6)) * 1000000 AS SIGNED)';
export const day = 86400 * 1000000;

// Of a file of credentials: [text, hash].
export const linesOf = (file) => readFileSync(file, 'utf8').trim().split('\n').map((line) => line.split(' '));

// Credentials that are known, and their hashes in tables of the bench's own: cookies and handles, refresh tokens.
export function seedCredentials(made) {
  const { stack } = made;
  made.files = { cookie: join(stack.dir, 'cookies'), handle: join(stack.dir, 'handles'), token: join(stack.dir, 'tokens') };
  must(bench('mint'), [join(stack.dir, 'keys'), String(sizes.credentials), ...Object.values(made.files)]);
  const rows = (file, carrier) => linesOf(file).map(([, hash]) => `(UNHEX('${hash}'), ${carrier})`);
  stack.mariadb.sql(`CREATE DATABASE bench;
    CREATE TABLE bench.known (n INT UNSIGNED AUTO_INCREMENT PRIMARY KEY, hash BINARY(32) UNIQUE, carrier TINYINT);
    INSERT INTO bench.known (hash, carrier) VALUES ${[...rows(made.files.cookie, 1), ...rows(made.files.handle, 2)].join(',')};
    CREATE TABLE bench.token (n INT UNSIGNED AUTO_INCREMENT PRIMARY KEY, hash BINARY(32) UNIQUE, session_id BINARY(16) UNIQUE);
    INSERT INTO bench.token (hash) VALUES ${linesOf(made.files.token).map(([, hash]) => `(UNHEX('${hash}'))`).join(',')};
    UPDATE bench.token SET session_id = UNHEX(MD5(CONCAT('token', n)))`);
}

export function seedPeople(mariadb, database, { passwords = true } = {}) {
  mariadb.sql(`INSERT INTO user (id, username, email, display_name, email_proven_at, created_at, updated_at)
    SELECT UNHEX(MD5(CONCAT('person', seq))), CONCAT('load', seq), CONCAT('load', seq, '@example.org'), CONCAT('Load ', seq), ${now}, ${now}, ${now}
    FROM seq_1_to_${sizes.people}`, { database });
  if (!passwords) return;
  mariadb.sql(`INSERT INTO password (user_id, hash, changed_at) SELECT u.id, p.hash, ${now}
    FROM user u JOIN user seed ON seed.username = 'seed' JOIN password p ON p.user_id = seed.id WHERE u.username LIKE 'load%'`, { database });
}

const columns = '(hash, id, epoch, carrier, class, state, value_used, user_id, client, amr, auth_time, created_at, last_seen, idle_end, expires_at, ip, user_agent)';
const session = ({ hash, key, n, carrier, end }) => `SELECT ${hash}, UNHEX(MD5(CONCAT('${key}', ${n}))), 1, ${carrier}, IF(${carrier} = 1, 2, 4), 1, 1,
  UNHEX(MD5(CONCAT('person', 1 + ${n} % ${sizes.people}))), 'web', 'pwd', ${now}, ${now}, ${now}, ${end}, ${end}, '127.0.0.1', 'Mozilla/5.0 (X11; Linux x86_64) bench'`;

// The known ones and so many more that the table has count, cookie and handle in turn, in portions that end soon.
export function seedSessions(mariadb, database, count, { log = () => {} } = {}) {
  const end = `${now} + ${day}`;
  mariadb.sql(`INSERT INTO session ${columns} ${session({ hash: 'k.hash', key: 'known', n: 'k.n', carrier: 'k.carrier', end })} FROM bench.known k`, { database });
  const portion = 200000;
  const rest = count - 2 * sizes.credentials;
  for (let first = 1; first <= rest; first += portion) {
    const last = Math.min(rest, first + portion - 1);
    mariadb.sql(`SET unique_checks = 0;
      INSERT INTO session ${columns} ${session({ hash: 'UNHEX(SHA2(CONCAT(\'s\', seq), 256))', key: 's', n: 'seq', carrier: '(1 + seq % 2)', end })}
      FROM seq_${first}_to_${last}`, { database });
    if (last % 1000000 < portion && rest > 1000000) log(`${last} sessions`);
  }
}

// Sessions that ended two days ago.
export function seedEnded(mariadb, database, count, round) {
  const row = { hash: `UNHEX(SHA2(CONCAT('e${round}-', seq), 256))`, key: `e${round}-`, n: 'seq', carrier: 1, end: `${now} - ${2 * day}` };
  mariadb.sql(`INSERT INTO session ${columns} ${session(row)}
    FROM seq_1_to_${count}`, { database });
}

// A session with a family for each of the known refresh tokens, where it is not there.
export function seedFamilies(mariadb, database) {
  const end = `${now} + ${day}`;
  mariadb.sql(`INSERT IGNORE INTO session ${columns} ${session({ hash: 'UNHEX(SHA2(CONCAT(\'t\', k.n), 256))', key: 'token', n: 'k.n', carrier: 3, end })} FROM bench.token k;
    INSERT IGNORE INTO token_family (session_id, user_id, client, created_at, expires_at)
      SELECT s.id, s.user_id, s.client, s.created_at, s.expires_at FROM session s JOIN bench.token k ON k.session_id = s.id`, { database });
}

// The known ones and so many used ones of other sessions that there are count.
export function seedTokens(mariadb, database, count) {
  const used = 20; // tokens a family
  const portion = 100000;
  seedFamilies(mariadb, database);
  renewTokens(mariadb, database);
  const rest = count - sizes.credentials;
  mariadb.sql(`INSERT INTO token_family (session_id, user_id, client, created_at, expires_at)
    SELECT s.id, s.user_id, s.client, s.created_at, s.expires_at
    FROM (SELECT UNHEX(MD5(CONCAT('s', seq))) AS id FROM seq_1_to_${Math.ceil(rest / used)}) k JOIN session s ON s.id = k.id`, { database });
  for (let first = 0; first < rest; first += portion) {
    mariadb.sql(`SET unique_checks = 0;
      INSERT INTO refresh_token (hash, session_id, pair_id, issued_at, expires_at, used_at, nonce, child_hash, presenter)
      SELECT UNHEX(SHA2(CONCAT('r', seq), 256)), UNHEX(MD5(CONCAT('s', 1 + seq DIV ${used}))), UNHEX(MD5(CONCAT('pair', seq))), ${now}, ${now} + ${day},
        ${now}, UNHEX(MD5(seq)), UNHEX(SHA2(CONCAT('r', seq + 1), 256)), UNHEX(SHA2('somebody', 256))
      FROM seq_${first}_to_${Math.min(rest, first + portion) - 1}`, { database });
  }
}

// The known refresh tokens are as if just given out; what came of them is gone.
export function renewTokens(mariadb, database) {
  mariadb.sql(`DELETE r FROM bench.token k JOIN refresh_token r ON r.session_id = k.session_id;
    UPDATE token_family f JOIN bench.token k ON k.session_id = f.session_id SET f.ended_at = NULL, f.expires_at = ${now} + ${day};
    INSERT INTO refresh_token (hash, session_id, pair_id, issued_at, expires_at)
      SELECT k.hash, k.session_id, UNHEX(MD5(CONCAT('first', k.n))), ${now}, ${now} + ${day} FROM bench.token k;
    UPDATE session s JOIN bench.token k ON k.session_id = s.id SET s.pair_id = UNHEX(MD5(CONCAT('first', k.n)))`, { database });
  refreshTokens(mariadb, database);
}

// See refresh: sessions of tokens. Their access tokens were used before.
export function refreshTokens(mariadb, database) {
  mariadb.sql(`UPDATE session s JOIN bench.token k ON k.session_id = s.id
    SET s.value_used = 1, s.last_seen = ${now} - FLOOR(RAND() * 60000000), s.idle_end = ${now} + ${day}, s.expires_at = ${now} + ${day}`, { database });
}

// As with people who come evenly: of the known sessions, one sixtieth is due for its "last seen" in every second.
export function refresh(made, database) {
  truncateSync(join(made.stack.dir, 'worker.log'));
  made.stack.mariadb.sql(`UPDATE session s JOIN bench.known k ON k.hash = s.hash
    SET s.last_seen = ${now} - FLOOR(RAND() * 60000000), s.idle_end = ${now} + ${day}, s.expires_at = ${now} + ${day}`, { database });
}
