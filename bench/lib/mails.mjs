// How fast mail leaves: gatepost-mailer into a mail server that takes everything at once.
import { createServer } from 'node:net';
import { programs } from '../../tests/support/harness.mjs';
import { freePort, start, until } from '../../tests/support/stack.mjs';
import { bench, must } from './build.mjs';
import { fixed, goal, median } from './report.mjs';
import { configure } from './setup.mjs';

const MAILS = 1000;

// A mail server that answers 250 and forgets. mails: how many it has taken.
async function startSink() {
  const sink = { mails: 0 };
  const server = createServer((socket) => {
    let text = '';
    let inMail = false;
    socket.setNoDelay(true).on('error', () => {}).write('220 sink\r\n');
    const command = (line) => {
      const word = line.slice(0, 4).toUpperCase();
      if (word === 'EHLO') return '250-sink\r\n250 8BITMIME\r\n';
      if (word === 'DATA') {
        inMail = true;
        return '354 go on\r\n';
      }
      return word === 'QUIT' ? '221 bye\r\n' : '250 fine\r\n';
    };
    socket.on('data', (chunk) => {
      text += chunk.toString('latin1');
      for (;;) {
        const mark = inMail ? '\r\n.\r\n' : '\r\n';
        const end = text.indexOf(mark);
        if (end < 0) return;
        const line = text.slice(0, end);
        text = text.slice(end + mark.length);
        if (inMail) sink.mails++;
        socket.write(inMail ? '250 taken\r\n' : command(line));
        if (mark.length > 2) inMail = false;
      }
    });
  });
  sink.port = await freePort();
  await new Promise((resolve, reject) => {
    server.once('error', reject).listen(sink.port, '127.0.0.1', resolve);
  });
  sink.stop = () => server.close();
  return sink;
}

const values = ['code=12345678', 'display_name=Zofia Nowak'];

// Mails a second of so many mailers, by when the last one was taken.
async function once(made, config, sink, mailers) {
  made.stack.sql('DELETE FROM outbox');
  const link = `link=${made.stack.origin}/auth/reset?code=abcdefghijklmnopqrstuv`;
  must(bench('post'), [config.file, 'recover', 'user%u@example.org', 'pl', String(MAILS), ...values, link]);
  const before = sink.mails;
  const begin = performance.now();
  const running = Array.from({ length: mailers }, () => start(programs.mailer, ['--config', config.file]));
  try {
    await until(() => sink.mails - before >= MAILS, 'all mails are taken', 120);
    return MAILS / (performance.now() - begin) * 1000;
  } finally {
    for (const mailer of running) await mailer.stop();
    if (sink.mails - before !== MAILS) throw new Error(`${sink.mails - before} mails of ${MAILS}`);
  }
}

export async function mails(options, made) {
  const sink = await startSink();
  const mail = { transport: 'smtp', from: 'accounts@example.org', smtp_host: '127.0.0.1', smtp_port: sink.port, smtp_tls: 'none' };
  const config = configure(made, 'mailer', { mail });
  const rows = [];
  try {
    for (const mailers of [1, 2]) {
      const rates = [];
      for (let i = 0; i < options.rounds; i++) rates.push(await once(made, config, sink, mailers));
      const rate = median(rates);
      options.log(`${rate.toFixed(0)} mails/s by ${mailers} mailers`);
      rows.push({
        what: `(n) mails written in text and HTML and sent to a local server, ${mailers === 1 ? 'one mailer' : 'two mailers'}`,
        measured: `${fixed(0)(rate)} mails/s, from the mailer's start on`,
        goals: mailers === 1 ? [goal('mails/s', '≥', 200, rate, 0)] : [],
      });
    }
  } finally {
    sink.stop();
  }
  return rows;
}
