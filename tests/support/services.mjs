// What a back end sends, and what a test needs to make one: services, tokens, tickets.
import { spawnSync } from 'node:child_process';
import { join } from 'node:path';
import { build } from './harness.mjs';

export const basic = (name, secret) => `Basic ${Buffer.from(`${name}:${secret}`).toString('base64')}`;

function program(name, args) {
  const run = spawnSync(join(build, 'tests', name), args, { encoding: 'utf8' });
  if (run.status !== 0) throw new Error(`${name}: ${run.stderr}`);
  return run.stdout.trim();
}

export const everything = 'introspect flows:read flows:write sessions:end sessions:hold metrics';

/*
 * A service of that name, made by the command: {name, secret, headers, introspect(token), api(method, path, options)}.
 * Whose session: options.session (a handle) or options.ticket.
 */
export function makeService(stack, name, scopes = everything) {
  const { secret } = JSON.parse(stack.must(['service', 'add', name, '--scope', scopes, '--json']).stdout);
  return asService(stack, name, secret);
}

export function asService(stack, name, secret) {
  const headers = { Authorization: basic(name, secret) };
  const { base } = stack;
  const below = new URL(base).pathname.replace(/\/$/, '');
  const form = (path, fields, more = {}) => stack.client.post(`${below}/oauth/${path}`, { form: fields, headers: { ...headers, ...more } });
  return {
    name,
    secret,
    headers,
    introspect: (token, more) => form('introspect', { token }, more),
    revoke: (token, more) => form('revoke', { token }, more),
    api: (method, path, { session, ticket, headers: more = {}, ...options } = {}) => stack.client.request(method, `${below}/api/v1${path}`, {
      ...options,
      headers: { ...headers, ...(session && { 'X-Session-Id': session }), ...(ticket && { 'X-Gatepost-Ticket': ticket }), ...more },
    }),
  };
}

// An access token for the newest session of a user, which no endpoint gave out.
export const accessToken = (stack, username) => program('token', [stack.config.file, username]);
// A ticket for a session (its id) and a service, made so many seconds ago.
export const ticketFor = (stack, session, service, age = 0) => program('ticket', [stack.config.file, session, service, String(age)]);
