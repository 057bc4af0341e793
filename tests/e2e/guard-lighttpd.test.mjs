// The guard on lighttpd (mode=authorizer), with the shipped snippets: the same cases as on Apache.
import { join } from 'node:path';
import { source } from '../support/harness.mjs';
import { program } from '../support/servers.mjs';
import { guardCases } from './guard-cases.mjs';

const snippet = (name) => join(source, 'conf/lighttpd', name);
const lua = `magnet.attract-physical-path-to = ( "${snippet('guarded.lua')}" )`;

const folders = ({ back }) => `
server.modules += ( "mod_cgi", "mod_magnet", "mod_proxy", "mod_rewrite" )
url.rewrite-once = ( "^/private/front(\\.[a-z]+)" => "/private/env$1" )
var.gatepost_guard = "@GUARD_SOCKET@"
include "${snippet('guard.conf')}"
# Whoever switches it on again is guarded as well.
server.feature-flags := ( "server.h2proto" => "enable" )
index-file.names = ( "index.html" )
mimetype.assign = ( ".html" => "text/html", ".txt" => "text/plain" )
cgi.assign = ( ".sh" => "/bin/sh" )
fastcgi.server = ( ".php" => (( "socket" => "@DIR@/php.sock", "bin-path" => "${program('php-cgi')}", "max-procs" => 1 )) )
$HTTP["url"] =~ "^/(?:app|plainapp|loose)/" {
	proxy.server = ( "" => (( "host" => "127.0.0.1", "port" => ${back} )) )
}`;

guardCases('lighttpd', {
  http2: true,
  site: ({ dirs, ...ports }) => ({
    extra: folders(ports) + dirs.map((dir) => `
$HTTP["url"] =~ "^/${dir}(?:/|$)" {
	include "${snippet('guarded.conf')}"
	${/^plain/.test(dir) ? '' : lua}
}`).join(''),
  }),
  whole: (ports) => ({
    extra: `${folders(ports)}
$HTTP["url"] !~ var.gatepost_path {
	include "${snippet('guarded.conf')}"
	${lua}
}`,
  }),
});
