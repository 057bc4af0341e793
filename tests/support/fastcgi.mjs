// A FastCGI client: one request on a connection of its own, as a web server in front would send it.
import { connect } from 'node:net';

const begin = 1;
const end = 3;
const params = 4;
const stdin = 5;
const stdout = 6;
const chunk = 65535;

function record(type, content) {
  const header = Buffer.from([1, type, 0, 1, content.length >> 8, content.length & 255, 0, 0]);
  return Buffer.concat([header, content]);
}

// A stream: its content in records, then the empty one.
function* stream(type, content) {
  for (let at = 0; at < content.length; at += chunk) yield record(type, content.subarray(at, at + chunk));
  yield record(type, Buffer.alloc(0));
}

const length = (n) => (n < 128 ? Buffer.from([n]) : Buffer.from([0x80 | (n >> 24), (n >> 16) & 255, (n >> 8) & 255, n & 255]));
const pair = ([name, value]) => {
  const [n, v] = [Buffer.from(name), Buffer.from(String(value))];
  return Buffer.concat([length(n.length), length(v.length), n, v]);
};

function parse(text) {
  const [head, ...rest] = text.split('\r\n\r\n');
  const body = rest.join('\r\n\r\n');
  const lines = head.split('\r\n').map((line) => {
    const at = line.indexOf(':');
    return [line.slice(0, at).toLowerCase(), line.slice(at + 1).trim()];
  });
  const headers = Object.fromEntries(lines);
  const cookies = lines.filter(([name]) => name === 'set-cookie').map(([, value]) => value.split(';')[0]);
  const json = /json/.test(headers['content-type'] ?? '') && body ? JSON.parse(body) : undefined;
  return { status: Number.parseInt(headers.status ?? '200', 10), headers, body, json, cookies };
}

// → {status, headers, body, json, cookies}. handle: sent as X-Session-Id; json, form: the body. Rejects when the worker ends without an answer.
export function ask(socket, method, target, { handle, json, form, headers = {}, seconds = 30 } = {}) {
  const [path, query = ''] = target.split('?');
  const type = json === undefined ? 'application/x-www-form-urlencoded' : 'application/json';
  const body = Buffer.from(json === undefined ? new URLSearchParams(form).toString() : JSON.stringify(json));
  const environment = {
    REQUEST_METHOD: method, SCRIPT_NAME: path, REQUEST_URI: target, QUERY_STRING: query, SERVER_PROTOCOL: 'HTTP/1.1',
    GATEWAY_INTERFACE: 'CGI/1.1', HTTPS: 'on', HTTP_HOST: 'localhost', REMOTE_ADDR: '127.0.0.1',
    ...(handle && { HTTP_X_SESSION_ID: handle }),
    ...(body.length > 0 && { CONTENT_TYPE: type, CONTENT_LENGTH: body.length }),
    ...Object.fromEntries(Object.entries(headers).map(([name, value]) => [`HTTP_${name.toUpperCase().replaceAll('-', '_')}`, value])),
  };
  return new Promise((resolve, reject) => {
    const link = connect(socket);
    let got = Buffer.alloc(0);
    let text = '';
    let ended = false;
    link.setTimeout(seconds * 1000, () => link.destroy(new Error(`no answer to ${method} ${target}`)));
    link.on('error', reject);
    link.on('close', () => (ended ? resolve(parse(text)) : reject(new Error(`no whole answer to ${method} ${target}`))));
    link.on('data', (data) => {
      got = Buffer.concat([got, data]);
      for (;;) {
        if (got.length < 8) return;
        const size = got.readUInt16BE(4);
        const whole = 8 + size + got[6];
        if (got.length < whole) return;
        if (got[1] === stdout) text += got.subarray(8, 8 + size).toString('utf8');
        if (got[1] === end) ended = true;
        got = got.subarray(whole);
        if (ended) link.destroy();
      }
    });
    link.write(Buffer.concat([
      record(begin, Buffer.from([0, 1, 0, 0, 0, 0, 0, 0])),
      ...stream(params, Buffer.concat(Object.entries(environment).map(pair))),
      ...stream(stdin, body),
    ]));
  });
}
