// A network that loses answers: a proxy before a stack, which a test tells what becomes of the next request of a kind.
import { readFileSync } from 'node:fs';
import { createServer } from 'node:https';

const hop = new Set(['host', 'connection', 'keep-alive', 'content-length', 'transfer-encoding', 'upgrade', 'http2-settings']);
const kept = (headers) => Object.fromEntries(Object.entries(headers).filter(([name]) => !hop.has(name)));

async function bodyOf(request) {
  const chunks = [];
  for await (const chunk of request) chunks.push(chunk);
  return chunks.length > 0 ? Buffer.concat(chunks).toString() : undefined;
}

/*
 * startNetwork(stack) → the object below. base: the stack's address through it; seen: what the server was asked, [{line:
 * "GET /session 200", body, json (of the answer)}], with the path below the API's. Requests and answers are judged as
 * those of the stack's own client.
 */
export async function startNetwork(stack) {
  const seen = [];
  const orders = [];
  const sockets = new Set();
  const tls = readFileSync(`${stack.dir}/server.pem`);
  const server = createServer({ key: tls, cert: tls }, (request, response) => {
    handle(request, response).catch((error) => {
      seen.push({ line: `${request.method} ${request.url}: ${error.message}` });
      request.socket.destroy();
    });
  });

  async function handle(request, response) {
    const path = request.url.replace(/^.*\/api\/v1/, '');
    const body = await bodyOf(request);
    const at = orders.findIndex(({ line }) => line === `${request.method} ${path}`);
    const [order] = at < 0 ? [{ act: 'pass' }] : orders.splice(at, 1);
    if (order.act === 'refuse') {
      response.writeHead(order.status, order.headers).end(order.body);
      order.done();
      return;
    }
    await order.meanwhile?.();
    const answer = await stack.client.request(request.method, request.url, { headers: kept(request.headers), body });
    seen.push({ line: `${request.method} ${path} ${answer.status}`, body, json: answer.json });
    order.done?.(answer);
    if (order.act === 'hold') return;
    if (order.act === 'lose') {
      request.socket.destroy();
      return;
    }
    const headers = { ...kept(answer.headers), ...(answer.body !== '' && { 'Content-Length': Buffer.byteLength(answer.body) }) };
    response.writeHead(answer.status, headers);
    if (order.act === 'cut') response.write(answer.body.slice(0, answer.body.length >> 1), () => request.socket.end());
    else response.end(answer.body);
  }

  server.on('connection', (socket) => {
    sockets.add(socket);
    socket.once('close', () => sockets.delete(socket));
  });
  await new Promise((resolve, reject) => {
    server.once('error', reject).listen(0, 'localhost', resolve);
  });
  return {
    base: `https://localhost:${server.address().port}${new URL(stack.base).pathname}`,
    seen,
    lines: () => seen.map(({ line }) => line),
    /*
     * The next request "POST /sessions" is done by the server, when meanwhile() has come to its end, and its answer
     * lost ("lose"), lost after the headers ("cut"), kept from the client ("hold") or passed on ("pass"); or it is
     * answered here ("refuse" with status, headers and body). Resolves with the server's answer as soon as there is one.
     */
    next: (line, act, more = {}) => new Promise((done) => {
      orders.push({ line, act, done, ...more });
    }),
    // What was ordered and has not come.
    pending: () => orders.map(({ line }) => line),
    async stop() {
      const closed = new Promise((resolve) => server.close(resolve));
      for (const socket of sockets) socket.destroy();
      await closed;
    },
  };
}
