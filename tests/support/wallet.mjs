// The wallet of docs/examples/wallet beside a stack: its page in front, its service as a process of its own.
import { randomBytes } from 'node:crypto';
import { existsSync, mkdirSync, readFileSync, writeFileSync } from 'node:fs';
import { join } from 'node:path';
import { programs, source, startStack } from './harness.mjs';
import { listens, start, until } from './stack.mjs';

const folder = join(source, 'docs/examples/wallet');

// As CONTRACT §5 and conf/demo declare it. settings: over it.
export const fundWallet = {
  steps: 'start > kyc > otp > done', client_may: 'start > kyc',
  'counter.otp': '5, reset 15m', 'counter.resend': '3, cooldown 30s, reset 1h', scope: 'user', expires: '24h',
};

/*
 * A stack with a wallet: {…stack, wallet: {startService(), service, page (path), mail(name), stop}}. stop() of the stack
 * ends the service, too.
 */
export async function startWallet({ settings = {}, ...options } = {}) {
  const stack = await startStack({
    ...options,
    settings: { throttle: { guests: 1000 }, 'flow fund-wallet': fundWallet, ...settings },
    extra: `var.wallet_page = "${folder}/page/"\nvar.wallet_socket = "@DIR@/wallet.sock"\ninclude "${folder}/lighttpd.conf"`,
  });
  const { dir, stop } = stack;
  const at = (name) => join(dir, name);
  writeFileSync(at('wallet.key'), randomBytes(32), { mode: 0o600 });
  for (const name of ['wallet', 'mail']) mkdirSync(at(name), { mode: 0o700 });
  const wallet = {
    page: '/wallet/',
    dir: at('wallet'),
    async startService() {
      wallet.service = start(join(folder, 'service'), ['--socket', at('wallet.sock'), '--api', stack.api, '--ca', stack.caFile,
        '--gatepost', programs.ctl, '--config', stack.config.file, '--key', at('wallet.key'), '--state', at('wallet'), '--mail', at('mail')]);
      await until(async () => {
        if (!wallet.service.running()) throw new Error(`the service ended: ${wallet.service.output()}`);
        if (!listens(at('wallet.sock'))) return false;
        return (await stack.client.get('/wallet/service/')).status === 404;
      }, 'the service answers');
    },
    // Whatever it does at that moment.
    async killService() {
      await wallet.service.stop('SIGKILL');
      await wallet.startService();
    },
    mail: (name) => (existsSync(join(at('mail'), name)) ? readFileSync(join(at('mail'), name), 'utf8') : ''),
    code: (name) => /^(\d{6}) is your code/m.exec(wallet.mail(name))?.[1],
  };
  stack.wallet = wallet;
  stack.stop = async () => {
    await wallet.service?.stop();
    await stop();
  };
  try {
    await wallet.startService();
  } catch (error) {
    await stack.stop();
    throw error;
  }
  return stack;
}
