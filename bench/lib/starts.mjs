// What starting costs: a worker, and a process a request.
import { readFileSync } from 'node:fs';
import { dial, request } from '../../tests/support/fastcgi.mjs';
import { compare } from './measure.mjs';
import { goal, median, middle } from './report.mjs';
import { configure, deskOf, spawnWorker } from './setup.mjs';

const patience = 10000;

// Milliseconds from the start of the process to the end of its first answer, to a check.
async function firstAnswer(made, config, handle) {
  const asked = request(made.stack.origin, `/${config.name}/api/v1/session`, { headers: { 'X-Session-Id': handle } });
  const begin = performance.now();
  const worker = spawnWorker(made, config);
  try {
    for (;;) {
      const link = await dial(config.socket).catch(() => undefined);
      link?.send(asked);
      const answer = await link?.answer();
      const took = performance.now() - begin;
      link?.close();
      if (answer && !/"username"/.test(answer.text)) throw new Error(`a worker's first answer: ${answer.text}`);
      if (answer) return took;
      if (took > patience || !worker.running()) throw new Error(`a worker does not start: ${made.stack.workerOutput().slice(-1000)}`);
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
    const goals = [goal('start', '≤', 100, time, 0, ' ms')];
    rows.push({ what: `(j) a worker's start to its first answered check${way.label}`, measured: `${time.toFixed(0)} ms`, goals });
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

