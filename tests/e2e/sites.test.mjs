// The sample sites: TLS, plain http, and Gatepost behind them; each is the shipped file with names and ports changed.
import { test, before, after } from 'node:test';
import assert from 'node:assert/strict';
import { chmodSync, mkdirSync, readFileSync, writeFileSync } from 'node:fs';
import { request } from 'node:http';
import { join } from 'node:path';
import { connect } from 'node:tls';
import { source, startStack } from '../support/harness.mjs';
import { apacheServer, configtest, isRoot, program } from '../support/servers.mjs';
import { freePort, start, until } from '../support/stack.mjs';
import { Client } from '../support/client.mjs';

let stack;
before(async () => {
  // Its worker lets www-data in.
  stack = await startStack({ server: 'apache-proxy', users: ['alice'] });
});
after(() => stack?.stop());

const folder = (name) => {
  const dir = join(stack.dir, `site-${name}`);
  mkdirSync(dir, { mode: 0o755 });
  return dir;
};

// As /var/log/lighttpd: a place where www-data may write.
function logFile() {
  const file = join(stack.dir, 'site.log');
  writeFileSync(file, '');
  chmodSync(file, 0o666);
  return file;
}

// A sample with this machine's names: {text, http, https}.
async function sample(kind) {
  const [http, https] = [await freePort(), await freePort()];
  const pem = join(stack.dir, 'server.pem');
  const changes = [
    [/\/usr\/local\/share\/gatepost\//g, `${join(source, 'conf')}/`],
    [/\/run\/gatepost\/gatepost\.sock/g, join(stack.dir, 'run/gatepost.sock')],
    [/\/etc\/ssl\/(?:certs|private)\/www\.example\.org\.(?:pem|key)/g, pem],
    [/\/var\/log\/lighttpd\/error\.log/g, logFile()],
    [/\/var\/www\/html/g, join(stack.dir, 'www')],
    [/www\.example\.org/g, 'localhost'],
    [/\*:80\b/g, `*:${http}`], [/\*:443\b/g, `*:${https}`],
    [/":80"/g, `"127.0.0.1:${http}"`], [/server\.port = 443/g, `server.bind = "127.0.0.1"\nserver.port = ${https}`],
    [/listen 80;/g, `listen 127.0.0.1:${http};`], [/listen 443 /g, `listen 127.0.0.1:${https} `],
  ];
  let text = readFileSync(join(source, 'conf', kind, 'site-example.conf'), 'utf8');
  for (const [from, to] of changes) text = text.replace(from, to);
  return { text, http, https };
}

const writers = {
  apache({ text, http, https }) {
    const body = `Define GATEPOST_SOCKET ${join(stack.dir, 'run/gatepost.sock')}\nListen 127.0.0.1:${http}\nListen 127.0.0.1:${https}\n${text}`;
    const named = /^# Modules: (.*)\. Change/m.exec(text)[1].split(', ');
    return apacheServer({ dir: folder('apache'), modules: ['proxy', ...named], body });
  },
  lighttpd({ text }) {
    const file = join(stack.dir, 'site-lighttpd.conf');
    writeFileSync(file, text);
    return { command: program('lighttpd'), args: ['-D', '-f', file], check: [program('lighttpd'), '-tt', '-f', file] };
  },
  nginx({ text }) {
    const file = join(stack.dir, 'site-nginx.conf');
    const temporary = ['client_body', 'proxy', 'fastcgi', 'uwsgi', 'scgi'].map((kind) => `${kind}_temp_path ${join(stack.dir, `site-${kind}`)};`);
    writeFileSync(file, `daemon off;\npid ${join(stack.dir, 'site.pid')};\n${isRoot ? 'user root;' : ''}\nevents {}\nhttp {\naccess_log off;\n${temporary.join('\n')}\n${text}\n}\n`);
    const log = ['-e', join(stack.dir, 'site.log')];
    return { command: program('nginx'), args: [...log, '-c', file], check: [program('nginx'), ...log, '-t', '-c', file], group: true };
  },
};

// The agreed protocol, or undefined where the server refuses.
const handshake = (port, options) => new Promise((resolve) => {
  const socket = connect({ host: '127.0.0.1', port, servername: 'localhost', ca: readFileSync(stack.caFile), ...options });
  socket.once('secureConnect', () => {
    resolve(socket.getProtocol());
    socket.destroy();
  });
  socket.once('error', () => resolve(undefined));
});

const plain = (port, method, path, headers = {}) => new Promise((resolve, reject) => {
  const sent = request({ host: '127.0.0.1', port, method, path, headers: { Host: 'localhost', ...headers }, agent: false }, (answer) => {
    answer.resume();
    answer.on('end', () => resolve({ status: answer.statusCode, location: answer.headers.location }));
  });
  sent.on('error', reject);
  sent.end();
});

async function checkTls(port) {
  assert.equal(await handshake(port, { minVersion: 'TLSv1.3' }), 'TLSv1.3');
  assert.equal(await handshake(port, { maxVersion: 'TLSv1.2' }), 'TLSv1.2');
  const old = { minVersion: 'TLSv1', maxVersion: 'TLSv1.1', ciphers: 'DEFAULT:@SECLEVEL=0' };
  assert.equal(await handshake(port, old), undefined, 'TLS 1.1 is refused');
  assert.equal(await handshake(port, { maxVersion: 'TLSv1.2', ciphers: 'ECDHE-ECDSA-AES128-SHA' }), undefined, 'CBC is refused');
}

async function checkPlain(port) {
  for (const method of ['GET', 'HEAD']) {
    assert.deepEqual(await plain(port, method, '/auth/login?x=1'), { status: 301, location: 'https://localhost/auth/login?x=1' });
  }
  for (const [method, path, headers] of [['GET', '/auth/api/v1/session'], ['POST', '/auth/api/v1/sessions'], ['POST', '/auth/login'],
    ['GET', '/auth/oauth/token'], ['GET', '/auth/account', { Authorization: 'Bearer x' }], ['GET', '/auth/account', { 'X-Session-Id': 'x' }]]) {
    const { status, location } = await plain(port, method, path, headers);
    assert.equal(status, 403, `${method} ${path}`);
    assert.equal(location, undefined);
  }
}

for (const kind of ['apache', 'lighttpd', 'nginx']) {
  test(`ST-10: ${kind}: TLS 1.2 and 1.3 with forward secrecy; plain http leads pages to https and refuses programs`, async () => {
    const site = await sample(kind);
    const written = writers[kind](site);
    configtest(written);
    const server = start(written.command, written.args, { group: written.group, cwd: '/' });
    const client = new Client(`https://localhost:${site.https}`, stack.caFile);
    try {
      await until(async () => {
        if (!server.running()) throw new Error(server.output());
        return (await client.get('/auth/health', { headers: { Host: `localhost:${stack.port}` } })).status === 200;
      }, `${kind} serves`);
      await checkTls(site.https);
      await checkPlain(site.http);
    } finally {
      client.close();
      await server.stop();
    }
  });
}
