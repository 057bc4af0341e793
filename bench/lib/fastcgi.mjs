// One request to a FastCGI socket, as a web server would send it.
import { connect } from 'node:net';

const record = (type, body) => {
  const head = Buffer.from([1, type, 0, 1, body.length >> 8, body.length & 255, 0, 0]);
  return Buffer.concat([head, body]);
};

const length = (n) => (n < 128 ? Buffer.from([n]) : Buffer.from([(n >> 24) | 128, (n >> 16) & 255, (n >> 8) & 255, n & 255]));

const params = (values) => Buffer.concat(Object.entries(values).flatMap(([name, value]) =>
  [length(Buffer.byteLength(name)), length(Buffer.byteLength(value)), Buffer.from(name + value)]));

// The standard output of all records that came.
function output(bytes) {
  const parts = [];
  for (let at = 0; at + 8 <= bytes.length;) {
    const size = bytes.readUInt16BE(at + 4);
    if (bytes[at + 1] === 6) parts.push(bytes.subarray(at + 8, at + 8 + size));
    at += 8 + size + bytes[at + 6];
  }
  return Buffer.concat(parts).toString('utf8');
}

// → the answer's text, header and all.
export function ask(socket, values) {
  return new Promise((resolve, reject) => {
    const chunks = [];
    const link = connect(socket);
    link.once('connect', () => link.write(Buffer.concat([
      record(1, Buffer.from([0, 1, 0, 0, 0, 0, 0, 0])), record(4, params(values)), record(4, Buffer.alloc(0)), record(5, Buffer.alloc(0)),
    ])));
    link.on('data', (chunk) => chunks.push(chunk));
    link.once('error', reject);
    link.once('close', () => resolve(output(Buffer.concat(chunks))));
  });
}
