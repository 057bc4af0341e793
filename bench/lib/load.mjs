// Load by wrk, whose scripts hold or read all secrets: nothing of them is ever an argument.
import { spawnSync } from 'node:child_process';
import { writeFileSync } from 'node:fs';
import { join } from 'node:path';
import { start } from '../../tests/support/stack.mjs';
import { parseLoad } from './report.mjs';

export function needWrk() {
  if (spawnSync('wrk', ['--version']).error) throw new Error('wrk is missing: apt-get install --no-install-recommends wrk');
}

// Each thread of wrk has a random sequence of its own; in the end their counts are added up.
const common = `
local threads = {}
setup = function(thread)
  thread:set("number", #threads + 1)
  table.insert(threads, thread)
end
local seed = function() math.randomseed(os.time() * 64 + number) end
done = function(summary, latency)
  local e, counts = summary.errors, {}
  for _, thread in ipairs(threads) do
    for status, n in (thread:get("counted") or ""):gmatch("(%d+)=(%d+)") do counts[status] = (counts[status] or 0) + n end
  end
  for status, n in pairs(counts) do io.write(string.format("STATUS %s %d\\n", status, n)) end
  for kind, n in pairs(e) do io.write(string.format("FAILED %s %d\\n", kind, n)) end
  io.write(string.format("RESULT %d %d %d %d %d\\n", summary.requests, summary.duration, latency:percentile(50), latency:percentile(99),
    e.connect + e.read + e.write + e.timeout + e.status))
end
`;

// A string each, so that a thread's counts can be read from outside it.
const counting = `
local counts = {}
counted = ""
response = function(status)
  counts[status] = (counts[status] or 0) + 1
  local text = {}
  for s, n in pairs(counts) do text[#text + 1] = s .. "=" .. n end
  counted = table.concat(text, ",")
end
`;

function script(dir, name, text) {
  const file = join(dir, `${name}.lua`);
  writeFileSync(file, text, { mode: 0o600 });
  return file;
}

// GET with one of the credentials of a file ("TEXT …" lines) at random: header: prefix TEXT.
export const credentialScript = (dir, name, { file, header, prefix = '' }) => script(dir, name, `${common}
local requests = {}
init = function()
  seed()
  for line in io.lines("${file}") do
    requests[#requests + 1] = wrk.format("GET", nil, {["${header}"] = "${prefix}" .. line:match("^%S+")})
  end
end
request = function() return requests[math.random(#requests)] end
`);

// POST of a password for one of the people load1, load2, … at random; every answer's status is counted.
export const signInScript = (dir, name, { people, password }) => script(dir, name, `${common}${counting}
init = seed
request = function()
  local body = string.format('{"identifier":"load%d","password":"%s","transport":"handle"}', math.random(${people}), "${password}")
  return wrk.format("POST", nil, {["Content-Type"] = "application/json"}, body)
end
`);

// POST of a form with one of the credentials of a file at random: FIELD=TEXT. headers: more of them.
export const formScript = (dir, name, { file, field, headers = {} }) => script(dir, name, `${common}
local requests = {}
init = function()
  seed()
  local headers = {["Content-Type"] = "application/x-www-form-urlencoded"${Object.entries(headers).map(([key, value]) => `, ["${key}"] = "${value}"`).join('')}}
  for line in io.lines("${file}") do
    requests[#requests + 1] = wrk.format("POST", nil, headers, "${field}=" .. line:match("^%S+"))
  end
end
request = function() return requests[math.random(#requests)] end
`);

// Exchanges of refresh tokens: thread N begins with line N of the file and goes on with the token of each answer. So a
// thread has one connection only.
export const refreshScript = (dir, name, { file }) => script(dir, name, `${common}
local token
init = function()
  local n = 0
  for line in io.lines("${file}") do
    n = n + 1
    if n == number then token = line:match("^%S+") end
  end
end
request = function()
  return wrk.format("POST", nil, {["Content-Type"] = "application/x-www-form-urlencoded"}, "grant_type=refresh_token&refresh_token=" .. token)
end
response = function(status, headers, body)
  if status == 200 then token = body:match('"refresh_token": ?"([^"]+)"') end
end
`);

/*
 * A running load: {result (a promise of parseLoad's object)}. No more threads than connections, and never more than two:
 * the machine carries everything else too.
 */
export function beginLoad({ url, lua, connections, seconds, threads = Math.min(2, connections) }) {
  const program = start('wrk', [`-t${threads}`, `-c${connections}`, `-d${seconds}s`, '--timeout', '10s', '-s', lua, url]);
  const result = program.exited.then(({ code }) => {
    if (code !== 0) throw new Error(`wrk: ${program.output()}`);
    return parseLoad(program.output());
  });
  result.catch(() => {});
  return { result, program };
}

export const load = (options) => beginLoad(options).result;
