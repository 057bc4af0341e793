// The house's rules 1, 2, 4, 5, 6, 7: floors, doors, names, and what is banned.
import test from 'node:test';
import assert from 'node:assert/strict';
import { readFileSync } from 'node:fs';
import { join } from 'node:path';
import { sources, findings, codeOnly } from '../support/files.mjs';
import { source } from '../support/harness.mjs';

const all = sources();
const none = (list) => assert.deepEqual(list, []);
const inFloor = (...floors) => all.filter(({ path }) => floors.some((floor) => path.startsWith(`src/${floor}/`)));
const outside = (allowed) => all.filter(({ path }) => !allowed.some((start) => path.startsWith(start)));

test('no #include climbs out of its folder', () => {
  none(findings(all, /#\s*include\s*"\.\.?\//, { code: false }));
});

test('dependencies go down only: what a floor includes lies on it or below', () => {
  const below = {
    base: ['base'],
    http: ['http', 'base'],
    store: ['store', 'base'],
    auth: ['auth', 'store', 'base'],
    web: ['web', 'auth', 'store', 'http', 'base'],
    ctl: ['ctl', 'auth', 'store', 'http', 'base'],
    mailer: ['mailer', 'auth', 'store', 'http', 'base'],
  };
  const floorOf = new Map(all.filter(({ path }) => path.endsWith('.h')).map(({ path }) => [path.split('/').pop(), path.split('/')[1]]));
  const wrong = [];
  for (const { path, text } of all) {
    const floor = path.split('/')[1];
    if (!below[floor]) continue;
    for (const [, name] of text.matchAll(/#\s*include\s*"([^"]+)"/g)) {
      const target = floorOf.get(name);
      if (!target || !below[floor].includes(target)) wrong.push(`${path} includes ${name} of ${target ?? 'nowhere'}`);
    }
  }
  none(wrong);
});

test('header names are unique over all floors', () => {
  const names = all.filter(({ path }) => path.endsWith('.h')).map(({ path }) => path.split('/').pop());
  assert.equal(new Set(names).size, names.length);
});

test('one door per foreign library', () => {
  const doors = [
    [/#\s*include\s*[<"](fcgiapp|fcgi_stdio|fcgios)\.h/, ['src/http/fcgi.c']],
    [/#\s*include\s*[<"]jansson\.h/, ['src/http/json']],
    [/#\s*include\s*[<"]mysql\.h/, ['src/store/db', 'src/store/row.c']],
    [/#\s*include\s*[<"]sodium/, ['src/base/', 'src/auth/password.c']],
    [/#\s*include\s*[<"]utf8proc\.h/, ['src/auth/password.c']],
    [/#\s*include\s*[<"]zxcvbn\.h/, ['src/auth/strength.c']],
    [/#\s*include\s*[<"]ini\.h/, ['src/base/config']],
    [/#\s*include\s*[<"]curl\//, ['src/ctl/fetch.c', 'src/mailer/smtp.c']],
    [/#\s*include\s*[<"]crypt\.h/, ['src/auth/foreign_crypt.c']],
    [/#\s*include\s*[<"]openssl\//, ['src/auth/foreign_digest.c', 'src/base/p256.c', 'src/base/openssl_errors.c', 'src/ctl/pin.c']],
    [/#\s*include\s*[<"]qrencode\.h/, ['src/http/qr.c']],
    [/#\s*include\s*[<"]liboath\//, ['src/auth/totp_code.c']],
    [/#\s*include\s*[<"]fido(\/|\.h)/, ['src/auth/webauthn.c', 'src/auth/webauthn_key.c']],
    [/#\s*include\s*[<"]cbor\.h/, ['src/auth/cbor_guard.c', 'src/auth/attestation.c']],
  ];
  for (const [pattern, allowed] of doors) none(findings(outside(allowed), pattern, { code: false }));
});

test('SQL and rows stay in the store', () => {
  none(findings(outside(['src/store/']), /#\s*include\s*"(row|stmt)\.h"/, { code: false }));
  none(findings(outside(['src/store/']), /"\s*(SELECT|INSERT|UPDATE|DELETE FROM|REPLACE)\s/, { code: false }));
});

test('IN-01: SQL text is never built: the store formats nothing', () => {
  const store = inFloor('store').filter(({ path }) => !path.endsWith('migrate.c'));
  none(findings(store, /\b(sn?printf|vsn?printf|buf_addf)\s*\(/).filter((line) => !/fault/.test(line)));
});

test('auth and store know no HTTP', () => {
  none(findings(inFloor('auth', 'store'), /\b(http_status|status_code|Set-Cookie|HTTP_[A-Z]|Location:)/, { code: false }));
});

test('banned calls', () => {
  const banned = [
    'sprintf', 'vsprintf', 'strcpy', 'strcat', 'strncpy', 'strncat', 'stpcpy', 'gets', 'strtok', 'strtok_r', 'atoi', 'atol',
    'atoll', 'atof', 'gmtime', 'localtime', 'ctime', 'asctime', 'rand', 'random', 'srand', 'drand48', 'mktemp', 'tmpnam',
    'alloca', 'system', 'popen', 'setenv', 'putenv', 'strerror', 'signal', 'sleep', 'longjmp', 'setjmp', 'bzero', 'strdup',
  ];
  none(findings(all, new RegExp(`(?<![\\w.>])(${banned.join('|')})\\s*\\(`)));
});

test('PW-20: no memcmp or strcmp where secrets are compared', () => {
  const secretive = all.filter(({ path }) => /(secret|keyring|csrf|credential|password|totp_code|recovery_code_text|foreign_\w+|signin|session_start)\.c$/.test(path));
  none(findings(secretive, /\b(memcmp|strcmp|strncmp|str_equal)\s*\(/));
});

test('PW-19: a stored password is written where it is sealed', () => {
  const list = outside(['src/store/user_store', 'src/auth/password_row.c', 'src/auth/pepper_rows.c']);
  none(findings(list, /\bpassword_store_(set|strengthen|get)\b/));
});

test('TK-26, secrets come from libsodium: no other source of randomness', () => {
  none(findings(all, /\b(getrandom|getentropy|arc4random\w*|RAND_bytes)\s*\(|\/dev\/u?random/, { code: true }));
});

test('no free above base but in the doors, no goto above db.c', () => {
  none(findings(inFloor('auth', 'web', 'ctl').filter(({ path }) => !/password\.c|lane\.c|worker\.c|keeper\.c|app\.c|call\.c|totp_code\.c/.test(path)), /(?<![\w.>])free\s*\(/));
  none(findings(all.filter(({ path }) => !/db\.c$/.test(path)), /\bgoto\b/));
});

test('only the floors of rule 6 log', () => {
  const loggers = ['src/base/log', 'src/store/db', 'src/http/fcgi.c', 'src/web/dispatch.c', 'src/web/worker.c', 'src/web/lane.c',
    'src/web/keeper.c', 'src/auth/audit.c', 'src/main.c', 'src/mailer/main.c', 'src/mailer/mailer.c'];
  none(findings(outside(loggers), /\blog_(line|detail)\s*\(/));
});

test('no globals but static const tables', () => {
  const globals = [];
  for (const { path, text } of all.filter(({ path }) => path.endsWith('.c'))) {
    codeOnly(text).split('\n').forEach((line, index) => {
      if (/^(static\s+)?(?!const\b)(struct\s+\w+\s*\*?|bool|int|unsigned|size_t|char\s*\*?|_Atomic[\w ()]*)\s*\w+(\[[^\]]*\])?\s*(=|;)/.test(line)) {
        globals.push(`${path}:${index + 1}: ${line.trim()}`);
      }
    });
  }
  none(globals.filter((line) => !/static const|log_level|_Thread_local/.test(line)));
});

test('a file is one noun: at most 500 lines, and structs are not typedef\'d', () => {
  none(all.filter(({ text }) => text.split('\n').length > 500).map(({ path }) => path));
  none(findings(all, /\btypedef\s+(struct|union|enum)\b/));
});

test('taken prefixes are not ours', () => {
  const defined = all.flatMap(({ path, text }) =>
    [...codeOnly(text).matchAll(/^(?:static\s+)?(?:[\w*]+\s+)+\*?((?:crypto|sodium|mysql|FCGX|json_object|ini)_\w+)\s*\(/gm)]
      .map(([, name]) => `${path}: ${name}`).filter((line) => path_is_ours(line)));
  none(defined);
});

function path_is_ours(line) {
  return !/json_object_(parse)/.test(line);
}

test('every header is guarded, has a head sentence, and compiles alone', () => {
  const bad = all.filter(({ path, text }) => path.endsWith('.h') && !(/^\/\*/.test(text) && /#ifndef GATEPOST_/.test(text)));
  none(bad.map(({ path }) => path));
});

test('every source file says in its first line what it is', () => {
  none(all.filter(({ text }) => !/^\/\* \S/.test(text)).map(({ path }) => path));
});

test('limits of rule 3 are in .clang-tidy', () => {
  const tidy = readFileSync(join(source, '.clang-tidy'), 'utf8');
  assert.match(tidy, /LineThreshold, value: 60/);
  assert.match(tidy, /ParameterThreshold, value: 5/);
  assert.match(tidy, /NestingThreshold, value: 3/);
});
