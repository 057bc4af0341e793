// The project's own files, as lint tests see them.
import { readdirSync, readFileSync, statSync } from 'node:fs';
import { join, relative } from 'node:path';
import { source } from './harness.mjs';

const skipped = new Set(['build', 'var', 'node_modules', '.git']);

function* walk(dir) {
  for (const name of readdirSync(dir)) {
    if (skipped.has(name)) continue;
    const path = join(dir, name);
    if (statSync(path).isDirectory()) yield* walk(path);
    else yield path;
  }
}

// Every file below the source tree: [{path (relative), text}] for those the predicate takes.
export function files(predicate) {
  return [...walk(source)]
    .map((path) => relative(source, path))
    .filter(predicate)
    .map((path) => ({ path, text: readFileSync(join(source, path), 'utf8') }));
}

export const sources = (ending = /\.[ch]$/) => files((path) => path.startsWith('src/') && ending.test(path));

// C text without comments and literals, newlines kept, so that line numbers stay right.
export function codeOnly(text) {
  return text.replace(/\/\*[\s\S]*?\*\/|\/\/[^\n]*|"(?:\\.|[^"\\\n])*"|'(?:\\.|[^'\\\n])*'/g, (found) =>
    found.startsWith('"') ? '""' : found.startsWith("'") ? "' '" : found.replace(/[^\n]/g, ' '));
}

// "FILE:LINE: text" for every match of the pattern.
export function findings(list, pattern, { code = true } = {}) {
  const out = [];
  for (const { path, text } of list) {
    const lines = (code ? codeOnly(text) : text).split('\n');
    lines.forEach((line, index) => {
      if (pattern.test(line)) out.push(`${path}:${index + 1}: ${text.split('\n')[index].trim()}`);
    });
  }
  return out;
}
