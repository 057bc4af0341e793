// What starting costs: a worker, and a process a request.
import { readFileSync } from 'node:fs';
import { ask } from './fastcgi.mjs';
import { compare } from './measure.mjs';
import { goal, median, middle } from './report.mjs';
import { configure, deskOf, spawnWorker } from './setup.mjs';

const patience = 10000;

// Milliseconds from the start of the process to the end of its first answer to a check.
async function firstAnswer(made, config, handle) {
  const { host } = new URL(made.stack.origin);
  const values = {
    GATEWAY_INTERFACE: 'CGI/1.1', SERVER_PROTOCOL: 'HTTP/1.1', REQUEST_METHOD: 'GET', REQUEST_SCHEME: 'https', HTTPS: 'on',
    REQUEST_URI: `/${config.name}/api/v1/session`, SCRIPT_NAME: `/${config.name}/api/v1/session`, QUERY_STRING: '',
    SERVER_NAME: 'localhost', SERVER_PORT: String(made.stack.port), HTTP_HOST: host, REMOTE_ADDR: '127.0.0.1', HTTP_X_SESSION_ID: handle,
  };
  const begin = performance.now();
  const worker = spawnWorker(made, config);
  try {
    for (;;) {
      const answer = await ask(config.socket, values).catch(() => '');
      const took = performance.now() - begin;
      if (/^Status: 200/m.test(answer) || /"username"/.test(answer)) return took;
      if (answer || took > patience || !worker.running()) throw new Error(`a worker's first answer: ${answer}${made.stack.workerOutput().slice(-1000)}`);
      await new Promise((resolve) => setImmediate(resolve));
    }
  } finally {
    await worker.stop();
  }
}

export async function workerStart(options, made) {
  const handle = readFileSync(made.files.handle, 'utf8').split(' ')[0];
  const rows = [];
  for (const way of made.ways) {
    const config = configure(made, `start-${way.key}`, deskOf(made, way.key));
    const times = [];
    for (let i = 0; i < Math.max(5, options.rounds * 2); i++) times.push(await firstAnswer(made, config, handle));
    const time = median(times);
    options.log(`a worker starts in ${time.toFixed(0)} ms`);
    rows.push({ what: `(j) a worker's start to its first answered check${way.label}`, measured: `${time.toFixed(0)} ms`, goals: [goal('start', '≤', 100, time, 0, ' ms')] });
  }
  return rows;
}

export async function plainCgi(options, made) {
  const cases = [
    { label: 'empty CGI program', path: '/empty', lua: made.scripts.cookie },
    { label: 'check by cookie, plain CGI', path: '/auth/api/v1/session', lua: made.scripts.cookie },
  ];
  const [empty, own] = await compare(options, made, cases, 1);
  const more = middle(own.rounds, 'p50') - middle(empty.rounds, 'p50');
  return [
    { what: `(j) ${empty.label}, one at a time`, measured: `p50 ${middle(empty.rounds, 'p50').toFixed(1)} ms` },
    {
      what: `(j) ${own.label}`, measured: `p50 ${middle(own.rounds, 'p50').toFixed(1)} ms, ${more.toFixed(1)} ms more`,
      goals: [goal('more than the empty one', '≤', 15, more, 1, ' ms')],
    },
  ];
}

