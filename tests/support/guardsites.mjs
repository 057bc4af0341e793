// Guarded files behind the shipped snippets, on both servers that ask an authorizer.
import { randomBytes } from 'node:crypto';
import { chmodSync, mkdirSync, writeFileSync } from 'node:fs';
import { join } from 'node:path';
import { source, startStack } from './harness.mjs';

const conf = (name) => join(source, 'conf', name);

// What a directory needs: the snippets as shipped, and CGI scripts behind them. guard: instead of Gatepost's own authorizer;
// append: behind all that.
const sites = {
  lighttpd: ({ guard = '@GUARD_SOCKET@', append = '' }) => ({
    server: 'lighttpd',
    extra: `
server.modules += ( "mod_cgi" )
cgi.assign = ( ".sh" => "/bin/sh" )
var.gatepost_guard = "${guard}"
include "${conf('lighttpd/guard.conf')}"
$HTTP["url"] =~ "^/(private|admin|open)(?:/|$)" { include "${conf('lighttpd/guarded.conf')}" }
${append}`,
  }),
  apache: ({ guard = 'fcgi://127.0.0.1:@GUARD_PORT@/' }) => ({
    server: 'apache-proxy',
    global: `
${['authnz_fcgi', 'authz_user', 'setenvif', 'cgid'].map((name) => `LoadModule ${name}_module /usr/lib/apache2/modules/mod_${name}.so`).join('\n')}
ScriptSock "@DIR@/apache/cgid.sock"
Define GATEPOST_GUARD ${guard}
Include "${conf('apache/guard.conf')}"`,
    extra: `
  <Directory "@DIR@/www">
    Options +ExecCGI
    AddHandler cgi-script .sh
    Require all granted
  </Directory>
${['private', 'admin', 'open'].map((place) => `  <Location "/${place}">\n    Include "${conf('apache/guarded.conf')}"\n  </Location>`).join('\n')}`,
  }),
};

export const guardServers = Object.keys(sites);

/*
 * A stack with /private/ (users), /admin/ (role admin), /open/ (guarded and public) and /free/ (not guarded), each with a
 * page.txt whose bytes no answer of Gatepost's has, and an echo.sh that gives back what was sent to it. → the stack, with
 * secret, and has(answer): those bytes are in it.
 */
export async function startGuarded(server, { guard, append, settings, ...options } = {}) {
  const stack = await startStack({
    guard: true,
    ...sites[server]({ guard, append }),
    settings: {
      'protect "/admin/"': { require: 'role:admin' },
      'protect "/open/"': { require: 'public' },
      ...settings,
    },
    ...options,
  });
  const secret = `bytes-${randomBytes(12).toString('hex')}`;
  for (const place of ['private', 'admin', 'open', 'free']) {
    const folder = join(stack.dir, 'www', place);
    mkdirSync(folder, { recursive: true, mode: 0o755 });
    writeFileSync(join(folder, 'page.txt'), `${secret} of ${place}\n`, { mode: 0o644 });
    // Read to its end first: Apache takes nothing from a script while it gives to it.
    const script = `body=$(base64 -w0)\nprintf 'Content-Type: application/octet-stream\\r\\n\\r\\n${secret} '\nprintf %s "$body" | base64 -d\n`;
    writeFileSync(join(folder, 'echo.sh'), `#!/bin/sh\n${script}`);
    chmodSync(join(folder, 'echo.sh'), 0o755);
  }
  const get = (path, handle, options) => stack.client.request('GET', path, { ...options, headers: { ...(handle && { 'X-Session-Id': handle }), ...options?.headers } });
  return Object.assign(stack, { secret, has: (answer) => answer.body.includes(secret), ask: get });
}
