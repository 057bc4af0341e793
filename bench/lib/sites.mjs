// What the web servers of the bench serve besides the stack's own worker.
import { readFileSync } from 'node:fs';
import { join } from 'node:path';
import { bench, root } from './build.mjs';

// More places below the same web server: NAME's socket is DIR/NAME/run/gatepost.sock, a bare program's DIR/run/NAME.sock.
const moreWorkers = ['on', 'big-off', 'big-on', 'uncached-off', 'uncached-on', 'many-off', 'many-on'];
export const bareNames = ['hello', 'key', 'check'];
// Bare programs that refresh: in the stack's database, and among many tokens.
export const bareRefreshes = { few: 'refresh', many: 'tokens' };
const allBare = [...bareNames, ...Object.values(bareRefreshes)];

const lighttpdExtra = () => {
  const text = readFileSync(join(root, 'conf/lighttpd/gatepost.conf'), 'utf8');
  const rules = text.slice(text.indexOf('$HTTP["url"]'));
  return `server.max-keep-alive-requests = 1000000000
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
  return `MaxKeepAliveRequests 0
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

export const extras = { lighttpd: lighttpdExtra, 'apache-proxy': apacheExtra, 'lighttpd-cgi': cgiExtra };
