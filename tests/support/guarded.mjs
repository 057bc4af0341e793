// The pages of docs/examples/guarded behind the guard of a stack, as conf/demo has them.
import { join } from 'node:path';
import { source, startStack } from './harness.mjs';
import { program } from './servers.mjs';

export const startGuarded = ({ settings = {}, ...options } = {}) => startStack({
  ...options,
  guard: true,
  settings: {
    'protect "/private/"': { require: 'user' },
    'protect "/private/style.css"': { require: 'public' },
    'protect "/app/"': { require: 'user' },
    'protect "/admin/"': { require: 'role:admin, max-age:5m' },
    ...settings,
  },
  extra: `mimetype.assign = ( ".html" => "text/html; charset=utf-8", ".css" => "text/css; charset=utf-8" )
var.guarded_pages = "${join(source, 'docs/examples/guarded')}"
var.guarded_php = "${program('php-cgi')}"
var.guarded_socket = "@DIR@/run/php.sock"
var.gatepost_conf = "${join(source, 'conf/lighttpd')}"
var.gatepost_guard = "@GUARD_SOCKET@"
include "${join(source, 'docs/examples/guarded/lighttpd.conf')}"`,
});
