// gatepost-mailer and gatepost mail against a real mail server and a sendmail: what arrives, and what is noted of it.
import test from 'node:test';
import assert from 'node:assert/strict';
import { spawnSync } from 'node:child_process';
import { chmodSync, existsSync, mkdirSync, readFileSync, readdirSync, writeFileSync } from 'node:fs';
import { join } from 'node:path';
import PostalMime from 'postal-mime';
import { programs, source } from '../support/harness.mjs';
import { startPost } from '../support/mailer.mjs';
import { mailSettings, startSmtp, linkIn, codeIn } from '../support/smtp.mjs';
import { secretFile, start, until } from '../support/stack.mjs';

let sink;
let post;
test.before(async () => {
  sink = await startSmtp();
  post = await startPost({ settings: { mail: mailSettings(sink) } });
});
test.after(async () => {
  await post?.stop();
  await sink?.stop();
});
test.beforeEach(() => {
  sink.behave({});
  sink.accepted.length = 0;
  sink.received.length = 0;
  post.empty();
});

const LINK = 'https://www.example.org/auth/page?code=abcdefghijklmnopqrstuv';
const kinds = readdirSync(join(source, 'templates/mail')).filter((name) => name.endsWith('.txt'))
  .filter((name) => /^Subject: /.test(readFileSync(join(source, 'templates/mail', name), 'utf8'))).map((name) => name.slice(0, -4));
const values = { code: '12345678', link: LINK, display_name: 'Zofia', new_address: 'new@example.org', to: 'browser', due_at: '2026-12-01T08:30:00Z', left: '3' };

test('every kind arrives in every language, as text and as HTML that say the same', async () => {
  assert.ok(kinds.length >= 16, kinds.join());
  for (const kind of kinds) for (const language of ['en', 'pl']) post.post(kind, `${kind}.${language}@example.org`, { language, values });
  const { code, output } = await post.once();
  assert.equal(code, 0, output);
  assert.equal(sink.accepted.length, 2 * kinds.length);
  const subjects = new Set();
  for (const kind of kinds) {
    for (const language of ['en', 'pl']) {
      const mail = await sink.mailTo(`${kind}.${language}@example.org`);
      assert.equal(mail.from.address, 'accounts@example.org');
      assert.equal(mail.from.name, 'Gatepost');
      assert.ok(mail.subject.includes('Gatepost'), mail.subject);
      subjects.add(mail.subject);
      const header = Object.fromEntries(mail.headers.map(({ key, value }) => [key, value]));
      assert.equal(header['auto-submitted'], 'auto-generated');
      assert.equal(header['content-language'], language);
      assert.match(header['message-id'], /^<[\w-]{22}@example\.org>$/);
      assert.ok(Math.abs(Date.parse(header.date) - Date.now()) < 120000, header.date);
      assert.doesNotMatch(mail.text, /\{|\}|<\/?[a-z]/, 'nothing is left unfilled, and there is no markup');
      assert.doesNotMatch(mail.html, /<(img|style|script|link|iframe)|style=|https?:\/\/(?!www\.example\.org)/, 'nothing remote');
      assert.match(mail.html, new RegExp(`<html lang="${language}" dir="ltr">`));
      assert.match(mail.html, new RegExp(`<title>${mail.subject}</title>`));
      // Every word of the text is in the HTML.
      const words = (text) => text.replace(/<title>[^]*?<\/title>/, '').replace(/<\/?(strong|b|code|small|a)\b[^>]*>/g, '').replace(/<[^>]*>/g, ' ').replaceAll('&amp;', '&').split(/\s+/).filter((word) => word && word !== '--');
      const inHtml = words(mail.html);
      for (const word of words(mail.text)) assert.ok(inHtml.includes(word), `${kind} ${language}: ${word}`);
      if (mail.text.includes(LINK)) {
        assert.match(mail.text, /^https:\/\/www\.example\.org\/auth\/page\?code=abcdefghijklmnopqrstuv$/m, 'the link has a line of its own');
        assert.match(mail.html, new RegExp(`<a href="${LINK.replace('?', '\\?')}">`));
        assert.equal(linkIn(mail), LINK);
      }
      if (['register', 'recover', 'address'].includes(kind)) assert.equal(codeIn(mail), '12345678');
      else assert.ok(!mail.text.includes('12345678'), kind);
    }
  }
  assert.equal(subjects.size, 2 * kinds.length);
});

test('how long a link works is said in the forms of each language', async () => {
  for (const [kind, language] of [['recover', 'en'], ['recover', 'pl'], ['register', 'en'], ['register', 'pl'], ['invite', 'pl'], ['new-device', 'en']]) {
    post.post(kind, `${kind}.${language}@example.org`, { language, values });
  }
  await post.once();
  const text = async (kind, language) => (await sink.mailTo(`${kind}.${language}@example.org`)).text;
  assert.match(await text('recover', 'en'), /within 1 hour\./);
  assert.match(await text('recover', 'pl'), /przez 1 godzinę\./);
  assert.match(await text('recover', 'pl'), /przez 10 minut\./);
  assert.match(await text('register', 'en'), /within 24 hours\./);
  assert.match(await text('register', 'pl'), /przez 24 godziny\./);
  assert.match(await text('invite', 'pl'), /przez 7 dni\./);
  assert.match(await text('new-device', 'en'), /within 2 days\./);
});

test('when a reset takes effect and how many recovery codes are left are said in the forms of each language', async () => {
  for (const left of ['0', '1', '4', '5']) for (const language of ['en', 'pl']) {
    post.post('recovery-code-used', `${left}.${language}@example.org`, { language, values: { ...values, left } });
  }
  for (const language of ['en', 'pl']) post.post('factors-reset', `reset.${language}@example.org`, { language, values });
  await post.once();
  const text = async (to) => (await sink.mailTo(`${to}@example.org`)).text;
  assert.match(await text('0.en'), /no recovery code left/);
  assert.match(await text('0.pl'), /żadnego kodu/);
  for (const [to, said] of [['1.en', '1 recovery code left'], ['4.en', '4 recovery codes left'], ['1.pl', 'Został Ci 1 kod zapasowy'], ['4.pl', 'Zostały Ci 4 kody zapasowe'], ['5.pl', 'Zostało Ci 5 kodów zapasowych']]) {
    assert.ok((await text(to)).includes(said), `${to}: ${await text(to)}`);
    assert.doesNotMatch(await text(to), /no recovery code left|żadnego kodu/);
  }
  assert.match(await text('reset.en'), /stop working on .*2026/);
  assert.match(await text('reset.pl'), /Przestaną działać: .*2026/);
});

test('an unknown language falls back to the server\'s', async () => {
  post.post('recover', 'x@example.org', { language: 'tlh', values });
  post.post('recover', 'y@example.org', { language: 'pl-PL', values });
  await post.once();
  assert.match((await sink.mailTo('x@example.org')).subject, /Choose a new password/);
  assert.match((await sink.mailTo('y@example.org')).subject, /Ustaw nowe hasło/);
});

test('what is sent leaves nothing in the row; a decoy is sent to nobody and looks the same afterwards', async () => {
  post.post('recover', 'alice@example.org', { values });
  post.post('recover', null, { values });
  const before = post.rows();
  assert.equal(before[0].payload, before[1].payload);
  const { code, log } = await post.once();
  assert.equal(code, 0);
  assert.equal(sink.received.length, 1);
  assert.deepEqual(post.rows().map(({ state, attempts, payload, last_error }) => [state, attempts, payload, last_error]),
    [['3', '1', '0', ''], ['3', '1', '0', '']]);
  assert.equal(log.filter(({ event }) => event === 'mail_sent').length, 1);
});

test('LG-02: a log has neither address, nor code, nor link, nor name', async () => {
  post.post('recover', 'alice@example.org', { values });
  post.post('recover', 'refused@example.org', { values });
  const fine = await post.once();
  sink.behave({ refuse: { code: 550, text: '5.1.1 <refused@example.org> no such user, see https://www.example.org/?code=12345678' } });
  post.post('recover', 'refused@example.org', { values });
  const bad = await post.once();
  for (const output of [fine.output, bad.output]) {
    assert.doesNotMatch(output, /@|12345678|abcdefgh|Zofia/);
  }
  const [first, second] = fine.log;
  assert.match(first.recipient, /^[0-9a-f]{16}$/);
  assert.notEqual(first.recipient, second.recipient);
  assert.equal(bad.log[0].recipient, second.recipient);
  assert.equal(bad.log[0].event, 'mail_dead');
  assert.equal(bad.log[0].reason, 'the server said 550 5.1.1 to the recipient');
  assert.doesNotMatch(JSON.stringify(post.rows().map(({ last_error }) => last_error)), /12345678|refused@/);
});

const naughty = [
  '<script>alert(1)</script>', '"><img src=x onerror=alert(1)>', '{{code}} {{$mail.hello}} {code}', '=?UTF-8?Q?Bcc:_evil@example.org?=',
  '\u202egnp.exe', '👾'.repeat(25), "'; DROP TABLE outbox; --", 'a <b@example.org>, c', '.', '--', 'From me', 'x'.repeat(100), '${jndi:ldap://x}', '%s%n',
  'Zażółć gęślą jaźń', 'שלום', '\u2028Bcc: evil@example.org', '&lt;b&gt;',
];

test('IN-02, IN-08: naughty names are inert in every mail', async () => {
  for (const [i, name] of naughty.entries()) for (const kind of ['recover', 'new-device', 'address-changed']) {
    post.post(kind, `${kind}${i}@example.org`, { values: { ...values, display_name: name, new_address: name } });
  }
  const { code, output } = await post.once();
  assert.equal(code, 0, output);
  assert.equal(sink.accepted.length, 3 * naughty.length);
  for (const [i, name] of naughty.entries()) {
    for (const kind of ['recover', 'new-device', 'address-changed']) {
      const mail = await sink.mailTo(`${kind}${i}@example.org`);
      assert.deepEqual(mail.to.map(({ address }) => address), [`${kind}${i}@example.org`]);
      assert.ok(!mail.bcc && !mail.cc);
      assert.equal(mail.headers.length, 9, JSON.stringify(mail.headers));
      assert.ok(mail.text.includes(`Hello ${name},`), mail.text);
      assert.doesNotMatch(mail.html, /<script|<img|onerror=[^&]*>(?!)/);
      const shown = mail.html.replaceAll('&lt;', '<').replaceAll('&gt;', '>').replaceAll('&quot;', '"').replaceAll('&#39;', "'").replaceAll('&amp;', '&');
      assert.ok(shown.includes(`Hello ${name},`), mail.html);
      assert.match(mail.html, /<\/html>\s*$/, 'it is whole');
    }
  }
});

test('IN-08: a service with a naughty name has the same headers', async () => {
  for (const name of ['Gatepost = "x" <y@example.org>', 'Usługa Zażółć gęślą jaźń i jeszcze więcej liter w nazwie', '=?x?Q?y?=']) {
    post.configure({ server: { name }, mail: { from_name: name, reply_to: 'help@example.org' } });
    post.post('test', 'alice@example.org');
    const { code, output } = await post.once();
    assert.equal(code, 0, output);
    const mail = await sink.mailTo('alice@example.org');
    assert.equal(mail.from.name, name);
    assert.equal(mail.from.address, 'accounts@example.org');
    assert.deepEqual(mail.replyTo.map(({ address }) => address), ['help@example.org']);
    assert.equal(mail.subject, `A test of mail from ${name}`);
    assert.equal(mail.headers.length, 10);
    sink.accepted.length = 0;
  }
  delete post.config.sections.mail.reply_to;
  post.configure({ server: { name: 'Gatepost' }, mail: { from_name: 'Gatepost' } });
});

test('IN-08: a row with an address that no account can have is sent to nobody', async () => {
  const addresses = ['a@example.org>\r\nRCPT TO:<evil@example.org', 'a@example.org\r\nBcc: evil@example.org', 'a b@example.org', '<a@example.org>',
    'a@example.org,evil@example.org', 'a@example.org ', 'nobody', '"a b"@example.org', 'ż@example.org', 'a@b@example.org', 'a\\@example.org'];
  for (const address of addresses) {
    post.post('recover', 'alice@example.org', { values });
    post.sql(`UPDATE outbox SET recipient = x'${Buffer.from(address).toString('hex')}' WHERE recipient = 'alice@example.org'`);
  }
  const { code, log } = await post.once();
  assert.equal(code, 0);
  assert.equal(sink.received.length, 0);
  assert.equal(post.states().dead, addresses.length);
  for (const line of log) assert.equal(line.reason, 'it has what no mail may have');
});

test('SE-04: a payload that was moved, changed, or leads elsewhere is not sent', async () => {
  post.post('recover', 'a@example.org', { values });
  post.post('recover', 'b@example.org', { values });
  post.sql("SET @a = (SELECT payload FROM outbox WHERE recipient = 'a@example.org'), @b = (SELECT payload FROM outbox WHERE recipient = 'b@example.org');"
    + "UPDATE outbox SET payload = IF(recipient = 'a@example.org', @b, @a)");
  post.post('recover', 'c@example.org', { values: { ...values, link: 'https://www.example.org.evil.net/auth/reset?code=x' } });
  post.post('recover', 'd@example.org', { values: { ...values, link: 'javascript:alert(1)' } });
  post.post('recover', 'e@example.org', { values: { ...values, display_name: 'x\ny' } });
  post.post('nonsense', 'f@example.org', { values });
  post.post('recover', 'g@example.org', { values: { code: '12345678' } });
  const { code } = await post.once();
  assert.equal(code, 0);
  assert.equal(sink.received.length, 0);
  assert.equal(post.states().dead, 7);
});

test('a mail that is over is not sent, and nothing of it stays', async () => {
  post.post('recover', 'late@example.org', { values: { ...values, too_late: -1 } });
  post.post('recover', 'soon@example.org', { values: { ...values, too_late: 3600 } });
  await post.once();
  assert.deepEqual(sink.accepted.map(({ to }) => to[0]), ['soon@example.org']);
  const late = post.rows().find(({ recipient }) => recipient === 'late@example.org');
  assert.deepEqual([late.state, late.payload, late.last_error], ['4', '0', 'too late']);
  assert.equal(post.ctl('mail', 'retry', '--dead').stdout, '0 mails are due now\n');
});

test('TLS: STARTTLS is demanded, names are checked, passwords are sent within it only', async () => {
  const auth = { user: 'gatepost', password: 'open sesame' };
  const secret = secretFile(join(post.dir, 'smtp.password'), `${auth.password}\n`);
  const secure = { smtp_ca: post.tls.ca, smtp_user: auth.user, smtp_password_file: secret, smtp_host: 'localhost' };
  const tries = [
    ['starttls', 'starttls', {}, 1],
    ['implicit', 'implicit', {}, 1],
    // A server that offers no TLS, as one would look like behind somebody who strips it.
    [undefined, 'starttls', {}, 0],
    ['starttls', 'starttls', { smtp_ca: '/etc/ssl/certs/ca-certificates.crt' }, 0],
    ['implicit', 'implicit', { smtp_ca: '/etc/ssl/certs/ca-certificates.crt' }, 0],
  ];
  for (const [offered, wanted, more, sent] of tries) {
    const server = await startSmtp({ dir: post.dir, tls: offered, auth });
    try {
      post.configure({ mail: { ...mailSettings(server), ...secure, smtp_tls: wanted, ...more } });
      post.empty();
      post.post('test', 'alice@example.org');
      const { code, output } = await post.once();
      assert.equal(server.accepted.length, sent, `${offered} ${wanted}: ${output}`);
      assert.equal(code, sent ? 0 : 1);
      if (sent) assert.ok(server.accepted[0].secure);
      if (!sent) assert.deepEqual(server.commands, []);
      for (const command of server.commands) assert.deepEqual(command, { command: 'AUTH', secure: true, right: true });
    } finally {
      await server.stop();
    }
  }
  // A wrong password is nobody's mail's fault.
  const server = await startSmtp({ dir: post.dir, tls: 'starttls', auth: { ...auth, password: 'other' } });
  try {
    post.configure({ mail: { ...mailSettings(server), ...secure, smtp_tls: 'starttls' } });
    post.hurry();
    const { code, log } = await post.once();
    assert.equal(code, 1);
    assert.equal(log.at(-1).event, 'mail_server_unusable');
    assert.equal(post.rows()[0].attempts, '0');
  } finally {
    await server.stop();
    for (const name of Object.keys(secure)) delete post.config.sections.mail[name];
    post.configure({ mail: mailSettings(sink) });
  }
});

test('many mails go over one connection, and an idle one is let go', async () => {
  post.post('test', 'user%u@example.org', { count: 100 });
  const before = sink.connections;
  const mailer = post.startMailer();
  await until(() => sink.accepted.length === 100, 'all have arrived');
  assert.equal(sink.connections - before, 1);
  await until(() => sink.open === 0, 'the connection is let go', 20);
  post.post('test', 'late@example.org');
  await until(() => sink.accepted.length === 101, 'a later one arrives, too');
  assert.equal((await mailer.stop()).code, 0);
  assert.equal(post.states().sent, 101);
});

test('a connection that the server has closed meanwhile costs nothing', async () => {
  const mailer = post.startMailer();
  post.post('test', 'one@example.org');
  await until(() => sink.accepted.length === 1, 'the first has arrived');
  await sink.stop();
  await sink.reopen();
  post.post('test', 'two@example.org');
  await until(() => sink.accepted.length === 2, 'the second has arrived');
  assert.equal((await mailer.stop()).code, 0);
  assert.deepEqual(mailer.log().filter(({ event }) => event.startsWith('mail_')).map(({ event }) => event), ['mail_sent', 'mail_sent']);
});

test('SIGHUP reads the configuration again; a wrong one changes nothing', async () => {
  const mailer = post.startMailer();
  await mailer.ready();
  post.configure({ mail: { from_name: 'Another' } });
  mailer.child.kill('SIGHUP');
  await until(() => mailer.log().some(({ event }) => event === 'reloaded'), 'it is reloaded');
  post.post('test', 'one@example.org');
  assert.equal((await sink.mailTo('one@example.org')).from.name, 'Another');
  post.configure({ mail: { from: 'nonsense' } });
  mailer.child.kill('SIGHUP');
  await until(() => mailer.log().some(({ event }) => event === 'reload_refused'), 'it is refused');
  post.configure({ mail: mailSettings(sink) });
  post.post('test', 'two@example.org');
  assert.equal((await sink.mailTo('two@example.org')).from.name, 'Another');
  assert.equal((await mailer.stop()).code, 0);
});

test('sendmail: what it is given, and what its exit code says', async () => {
  const script = join(post.dir, 'sendmail');
  const box = join(post.dir, 'box');
  mkdirSync(box);
  const says = (code, more = '') => {
    writeFileSync(script, `#!/bin/sh\nprintf '%s\\n' "$@" >'${box}/arguments'\nenv >'${box}/environment'\nls -l /proc/self/fd | wc -l >'${box}/descriptors'\n${more}\ncat >'${box}/mail'\nexit ${code}\n`);
    chmodSync(script, 0o700);
  };
  says(0);
  post.configure({ mail: { transport: 'sendmail', sendmail: script } });
  post.post('recover', '-oQ/tmp@example.org', { values: { ...values, display_name: '.' } });
  assert.equal((await post.once()).code, 0);
  assert.equal(readFileSync(join(box, 'arguments'), 'utf8'), '-i\n-f\naccounts@example.org\n--\n-oQ/tmp@example.org\n');
  assert.deepEqual(readFileSync(join(box, 'environment'), 'utf8').split('\n').map((line) => line.split('=')[0]).filter((name) => name && !['PWD', 'SHLVL', '_', 'OLDPWD'].includes(name)), ['PATH']);
  const raw = readFileSync(join(box, 'mail'));
  assert.ok(!raw.includes('\r'));
  const mail = await PostalMime.parse(raw);
  assert.deepEqual(mail.to.map(({ address }) => address), ['-oQ/tmp@example.org']);
  assert.match(mail.text, /Hello \.,/);
  const cases = [[0, 'sent'], [75, 'waiting'], [67, 'dead'], [68, 'dead'], [65, 'dead'], [1, 'waiting'], [64, 'waiting'], [78, 'waiting']];
  for (const [code, state] of cases) {
    post.empty();
    says(code);
    post.post('test', 'alice@example.org');
    const end = await post.once();
    assert.equal(post.states()[state], 1, `${code}`);
    // What is not the mail's fault is not counted as its attempt.
    const broken = code === 64 || code === 78;
    assert.equal(post.rows()[0].attempts, broken ? '0' : '1');
    assert.equal(end.code, broken ? 1 : 0);
  }
  // One that does not end, one that does not read, one that is not there.
  post.empty();
  post.configure({ mail: { timeout: '1s' } });
  writeFileSync(script, '#!/bin/sh\nexec sleep 100\n');
  post.post('test', 'alice@example.org');
  await post.once();
  assert.match(post.rows()[0].last_error, /did not end in time/);
  post.empty();
  writeFileSync(script, '#!/bin/sh\nexit 0\n');
  post.post('test', 'alice@example.org');
  await post.once();
  assert.ok(['1', '3'].includes(post.rows()[0].state));
  post.empty();
  post.configure({ mail: { sendmail: '/nowhere/sendmail' } });
  post.post('test', 'alice@example.org');
  assert.equal((await post.once()).code, 1);
  assert.match(post.rows()[0].last_error, /cannot be run/);
  delete post.config.sections.mail.sendmail;
  post.configure({ mail: mailSettings(sink) });
});

test('gatepost mail: list, retry, test', async () => {
  sink.behave({ refuse: { code: 550, text: '5.1.1 no' } });
  post.must('mail', 'test', 'Alice@Example.org');
  post.post('recover', null, { values });
  assert.equal((await post.once()).code, 0);
  sink.behave({ greylist: true });
  post.must('mail', 'test', 'grey@example.org');
  await post.once();
  const list = (...args) => JSON.parse(post.must('mail', 'list', '--json', ...args).stdout).mails;
  assert.deepEqual(list().map(({ recipient, state }) => [recipient, state]), [['grey@example.org', 'waiting'], ['alice@example.org', 'dead']]);
  assert.equal(list('--waiting').length, 1);
  assert.equal(list('--limit', '1').length, 1);
  const [dead] = list('--dead');
  assert.equal(dead.last_error, 'the server said 550 5.1.1 to the recipient');
  assert.equal(dead.kind, 'test');
  const text = post.must('mail', 'list').stdout;
  assert.match(text, /^[\w-]{22}\twaiting\ttest\tgrey@example\.org\twritten [\dT:Z-]+\tdue [\dT:Z-]+\t1 attempt\tthe server said 450 4\.2\.0 to the recipient$/m);
  assert.equal(post.ctl('mail', 'retry').code, 2);
  assert.equal(post.ctl('mail', 'retry', dead.id, '--dead').code, 2);
  assert.equal(post.ctl('mail', 'retry', 'x').code, 2);
  assert.equal(post.ctl('mail', 'retry', 'AAAAAAAAAAAAAAAAAAAAAA').code, 1);
  assert.equal(post.ctl('mail', 'list', '--dead', '--waiting').code, 2);
  assert.equal(post.ctl('mail', 'list', '--limit', '0').code, 2);
  assert.equal(post.ctl('mail', 'test', 'no address').code, 1);
  assert.equal(post.ctl('mail', 'test').code, 2);
  sink.behave({});
  post.must('mail', 'retry', dead.id);
  await post.once();
  assert.deepEqual(sink.accepted.map(({ to }) => to[0]), ['alice@example.org']);
  assert.equal(JSON.parse(post.must('mail', 'retry', '--dead', '--json').stdout).retried, 0);
  post.sql("UPDATE outbox SET state = 4 WHERE recipient = 'grey@example.org'");
  assert.equal(post.must('mail', 'retry', '--dead').stdout, '1 mail is due now\n');
  await post.once();
  assert.equal(sink.accepted.at(-1).to[0], 'grey@example.org');
});

test('the doctor tells of mail that waits too long, was given up, or that nobody sends', async () => {
  const checks = () => JSON.parse(post.ctl('doctor', '--offline', '--json').stdout).checks;
  const one = (name) => checks().find((check) => check.name === name);
  assert.equal(one('outbox').result, 'ok');
  assert.equal(one('mail').result, 'ok');
  assert.equal(one('account-mail').result, 'ok');
  post.must('mail', 'test', 'alice@example.org');
  assert.equal(one('outbox').result, 'ok');
  post.sql('UPDATE outbox SET created_at = created_at - 901000000');
  assert.equal(one('outbox').result, 'warn');
  assert.match(one('outbox').detail, /1 mails have waited for more than 15 minutes/);
  post.sql('UPDATE outbox SET state = 4');
  assert.match(one('outbox').detail, /1 mails were given up, 0 wait/);
  post.configure({ mail: { transport: 'none' } });
  assert.equal(one('mail').result, 'warn');
  post.configure({ account: { registration: 'on' } });
  assert.equal(one('mail').result, 'fail');
  delete post.config.sections.account;
  post.configure({ mail: { transport: 'smtp' } });
});

test('a root key is not retired while mails that wait are sealed under it', async () => {
  post.post('recover', 'alice@example.org', { values });
  const [{ root }] = post.sql('SELECT root FROM outbox');
  post.must('key', 'rotate-root');
  post.must('key', 'reseal');
  post.post('recover', 'bob@example.org', { values });
  const refused = post.ctl('key', 'retire-root', root);
  assert.equal(refused.code, 1);
  assert.match(refused.stderr, new RegExp(`1 mails that wait are sealed under root ${root}`));
  await post.once();
  assert.equal(post.states().sent, 2);
  assert.doesNotMatch(post.ctl('key', 'retire-root', root).stderr, /mails/);
  // One that nobody can open any more waits for whoever puts the key back.
  post.post('recover', 'carol@example.org', { values });
  post.sql('UPDATE outbox SET root = 99 WHERE state = 1');
  await post.once();
  const [{ state, last_error: why }] = post.rows().filter(({ recipient }) => recipient === 'carol@example.org');
  assert.deepEqual([state, why], ['1', 'the key file lacks the root that it is sealed under']);
});

test('ST-05: it refuses to start with one line that says why', async () => {
  const refused = (next, reason) => {
    const kept = structuredClone(post.config.sections);
    post.configure(next);
    const { code, stderr } = post.check();
    Object.assign(post.config.sections, kept);
    post.configure({});
    assert.equal(code, 2, stderr);
    assert.match(stderr, reason);
    assert.equal(stderr.trim().split('\n').length, 1, stderr);
  };
  refused({ mail: { transport: 'none' } }, /transport is none: there is nothing to send by/);
  refused({ database: { mail_password_file: '/nonexistent' } }, /\/nonexistent: cannot be read \(mail_password_file\)/);
  refused({ mail: { smtp_user: 'x', smtp_password_file: '/nonexistent' } }, /\/nonexistent: cannot be read \(smtp_password_file\)/);
  refused({ mail: { smtp_host: 'mail.example.org' } }, /smtp_tls may be none only where smtp_host is this machine/);
  refused({ mail: { from: '' } }, /transport needs from/);
  refused({ mail: { from: 'a@example.org>' } }, /from must be an address/);
  refused({ mail: { smtp_tls: 'maybe' } }, /smtp_tls must be starttls, implicit or none/);
  refused({ database: { mail_user: 'gatepost_web' } }, /Access denied/);
  // The worker's own programs need none of it.
  const kept = structuredClone(post.config.sections);
  post.configure({ database: { mail_password_file: '/nonexistent' }, mail: { smtp_user: 'x', smtp_password_file: '/nonexistent' } });
  assert.equal(post.ctl('config', 'check').code, 0);
  Object.assign(post.config.sections, kept);
  delete post.config.sections.mail.smtp_user;
  delete post.config.sections.mail.smtp_password_file;
  post.configure({});
  assert.equal(post.check().code, 0);
  // A theme that lacks a mail.
  const theme = join(post.dir, 'theme');
  spawnSync('cp', ['-r', join(source, 'templates'), theme]);
  spawnSync('rm', [join(theme, 'mail/recover.html')]);
  refused({ server: { template_dir: theme } }, /has no mail\/recover\.html/);
  assert.equal(spawnSync(programs.mailer, ['--nonsense'], { encoding: 'utf8' }).status, 2);
  assert.match(spawnSync(programs.mailer, ['--help'], { encoding: 'utf8' }).stdout, /--once/);
  assert.match(spawnSync(programs.mailer, ['--version'], { encoding: 'utf8' }).stdout, /^gatepost-mailer \d/);
});

test('the worker does not link libcurl, and the mailer alone speaks to mail servers', () => {
  const needed = (program) => spawnSync('readelf', ['-d', program], { encoding: 'utf8' }).stdout;
  assert.doesNotMatch(needed(programs.worker), /curl/);
  assert.match(needed(programs.mailer), /curl/);
});
