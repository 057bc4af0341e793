// A FastCGI client for the worker's own socket: records as bytes, an exchange as text.
import { connect } from 'node:net';

export const BEGIN = 1, END = 3, PARAMS = 4, STDIN = 5, STDOUT = 6;

export function record(type, content = Buffer.alloc(0)) {
  return Buffer.concat([Buffer.from([1, type, 0, 1, content.length >> 8, content.length & 255, 0, 0]), content]);
}

const length = (n) => (n < 128 ? Buffer.from([n]) : Buffer.from([0x80 | (n >> 24), n >> 16, n >> 8, n].map((octet) => octet & 255)));

export function params(values) {
  return Buffer.concat(Object.entries(values).flatMap(([name, value]) =>
    [length(Buffer.byteLength(name)), length(Buffer.byteLength(value)), Buffer.from(name), Buffer.from(value)]));
}

// role 1: responder, 2: authorizer. keep: the connection is to stay open.
export const begin = ({ role = 1, keep = false } = {}) => record(BEGIN, Buffer.from([0, role, keep ? 1 : 0, 0, 0, 0, 0, 0]));

export function request(origin, path, { method = 'GET', headers = {}, ...options } = {}) {
  const values = {
    REQUEST_METHOD: method, REQUEST_URI: path, QUERY_STRING: '', HTTPS: 'on', REMOTE_ADDR: '127.0.0.1', HTTP_HOST: new URL(origin).host,
    ...Object.fromEntries(Object.entries(headers).map(([name, value]) => [`HTTP_${name.toUpperCase().replaceAll('-', '_')}`, value])),
  };
  return Buffer.concat([begin(options), record(PARAMS, params(values)), record(PARAMS), record(STDIN)]);
}

// A connection to a unix socket. answer(): the next STDOUT as {status, text}, null when the other side closes first.
export async function dial(path) {
  const socket = connect(path);
  await new Promise((resolve, reject) => socket.once('connect', resolve).once('error', reject));
  socket.on('error', () => {});
  let bytes = Buffer.alloc(0), out = '', closed = false;
  const answers = [], waiting = [];
  const settle = () => {
    while (waiting.length && (answers.length || closed)) waiting.shift()(answers.shift() ?? null);
  };
  socket.on('data', (chunk) => {
    bytes = Buffer.concat([bytes, chunk]);
    for (;;) {
      const n = bytes.length < 8 ? Infinity : 8 + bytes.readUInt16BE(4) + bytes[6];
      if (bytes.length < n) break;
      if (bytes[1] === STDOUT) out += bytes.subarray(8, 8 + bytes.readUInt16BE(4)).toString('latin1');
      if (bytes[1] === END) {
        answers.push({ status: Number(/^Status: (\d+)/.exec(out)?.[1]), text: out });
        out = '';
      }
      bytes = bytes.subarray(n);
    }
    settle();
  });
  socket.on('close', () => { closed = true; settle(); });
  return {
    send: (data) => socket.write(data),
    answer: () => new Promise((resolve) => { waiting.push(resolve); settle(); }),
    close: () => socket.destroy(),
  };
}

function parse(text) {
  const [head, ...rest] = text.split('\r\n\r\n');
  const body = rest.join('\r\n\r\n');
  const lines = head.split('\r\n').map((line) => {
    const at = line.indexOf(':');
    return [line.slice(0, at).toLowerCase(), line.slice(at + 1).trim()];
  });
  const headers = Object.fromEntries(lines);
  return {
    status: Number.parseInt(headers.status ?? '200', 10),
    headers,
    body,
    json: /json/.test(headers['content-type'] ?? '') && body ? JSON.parse(body) : undefined,
    cookies: lines.filter(([name]) => name === 'set-cookie').map(([, value]) => value.split(';')[0]),
  };
}

// A stream's content in records, then the empty one.
function stream(type, content) {
  const parts = [];
  for (let at = 0; at < content.length; at += 65535) parts.push(record(type, content.subarray(at, at + 65535)));
  return Buffer.concat([...parts, record(type)]);
}

// One request on a connection of its own → {status, headers, body, json, cookies}. handle: sent as X-Session-Id; json, form:
// the body; server: parameters of the web server's own. Fails when no whole answer comes in time.
export async function ask(socket, method, target, { handle, json, form, headers = {}, server = {}, seconds = 30 } = {}) {
  const [path, query = ''] = target.split('?');
  const body = Buffer.from(json === undefined ? new URLSearchParams(form).toString() : JSON.stringify(json));
  const all = { ...headers, ...(handle && { 'X-Session-Id': handle }) };
  const values = {
    REQUEST_METHOD: method, SCRIPT_NAME: path, REQUEST_URI: target, QUERY_STRING: query, HTTPS: 'on', HTTP_HOST: 'localhost',
    REMOTE_ADDR: '127.0.0.1',
    ...(body.length > 0 && { CONTENT_TYPE: json === undefined ? 'application/x-www-form-urlencoded' : 'application/json', CONTENT_LENGTH: String(body.length) }),
    ...Object.fromEntries(Object.entries(all).map(([name, value]) => [`HTTP_${name.toUpperCase().replaceAll('-', '_')}`, value])),
    ...server,
  };
  const link = await dial(socket);
  const timer = setTimeout(() => link.close(), seconds * 1000);
  try {
    link.send(Buffer.concat([begin(), stream(PARAMS, params(values)), stream(STDIN, body)]));
    const answer = await link.answer();
    if (!answer) throw new Error(`no whole answer to ${method} ${target}`);
    return parse(Buffer.from(answer.text, 'latin1').toString('utf8'));
  } finally {
    clearTimeout(timer);
    link.close();
  }
}
