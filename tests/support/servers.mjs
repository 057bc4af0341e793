/*
 * The web servers that Gatepost runs behind, each as a private one of the current user with TLS on a loopback port,
 * including the shipped snippets themselves. A web server that drops root's rights gets www-data's.
 */
import { spawnSync } from 'node:child_process';
import { chmodSync, existsSync, mkdirSync, writeFileSync } from 'node:fs';
import { dirname, join } from 'node:path';
import { fileURLToPath } from 'node:url';

const source = process.env.GATEPOST_SOURCE ?? join(dirname(fileURLToPath(import.meta.url)), '../..');
const snippet = (name) => join(source, 'conf', name);

export function program(name) {
  for (const dir of [...(process.env.PATH ?? '').split(':'), '/usr/sbin', '/sbin']) {
    if (dir && existsSync(join(dir, name))) return join(dir, name);
  }
  throw new Error(`${name} is not installed`);
}

export const isRoot = process.getuid() === 0;
const idOf = (kind) => Number(spawnSync('id', [kind, 'www-data'], { encoding: 'utf8' }).stdout);
export const wwwData = isRoot ? { uid: idOf('-u'), gid: idOf('-g') } : undefined;

// As in the shipped snippets, or everything for the root.
const pathPattern = (basePath) => (basePath === '/' ? '^/' : `^(?:/\\.well-known/oauth-authorization-server)?${basePath}(?:/|$)`);

/*
 * A site: {dir, port, tls: {pem, ca}, basePath, socket, worker (program), config (file), extra, global}. Each function
 * writes a configuration and returns {command, args, check}: how to start the server, and how it checks the file.
 */
function lighttpd(site, body) {
  const { dir, port, tls, extra } = site;
  const file = join(dir, 'lighttpd.conf');
  mkdirSync(join(dir, 'www'), { recursive: true });
  writeFileSync(file, `
server.document-root = "${join(dir, 'www')}"
server.bind = "127.0.0.1"
server.port = ${port}
server.modules = ( "mod_openssl" )
server.errorlog = "${join(dir, 'lighttpd.log')}"
server.breakagelog = "${join(dir, 'worker.log')}"
ssl.engine = "enable"
ssl.pemfile = "${tls.pem}"
${site.global ?? ''}
var.gatepost_path = "${pathPattern(site.basePath)}"
${body}
${extra}
`);
  return { command: program('lighttpd'), args: ['-D', '-f', file], check: [program('lighttpd'), '-tt', '-f', file] };
}

const lighttpdStarted = (site) => `
var.gatepost_program = "${site.worker}"
var.gatepost_config = "${site.config}"`;

const moduleDir = '/usr/lib/apache2/modules';
const load = (name) => `LoadModule ${name}_module ${moduleDir}/mod_${name}.so`;

// A private Apache with what Debian's own configuration says before the sites.
export function apacheServer({ dir, mpm = 'event', modules, body }) {
  const file = join(dir, 'apache.conf');
  mkdirSync(join(dir, 'www'), { recursive: true });
  mkdirSync(join(dir, 'apache'), { recursive: true });
  const all = new Set([`mpm_${mpm}`, 'authz_core', 'authn_core', 'setenvif', 'ssl', 'socache_shmcb', 'reqtimeout', 'env', 'alias', 'mime', 'dir', ...modules]);
  writeFileSync(file, `
ServerRoot "${dir}"
DefaultRuntimeDir "${join(dir, 'apache')}"
PidFile "${join(dir, 'apache/pid')}"
ErrorLog "${join(dir, 'apache.log')}"
ServerName localhost
${[...all].map(load).join('\n')}
${isRoot ? 'User www-data\nGroup www-data' : ''}
TypesConfig /dev/null
<Directory />
  AllowOverride None
  Require all denied
</Directory>
${body}
`);
  return { command: program('apache2'), args: ['-DFOREGROUND', '-f', file], check: [program('apache2'), '-t', '-f', file], group: true };
}

function apache(site, mpm, modules, body, global = '') {
  const { dir, port, tls, extra } = site;
  return apacheServer({
    dir, mpm, modules: ['headers', 'remoteip', ...modules],
    body: `
Listen 127.0.0.1:${port} https
DocumentRoot "${join(dir, 'www')}"
${global}
${site.global ?? ''}
<VirtualHost *:${port}>
  ServerName localhost
  SSLEngine On
  SSLCertificateFile "${tls.pem}"
  Define GATEPOST_PATH ${pathPattern(site.basePath)}
${body}
${extra}
</VirtualHost>`,
  });
}

const apacheStarted = (site) => `
  Define GATEPOST_PROGRAM ${site.worker}
  Define GATEPOST_CONFIG ${site.config}`;

function nginx(site) {
  const { dir, port, tls, extra } = site;
  const file = join(dir, 'nginx.conf');
  const temporary = ['client_body', 'proxy', 'fastcgi', 'uwsgi', 'scgi'].map((kind) => `${kind}_temp_path ${join(dir, `nginx-${kind}`)};`);
  writeFileSync(file, `
daemon off;
pid ${join(dir, 'nginx.pid')};
error_log ${join(dir, 'nginx.log')};
${isRoot ? 'user root;' : ''}
events {}
http {
  access_log off;
  ${temporary.join('\n  ')}
  ${site.global ?? ''}
  server {
    listen 127.0.0.1:${port} ssl http2;
    server_name localhost;
    ssl_certificate ${tls.pem};
    ssl_certificate_key ${tls.pem};
    large_client_header_buffers 4 16k;
    set $gatepost_socket unix:${site.socket};
    ${extra}
    location ~ ${pathPattern(site.basePath)} { include ${snippet('nginx/gatepost.conf')}; }
  }
}
`);
  return {
    command: program('nginx'),
    args: ['-e', join(dir, 'nginx.log'), '-c', file],
    check: [program('nginx'), '-e', join(dir, 'nginx.log'), '-t', '-c', file],
    group: true,
  };
}

// own: the web server starts the worker. wwwData: as root, its processes are www-data's.
export const servers = {
  lighttpd: { write: (site) => lighttpd(site, `var.gatepost_socket = "${site.socket}"\ninclude "${snippet('lighttpd/gatepost.conf')}"`) },
  'lighttpd-spawned': {
    own: true,
    write: (site) => lighttpd(site, `${lighttpdStarted(site)}
var.gatepost_socket = "${join(site.dir, 'run/spawned.sock')}"
include "${snippet('lighttpd/gatepost-spawned.conf')}"`),
  },
  'lighttpd-cgi': { own: true, cgi: true, write: (site) => lighttpd(site, `${lighttpdStarted(site)}\ninclude "${snippet('lighttpd/gatepost-cgi.conf')}"`) },
  'apache-proxy': {
    wwwData: true,
    write: (site) => apache(site, 'event', ['proxy', 'proxy_fcgi'], `
  Define GATEPOST_SOCKET ${site.socket}
  Include "${snippet('apache/gatepost.conf')}"`),
  },
  'apache-fcgid': {
    own: true,
    wwwData: true,
    settings: { server: { threads: 1 } },
    write: (site) => apache(site, 'event', ['fcgid'], `${apacheStarted(site)}
  FcgidConnectTimeout 20
  FcgidInitialEnv ASAN_OPTIONS detect_leaks=0
  Include "${snippet('apache/gatepost-fcgid.conf')}"`,
    `FcgidIPCDir ${join(site.dir, 'run')}\nFcgidProcessTableFile ${join(site.dir, 'run/fcgid_shm')}`),
  },
  'apache-cgid': {
    own: true,
    wwwData: true,
    cgi: true,
    write: (site) => apache(site, 'event', ['cgid'], `${apacheStarted(site)}
  SetEnv ASAN_OPTIONS detect_leaks=0
  Include "${snippet('apache/gatepost-cgi.conf')}"`, `ScriptSock "${join(site.dir, 'apache/cgid.sock')}"`),
  },
  'apache-cgi': {
    own: true,
    wwwData: true,
    cgi: true,
    write: (site) => apache(site, 'prefork', ['cgi'], `${apacheStarted(site)}
  SetEnv ASAN_OPTIONS detect_leaks=0
  Include "${snippet('apache/gatepost-cgi.conf')}"`),
  },
  nginx: { write: nginx },
};

// The server's own check of a written configuration; throws with its words.
export function configtest({ check: [command, ...args] }) {
  const run = spawnSync(command, args, { encoding: 'utf8' });
  if (run.status !== 0) throw new Error(`${command} ${args.join(' ')}: ${run.stderr}${run.stdout}`);
  return run.stdout + run.stderr;
}

// As root: lets www-data into a folder of the test's and changes the owner of what it needs there.
export function giveToWwwData(dir, owner, path) {
  if (!isRoot) return;
  const run = spawnSync('chown', ['-R', owner, path], { encoding: 'utf8' });
  if (run.status !== 0) throw new Error(`chown: ${run.stderr}`);
  chmodSync(dir, 0o711);
  if (path !== dir) chmodSync(path, 0o750);
}
