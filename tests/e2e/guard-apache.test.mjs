// The guard on Apache (mod_authnz_fcgi), with the shipped snippets: the same cases as on lighttpd.
import { join } from 'node:path';
import { source } from '../support/harness.mjs';
import { guardCases } from './guard-cases.mjs';

const modules = ['authnz_fcgi', 'authz_user', 'setenvif', 'cgid', 'proxy_http', 'rewrite']
  .map((name) => `LoadModule ${name}_module /usr/lib/apache2/modules/mod_${name}.so`).join('\n');
const guard = join(source, 'conf/apache/guard.conf');
const guarded = join(source, 'conf/apache/guarded.conf');

const folders = ({ php, back }) => `
  <Directory "@DIR@/www">
    Options +ExecCGI
    AddHandler cgi-script .sh
    DirectoryIndex index.html
    Require all granted
  </Directory>
  <Directory "@DIR@/www/private">
    RewriteEngine On
    RewriteRule "^front(\\.[a-z]+)" "env$1"
  </Directory>
  ProxyFCGIBackendType GENERIC
  <FilesMatch "\\.php$">
    SetHandler "proxy:fcgi://127.0.0.1:${php}"
  </FilesMatch>
  ProxyPass "/app/" "http://127.0.0.1:${back}/"
  ProxyPass "/loose/" "http://127.0.0.1:${back}/"
  <Location "/loose/">
    Require all granted
  </Location>`;

const global = `${modules}
ScriptSock "@DIR@/apache/cgid.sock"
Define GATEPOST_GUARD fcgi://127.0.0.1:@GUARD_PORT@/
Include "${guard}"`;

guardCases('apache-proxy', {
  site: ({ dirs, ...ports }) => ({
    global,
    extra: folders(ports) + dirs.map((dir) => `
  <Location "/${dir}">
    Include "${guarded}"
  </Location>`).join(''),
  }),
  // Before gatepost.conf.
  whole: (ports) => ({
    global: `${global}
<Location "/">
  Include "${guarded}"
</Location>`,
    extra: folders(ports),
  }),
});
