// What the web servers of the bench serve besides the stack's own worker.
import { readFileSync } from 'node:fs';
import { join } from 'node:path';
import { bench, root } from './build.mjs';

// More places below the same web server: NAME's socket is DIR/NAME/run/gatepost.sock, a bare program's DIR/run/NAME.sock.
const moreWorkers = ['on', 'big-off', 'big-on', 'uncached-off', 'uncached-on', 'many-off', 'many-on'];
export const bareNames = ['hello', 'key', 'check'];
// What answers for the files below /guarded-NAME: a bare authorizer, and the workers of startWays.
export const authorizers = ['bare', 'off', 'on'];
export const authorizerSocket = (name) => `@DIR@/${{ bare: 'run/authorizer.sock', off: 'run/guard.sock', on: 'on/run/guard.sock' }[name]}`;
// Bare programs that refresh: in the stack's database, and among many tokens.
export const bareRefreshes = { few: 'refresh', many: 'tokens' };
const allBare = [...bareNames, ...Object.values(bareRefreshes)];

const lighttpdExtra = () => {
  const text = readFileSync(join(root, 'conf/lighttpd/gatepost.conf'), 'utf8');
  const rules = text.slice(text.indexOf('$HTTP["url"]'));
  const guarded = readFileSync(join(root, 'conf/lighttpd/guarded.conf'), 'utf8');
  return `server.max-keep-alive-requests = 1000000000
server.modules += ( "mod_setenv" )
${authorizers.map((name) => `$HTTP["url"] =~ "^/guarded-${name}/" {
${guarded.replaceAll('var.gatepost_guard', `"${authorizerSocket(name)}"`)}}`).join('\n')}
${moreWorkers.map((name) => rules
    .replaceAll('var.gatepost_socket', `"@DIR@/${name}/run/gatepost.sock"`)
    .replaceAll('var.gatepost_path', `"^/${name}(?:/|$)"`)).join('')}
${allBare.map((name) => `$HTTP["url"] =~ "^/bare-${name}" {
  fastcgi.server = ( "/" => (( "socket" => "@DIR@/run/${name}.sock", "check-local" => "disable" )) )
}`).join('\n')}
$HTTP["url"] =~ "^/peer-php" { fastcgi.server = ( ".php" => (( "socket" => "@DIR@/run/php.sock" )) ) }
`;
};

const apacheExtra = () => {
  const text = readFileSync(join(root, 'conf/apache/gatepost.conf'), 'utf8');
  const rules = text.slice(text.indexOf('<LocationMatch'));
  const guarded = readFileSync(join(root, 'conf/apache/guarded.conf'), 'utf8');
  return `MaxKeepAliveRequests 0
Define GATEPOST_DENIED /auth/denied
${authorizers.map((name) => `<Location "/guarded-${name}/">
${guarded.replaceAll('Provider Gatepost', `Provider ${name}`)}</Location>`).join('\n')}
<Directory "@DIR@/www">
  Require all granted
</Directory>
${moreWorkers.map((name) => rules
    .replaceAll('${GATEPOST_SOCKET}', `@DIR@/${name}/run/gatepost.sock`)
    .replaceAll('${GATEPOST_PATH}', `^/${name}(?:/|$)`)
    .replaceAll('fcgi://gatepost/', `fcgi://${name}/`)).join('')}
${allBare.map((name) => `<LocationMatch "^/bare-${name}">
  SetHandler "proxy:unix:@DIR@/run/${name}.sock|fcgi://${name}/"
  Require all granted
</LocationMatch>`).join('\n')}
`;
};

const cgiExtra = () => `$HTTP["url"] =~ "^/empty" {
  alias.url = ( "" => "${bench('empty')}" )
  cgi.assign = ( "" => "" )
}
`;

// Apache asks an authorizer by TCP only; @BARE_PORT@ is the bare one's, @ON_PORT@ that of the worker with a desk.
const apacheGlobal = () => `${['authnz_fcgi', 'authz_user'].map((name) => `LoadModule ${name}_module /usr/lib/apache2/modules/mod_${name}.so`).join('\n')}
AuthnzFcgiDefineProvider authn bare fcgi://127.0.0.1:@BARE_PORT@/
AuthnzFcgiDefineProvider authn off fcgi://127.0.0.1:@GUARD_PORT@/
AuthnzFcgiDefineProvider authn on fcgi://127.0.0.1:@ON_PORT@/
`;

export const globals = { lighttpd: () => '', 'apache-proxy': apacheGlobal, 'lighttpd-cgi': () => '' };
export const extras = { lighttpd: lighttpdExtra, 'apache-proxy': apacheExtra, 'lighttpd-cgi': cgiExtra };
