// An HTTP client that does only what a test says: no cookies, no redirects, no headers of its own.
import { request as httpsRequest, Agent } from 'node:https';
import { readFileSync } from 'node:fs';
import { connect } from 'node:tls';
import { check } from './openapi.mjs';

export class Client {
  // keepAlive: connections that are used again; never one that was idle for so long that the server may just be closing it.
  constructor(origin, caFile, { keepAlive = false } = {}) {
    this.origin = origin;
    this.ca = readFileSync(caFile);
    this.agent = new Agent({ keepAlive, maxSockets: 64, ca: this.ca, ...(keepAlive && { timeout: 2000 }) });
  }

  /*
   * → {status, headers (lower case), rawHeaders, body (text), json (or undefined)}. from: the source address,
   * 127.x.y.z. An answer of the API must be as docs/openapi.yaml describes it; byServer: the statuses with which the
   * web server in front may answer instead.
   */
  request(method, path, { headers = {}, body, json, form, from, byServer = [] } = {}) {
    const all = { ...headers };
    let data = body;
    if (json !== undefined) {
      data = JSON.stringify(json);
      all['Content-Type'] ??= 'application/json';
    }
    if (form !== undefined) {
      data = new URLSearchParams(form).toString();
      all['Content-Type'] ??= 'application/x-www-form-urlencoded';
    }
    if (data !== undefined) all['Content-Length'] ??= Buffer.byteLength(data);
    return new Promise((resolve, reject) => {
      const url = new URL(this.origin);
      const place = from === undefined ? { host: url.hostname } : { host: '127.0.0.1', localAddress: from };
      if (from !== undefined) all.Host = url.host;
      const sent = httpsRequest(
        { ...place, servername: url.hostname, port: url.port, method, path, headers: all, agent: this.agent },
        (answer) => {
          const chunks = [];
          answer.on('data', (chunk) => chunks.push(chunk));
          answer.on('error', reject);
          answer.on('end', () => {
            const text = Buffer.concat(chunks).toString('utf8');
            const got = { status: answer.statusCode, headers: answer.headers, rawHeaders: answer.rawHeaders, body: text };
            try {
              if (/json/.test(answer.headers['content-type'] ?? '') && text) got.json = JSON.parse(text);
              const isServers = byServer.includes(got.status) && got.headers['x-request-id'] === undefined;
              if (!isServers) check({ method, path, body: data, answer: got });
              resolve(got);
            } catch (error) {
              reject(error);
            }
          });
        },
      );
      sent.on('error', reject);
      sent.end(data);
    });
  }

  get(path, options) {
    return this.request('GET', path, options);
  }

  post(path, options) {
    return this.request('POST', path, options);
  }

  // Raw bytes over TLS; resolves with all that came back until the server closed or the answer is whole.
  raw(bytes, { end = true } = {}) {
    const url = new URL(this.origin);
    return new Promise((resolve, reject) => {
      const socket = connect({ host: url.hostname, port: Number(url.port), ca: this.ca, servername: 'localhost' });
      let text = '';
      socket.setEncoding('latin1');
      socket.setTimeout(15000, () => socket.destroy(new Error('no answer')));
      socket.once('secureConnect', () => {
        socket.write(bytes);
        if (end === 'destroy') socket.destroy();
      });
      socket.on('data', (chunk) => {
        text += chunk;
      });
      socket.on('error', reject);
      socket.on('close', () => resolve(text));
    });
  }

  close() {
    this.agent.destroy();
  }
}

// Set-Cookie lines as [{name, value, attributes: Map (lower case names)}].
export function setCookies(answer) {
  return (answer.headers['set-cookie'] ?? []).map((line) => {
    const [pair, ...rest] = line.split(/;\s*/);
    const at = pair.indexOf('=');
    const attributes = new Map(rest.map((part) => {
      const [name, value = true] = part.split('=');
      return [name.toLowerCase(), value];
    }));
    return { name: pair.slice(0, at), value: pair.slice(at + 1), attributes, line };
  });
}

// A browser's memory of cookies, and what a browser sends with its own forms.
export class Jar {
  constructor() {
    this.cookies = new Map();
  }

  take(answer) {
    for (const cookie of setCookies(answer)) {
      if (cookie.attributes.get('max-age') === '0') this.cookies.delete(cookie.name);
      else this.cookies.set(cookie.name, cookie.value);
    }
    return answer;
  }

  header() {
    return [...this.cookies].map(([name, value]) => `${name}=${value}`).join('; ');
  }
}

// A visitor with a jar: get and post pages like a browser, sign in by the form.
export class Visitor {
  constructor(client, base = '/auth') {
    this.client = client;
    this.base = base;
    this.jar = new Jar();
  }

  headers(extra = {}) {
    const cookie = this.jar.header();
    return { ...(cookie ? { Cookie: cookie } : {}), ...extra };
  }

  async get(path, extra) {
    return this.jar.take(await this.client.get(this.base + path, { headers: this.headers(extra) }));
  }

  async post(path, form, extra = { 'Sec-Fetch-Site': 'same-origin' }) {
    return this.jar.take(await this.client.post(this.base + path, { headers: this.headers(extra), form }));
  }

  // The token of the form on a page.
  async token(path) {
    const page = await this.get(path);
    return tokenOf(page);
  }

  async signIn({ identifier, password }, more = {}) {
    const csrf_token = await this.token('/login');
    return this.post('/login', { csrf_token, identifier, password, ...more });
  }
}

export function tokenOf(page) {
  const found = /name="csrf_token"\s+value="([^"]+)"/.exec(page.body) ?? /value="([^"]+)"\s+name="csrf_token"/.exec(page.body);
  if (!found) throw new Error(`no form token on a page with status ${page.status}`);
  return found[1];
}
