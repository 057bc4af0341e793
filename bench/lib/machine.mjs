// What the numbers were measured on.
import { spawnSync } from 'node:child_process';
import { readFileSync } from 'node:fs';
import { cpus, loadavg, release } from 'node:os';

const said = (command, args, pattern) => {
  const run = spawnSync(command, args, { encoding: 'utf8' });
  return pattern.exec(`${run.stdout ?? ''}${run.stderr ?? ''}`)?.[1] ?? 'unknown';
};

export function machine() {
  const system = /^PRETTY_NAME="([^"]+)"/m.exec(readFileSync('/etc/os-release', 'utf8'))?.[1] ?? 'Linux';
  const [{ model }] = cpus();
  return `${cpus().length} × ${model.trim()} for everything, the load generator too; ${system}, Linux ${release()}, ` +
    `MariaDB ${said('/usr/sbin/mariadbd', ['--version'], /Ver (\d[\d.]*)/)}, lighttpd ${said('/usr/sbin/lighttpd', ['-v'], /lighttpd\/([\d.]+)/)}, ` +
    `Apache ${said('/usr/sbin/apache2', ['-v'], /Apache\/([\d.]+)/)}; load before the run ${loadavg()[0].toFixed(1)}.`;
}
