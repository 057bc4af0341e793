// The project's measuring bench: one command, one run, tables of ratios with what must be reached. See --help.
import { makeBuild } from './build.mjs';
import { writeFileSync } from 'node:fs';
import { checks, systemCalls } from './checks.mjs';
import { states } from './flows.mjs';
import { growth, needRoom } from './growth.mjs';
import { guarded } from './guarded.mjs';
import { needWrk } from './load.mjs';
import { machine } from './machine.mjs';
import { mails } from './mails.mjs';
import { parse, usage } from './options.mjs';
import { passkeys } from './passkeys.mjs';
import { startPhp } from './peers.mjs';
import { checkTable, otherTable } from './report.mjs';
import { startBench } from './setup.mjs';
import { flood, idleMemory, signInRate } from './signins.mjs';
import { plainCgi, workerStart } from './starts.mjs';
import { tokens } from './tokens.mjs';

const began = Date.now();
const log = (text) => process.stderr.write(`${((Date.now() - began) / 1000).toFixed(0).padStart(5)} s  ${text}\n`);

async function withBench(options, act) {
  const made = await startBench(options);
  try {
    return await act(made);
  } finally {
    await made.stop();
  }
}

function poolOf({ big }, wants) {
  if (big && wants('h')) return 'big';
  return big && wants('l') ? 'tokens' : 'small';
}

async function behindLighttpd(options, wants, tables) {
  if (!wants('d', 'e', 'f', 'h', 'j', 'k', 'l', 'm', 'n')) return;
  await withBench({ pool: poolOf(options, wants), log }, async (made) => {
    if (wants('d')) tables.lighttpd = await checks(options, made, { peers: options.peers ? await startPhp(made, log) : [] });
    // Before a password was hashed.
    if (wants('d')) tables.others.push(...idleMemory(made));
    if (wants('d')) tables.others.push(...await systemCalls(options, made));
    if (wants('e')) tables.others.push(...await signInRate(options, made));
    if (wants('f')) tables.others.push(...await flood(options, made));
    if (wants('k')) tables.others.push(...await states(options, made));
    if (wants('l')) tables.others.push(...await tokens(options, made));
    if (wants('m')) tables.others.push(...await guarded(options, made));
    if (wants('n')) tables.others.push(...await mails(options, made));
    if (wants('j')) tables.others.push(...await workerStart(options, made));
    if (wants('h')) tables.others.push(...await growth(options, made));
  });
}

async function measureAll(options, wants, tables) {
  if (wants('o')) tables.others.push(...passkeys(options));
  await behindLighttpd(options, wants, tables);
  if (wants('i', 'm')) await withBench({ server: 'apache-proxy', log }, async (made) => {
    if (wants('i')) tables.apache = await checks(options, made);
    if (wants('m')) tables.others.push(...await guarded(options, made));
  });
  if (wants('j')) await withBench({ server: 'lighttpd-cgi', log }, async (made) => tables.others.push(...await plainCgi(options, made)));
}

function textOf({ rounds, seconds }, place, tables) {
  return [
    `${place} ${rounds} rounds of ${seconds} s a case, ${Math.round((Date.now() - began) / 60000)} minutes in all.`,
    ...(tables.lighttpd ? ['## Checks behind lighttpd', checkTable(tables.lighttpd)] : []),
    ...(tables.apache ? ['## Checks behind Apache (event, mod_proxy_fcgi)', checkTable(tables.apache)] : []),
    ...(tables.others.length > 0 ? ['## The rest', otherTable(tables.others)] : []),
  ].join('\n\n');
}

async function main() {
  const options = { ...parse(process.argv.slice(2)), log };
  if (options.help) return console.log(usage);
  const wants = (...some) => some.some((letter) => options.only.has(letter));
  if ([...options.only].some((letter) => letter !== 'o')) needWrk();
  if (options.big && wants('h')) needRoom(process.env.TMPDIR ?? '/tmp');
  log('building');
  makeBuild();
  const place = machine();
  const tables = { others: [] };
  let failure;
  try {
    await measureAll(options, wants, tables);
  } catch (error) {
    failure = error; // What was measured until then is worth its time.
  }
  const text = textOf(options, place, tables);
  if (options.out) writeFileSync(options.out, `${text}\n`);
  console.log(text);
  if (failure) throw failure;
}

main().catch((error) => {
  console.error(`bench/run: ${error.message}`);
  process.exitCode = 1;
});
