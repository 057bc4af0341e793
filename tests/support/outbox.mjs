// Mail that waits to be sent, read with the stack's keys, in place of a mail program.
import { spawnSync } from 'node:child_process';
import { existsSync } from 'node:fs';
import { join } from 'node:path';
import { build } from './harness.mjs';

// Tests of a release build have it in the build that they belong to.
const tool = [join(build, 'tests/outbox'), join(build, '../tests/outbox')].find(existsSync);

const SELECT = 'SELECT HEX(id) AS id, kind, HEX(user_id) AS user_id, recipient, language, root, HEX(payload) AS payload, created_at FROM outbox';

/*
 * Oldest first: {kind, recipient (null: a decoy), language, user_id and id (hexadecimal), size (of the sealed payload),
 * created_at, values}. values: what its template gets (code, link, display_name, …); null when it was sent.
 */
export function mails(stack) {
  const rows = stack.sql(`${SELECT} ORDER BY created_at, id`);
  const sealed = rows.filter(({ payload }) => payload);
  const run = spawnSync(tool, [stack.config.file], {
    input: sealed.map(({ id, root, payload }) => `${id} ${root} ${payload}\n`).join(''), encoding: 'utf8', maxBuffer: 1 << 28,
  });
  if (run.status !== 0) throw new Error(`outbox: ${run.stderr}`);
  const opened = run.stdout.split('\n').filter(Boolean).map((line) => JSON.parse(line));
  return rows.map(({ id, kind, user_id, recipient, language, payload, created_at: at }) => ({
    id, kind, user_id, recipient, language, created_at: Number(at), size: payload.length / 2, values: payload ? opened.shift() : null,
  }));
}

export const mailsTo = (stack, address) => mails(stack).filter(({ recipient }) => recipient === address);

// The newest to an address, of a kind if one is named; an error if there is none.
export function lastMail(stack, address, kind) {
  const mail = mailsTo(stack, address).filter((each) => kind === undefined || each.kind === kind).at(-1);
  if (!mail) throw new Error(`no mail ${kind ?? ''} to ${address}`);
  return mail;
}

// The secret in a mail's link, and its path below base_path, as a Visitor takes it.
export const codeOf = (mail) => new URL(mail.values.link).searchParams.get('code');
export const pathOf = (stack, mail) => mail.values.link.slice(stack.base.length);
