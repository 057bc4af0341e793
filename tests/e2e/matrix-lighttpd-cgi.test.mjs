// Plain CGI of lighttpd: the same cases as on every server path; and that a start reads no text without need.
import test from 'node:test';
import assert from 'node:assert/strict';
import { cpSync, writeFileSync } from 'node:fs';
import { join } from 'node:path';
import { source, startStack } from '../support/harness.mjs';
import { temporaryFolder, until } from '../support/stack.mjs';
import { matrix } from './cases.mjs';

matrix('lighttpd-cgi', { lookAlike: 403 });

test('texts and templates are read when a page needs them, in its language alone', async (t) => {
  const folder = temporaryFolder();
  const templates = join(folder.dir, 'templates');
  cpSync(join(source, 'templates'), templates, { recursive: true });
  const stack = await startStack({ server: 'lighttpd-cgi', users: [], settings: { server: { template_dir: templates } } });
  t.after(async () => {
    await stack.stop();
    folder.remove();
  });
  const get = (path, language) => stack.client.get(`/auth${path}`, { headers: { 'Accept-Language': language } });
  writeFileSync(join(templates, 'lang/pl/login.json'), '{"login.title": "{"}');
  assert.equal((await get('/login', 'en')).status, 200, 'the other language is not looked at');
  const refused = await get('/login', 'pl');
  assert.equal(refused.status, 503);
  assert.match(refused.headers['content-type'], /^text\/plain/);
  // The line is written once the answer is out.
  await until(() => /pages_refused[^\n]*lang\/pl\/login\.json: login\.title: a \{ that begins no slot/.test(stack.serverLog()), 'the log says why');
  writeFileSync(join(templates, 'login.html'), '{{#open}}');
  assert.equal((await get('/login', 'en')).status, 503);
  // Who needs no page is served all the same.
  assert.equal((await get('/health', 'pl')).status, 200);
  assert.equal((await get('/api/v1/session', 'pl')).json.code, 'unauthenticated');
});
