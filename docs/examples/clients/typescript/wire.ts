/* One request, and the same once more if its answer was lost. */
import { LostAnswer, Problem, type Json } from './problem.js';

/** As the global one, but it must give up by itself after some time (README.md). */
export type Fetch = (url: string, init: { method: string; headers: Record<string, string>; body?: string; credentials: 'omit' })
=> Promise<{ status: number; headers: { get(name: string): string | null }; text(): Promise<string> }>;

/** once: not to be sent again by itself. form: for the OAuth endpoints, beside the API. */
export interface Asked { method: string; path: string; body?: Json; form?: string; headers?: Record<string, string>; once?: boolean }
export interface Reply { status: number; json: Json; tag: string; retryAfter: number }

const LONGEST_WAIT = 5; // seconds, while the person looks at a spinner
declare const setTimeout: (act: () => void, ms: number) => unknown;
const pause = (seconds: number) => new Promise<void>((resolve) => {
  setTimeout(resolve, seconds * 1000);
});

/** Throws Problem for what the server refused, LostAnswer where there was none. */
export async function send(fetch: Fetch, base: string, credential: Record<string, string>, asked: Asked): Promise<Reply> {
  const headers: Record<string, string> = { Accept: 'application/json', ...credential, ...asked.headers };
  if (asked.body) headers['Content-Type'] = 'application/json';
  if (asked.form) headers['Content-Type'] = 'application/x-www-form-urlencoded';
  const url = `${base}${asked.form ? '' : '/api/v1'}${asked.path}`;
  const body = asked.form ?? (asked.body && JSON.stringify(asked.body));
  for (let tries = 1; ; tries++) {
    // "omit": a cookie of a WebView beside the handle would be two credentials, 400.
    const reply = await exchange(fetch, url, { method: asked.method, headers, body, credentials: 'omit' });
    const wait = reply ? reply.retryAfter : 1;
    const isAgain = (!reply || reply.status === 503) && wait <= LONGEST_WAIT && tries === 1 && !asked.once;
    if (reply && reply.status < 400) return reply;
    if (reply && !isAgain) throw new Problem(reply.status, reply.json, reply.retryAfter);
    if (!isAgain) throw new LostAnswer('The server cannot be reached.');
    await pause(wait);
  }
}

// null: no answer, or none of Gatepost's: a hotel's sign-in page, a proxy that finds nobody.
async function exchange(fetch: Fetch, url: string, init: Parameters<Fetch>[1]): Promise<Reply | null> {
  try {
    const answer = await fetch(url, init);
    const text = await answer.text();
    if (answer.headers.get('X-Request-Id') === null) return null;
    return {
      status: answer.status,
      json: text ? JSON.parse(text) : {},
      tag: answer.headers.get('ETag') ?? '',
      retryAfter: Number(answer.headers.get('Retry-After') ?? 0),
    };
  } catch {
    return null;
  }
}
