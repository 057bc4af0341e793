// A mail server that keeps what it is given, and can be told to behave badly: npm smtp-server and postal-mime.
import { readFileSync } from 'node:fs';
import { join } from 'node:path';
import PostalMime from 'postal-mime';
import { SMTPServer } from 'smtp-server';
import { freePort, until } from './stack.mjs';

const reply = (code, text) => Object.assign(new Error(text), { responseCode: code });

/*
 * What it does, set at any time by sink.behave({…}); {} is good behaviour again:
 *   delay: milliseconds before it answers for a mail    refuse: answer to every recipient, {code, text}
 *   refuseMail: the same to every sender                refuseData: the same to every mail
 *   greylist: true, the first attempt for an address is put off   drop: true, it hangs up instead of answering for a mail
 *   silent: true, it never answers for a mail           slowConnect: milliseconds before its greeting
 * startSmtp({dir, tls, auth}) → the object below. tls: 'starttls' (with certificates in dir), 'implicit' or none;
 * auth: {user, password} that must be given.
 */
export async function startSmtp({ dir, tls, auth, port } = {}) {
  const at = port ?? await freePort();
  let manners = {};
  const seen = new Set();
  const received = [];
  // What was answered for; of received nobody may be left to be told.
  const accepted = [];
  const commands = [];
  let connections = 0;
  const later = () => new Promise((resolve) => setTimeout(resolve, manners.delay ?? 0));

  const options = {
    ...(tls ? { key: readFileSync(join(dir, 'server.key')), cert: readFileSync(join(dir, 'server.crt')) } : {}),
    secure: tls === 'implicit',
    authOptional: !auth,
    disabledCommands: [...(tls === 'starttls' ? [] : ['STARTTLS']), ...(auth ? [] : ['AUTH'])],
    allowInsecureAuth: true,
    disableReverseLookup: true,
    closeTimeout: 1000,
    onConnect(session, callback) {
      connections++;
      setTimeout(callback, manners.slowConnect ?? 0);
    },
    onAuth(given, session, callback) {
      const right = given.username === auth.user && given.password === auth.password;
      commands.push({ command: 'AUTH', secure: session.secure, right });
      callback(right ? null : reply(535, '5.7.8 no'), { user: given.username });
    },
    onMailFrom(address, session, callback) {
      callback(manners.refuseMail ? reply(manners.refuseMail.code, manners.refuseMail.text) : null);
    },
    onRcptTo({ address }, session, callback) {
      if (manners.refuse) return callback(reply(manners.refuse.code, manners.refuse.text));
      if (manners.greylist && !seen.has(address)) {
        seen.add(address);
        return callback(reply(450, '4.2.0 greylisted, come back later'));
      }
      return callback();
    },
    onData(stream, session, callback) {
      const chunks = [];
      stream.on('data', (chunk) => chunks.push(chunk));
      stream.on('end', async () => {
        const { mailFrom, rcptTo } = session.envelope;
        const mail = {
          from: mailFrom.address, to: rcptTo.map(({ address }) => address), raw: Buffer.concat(chunks).toString('latin1'),
          secure: session.secure, at: Date.now(), bytes: Buffer.concat(chunks),
        };
        received.push(mail);
        await later();
        const connection = [...server.connections].find((one) => one.session === session);
        if (manners.silent || !connection) return undefined;
        if (manners.drop) return connection._socket.destroy();
        if (manners.refuseData) return callback(reply(manners.refuseData.code, manners.refuseData.text));
        accepted.push(mail);
        return callback(null, '2.0.0 kept');
      });
    },
  };
  let server;
  const listen = async () => {
    server = new SMTPServer(options);
    server.on('error', () => {});
    await new Promise((resolve, reject) => {
      server.server.once('error', reject);
      server.listen(at, '127.0.0.1', resolve);
    });
  };
  const close = () => new Promise((resolve) => {
    for (const one of server.connections) one._socket.destroy();
    server.close(resolve);
  });
  await listen();
  return {
    port: at,
    received,
    accepted,
    commands,
    get connections() {
      return connections;
    },
    // Those that are there now.
    get open() {
      return server.connections.size;
    },
    behave(next) {
      manners = next;
    },
    // Nobody listens any more; and again.
    close,
    reopen: listen,
    parse: (mail) => PostalMime.parse(mail.bytes),
    // The newest mail to an address, parsed; waits for it. after: how many of accepted are not looked at.
    async mailTo(address, { after = 0, seconds = 20, matching = () => true } = {}) {
      let found;
      await until(async () => {
        for (const mail of accepted.slice(after).reverse()) {
          if (!mail.to.includes(address)) continue;
          const parsed = await PostalMime.parse(mail.bytes);
          if (!matching(parsed)) continue;
          found = { ...parsed, raw: mail.raw };
          return true;
        }
        return false;
      }, `a mail to ${address}`, seconds);
      return found;
    },
    stop: close,
  };
}

// Settings of [mail] for a mailer that sends there.
export const mailSettings = (sink, more = {}) => ({
  transport: 'smtp', from: 'accounts@example.org', from_name: 'Gatepost', smtp_host: '127.0.0.1', smtp_port: sink.port,
  smtp_tls: 'none', timeout: '10s', ...more,
});

// The link and the typed code in the text of a parsed mail.
export const linkIn = (mail) => /https:\/\/\S+/.exec(mail.text)?.[0];
export const codeIn = (mail) => /^ {4}(\d{8})$/m.exec(mail.text)?.[1];
