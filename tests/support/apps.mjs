// Apps that are killed and started again: tests/e2e/native/app.mjs as child processes, each with a home of its own.
import { mkdtempSync } from 'node:fs';
import { join } from 'node:path';
import { source } from './harness.mjs';
import { start as startProcess } from './stack.mjs';

const program = join(source, 'tests/e2e/native/app.mjs');
const apps = new Set();

// What the app's Gatepost threw: kind is the class, LostAnswer or Problem.
export class AppError extends Error {
  constructor(error) {
    super(error.message);
    Object.assign(this, error);
  }
}

// A place where an app lives: what it stores, and what the system keeps for it.
export function makeHome(stack) {
  return { home: mkdtempSync(join(stack.dir, 'home-')), keys: mkdtempSync(join(stack.dir, 'keys-')) };
}

/*
 * startApp(stack, code, place, more) → {do(act, ...args), halted (a promise of the moment's name), kill(), quit(), output()}.
 * code: where compile() put the example; place: of makeHome; more: {transport, lock}.
 */
export async function startApp(stack, code, place, more = {}) {
  const running = startProcess(process.execPath, [program], {
    stdio: ['ignore', 'pipe', 'pipe', 'ipc'], env: { ...process.env, NODE_EXTRA_CA_CERTS: stack.caFile, NODE_NO_WARNINGS: '1' },
  });
  const waiting = new Map();
  let ids = 0;
  let halt;
  const app = {
    halted: new Promise((resolve) => {
      halt = resolve;
    }),
    output: running.output,
    do(act, ...args) {
      const id = ++ids;
      const answer = new Promise((resolve, reject) => waiting.set(id, { resolve, reject }));
      // Who is killed answers nothing, and a test need not wait for that.
      answer.catch(() => {});
      running.child.send({ id, act, args });
      return answer;
    },
    async kill() {
      apps.delete(app);
      await running.stop('SIGKILL');
    },
    async quit() {
      apps.delete(app);
      await running.stop('SIGTERM');
    },
  };
  apps.add(app);
  running.child.on('message', ({ id, result, error, halted }) => {
    if (halted) return halt(halted);
    const { resolve, reject } = waiting.get(id);
    waiting.delete(id);
    return error ? reject(new AppError(error)) : resolve(result);
  });
  running.child.on('exit', () => {
    for (const { reject } of waiting.values()) reject(new Error(`the app ended: ${running.output()}`));
  });
  await app.do('begin', { base: stack.base, code, ...place, ...more });
  return app;
}

export async function killApps() {
  for (const app of [...apps]) await app.kill();
}

/*
 * Kills an app at its first moment, another at its second, and so on to the end of the act. prepare() → {app, place, act,
 * more}; then(moment, app, prepared) looks at each that start(place, more) has started again. Returns the names of the
 * moments.
 */
export async function killedEverywhere(start, prepare, then) {
  const names = [];
  for (let n = 1; ; n++) {
    const prepared = await prepare();
    const { app, place, act, more } = prepared;
    await app.do('set', { haltAt: n });
    const name = await Promise.race([app.halted, act(app).then(() => undefined)]);
    await app.kill();
    if (name === undefined) return names;
    names.push(name);
    const next = await start(place, more);
    await then(name, next, prepared);
    await next.quit();
  }
}
