// docs/examples/clients/typescript as JavaScript that runs here; its types are checked on the way.
import { existsSync, mkdirSync, readdirSync, writeFileSync } from 'node:fs';
import { join } from 'node:path';
import ts from 'typescript';
import { source } from './harness.mjs';

export const folder = join(source, 'docs/examples/clients/typescript');
const strict = {
  strict: true, noUnusedLocals: true, noUnusedParameters: true, noImplicitReturns: true, noFallthroughCasesInSwitch: true, skipLibCheck: true, types: [],
  target: ts.ScriptTarget.ES2022, module: ts.ModuleKind.ES2022, moduleResolution: ts.ModuleResolutionKind.Bundler,
};

// What the compiler says of a program, as "FILE:LINE: text".
function faults(program) {
  return ts.getPreEmitDiagnostics(program).map(({ file, start, messageText }) => {
    const place = file ? `${file.fileName}:${file.getLineAndCharacterOfPosition(start).line + 1}: ` : '';
    return place + ts.flattenDiagnosticMessageText(messageText, '\n');
  });
}

/*
 * Compiles the example and the files besides, {name: text}, to .js below dir. lib: what the platform has, "dom" for its own
 * fetch; the example needs nothing but the language. Returns the faults; with any, nothing is written.
 */
export function compile(dir, { besides = {}, lib = [] } = {}) {
  mkdirSync(dir, { recursive: true });
  const names = Object.keys(besides).map((name) => join(folder, name));
  const options = { ...strict, lib: ['es2022', ...lib].map((name) => `lib.${name}.d.ts`), outDir: dir, rootDir: folder };
  const host = ts.createCompilerHost(options);
  const { fileExists, readFile, getSourceFile } = host;
  const text = (path) => besides[path.slice(folder.length + 1)];
  host.fileExists = (path) => names.includes(path) || fileExists(path);
  host.readFile = (path) => (names.includes(path) ? text(path) : readFile(path));
  host.getSourceFile = (path, ...rest) => (names.includes(path) ? ts.createSourceFile(path, text(path), ts.ScriptTarget.ES2022) : getSourceFile(path, ...rest));
  const files = readdirSync(folder).filter((name) => name.endsWith('.ts')).map((name) => join(folder, name));
  const program = ts.createProgram([...files, ...names], options, host);
  const found = faults(program);
  if (found.length > 0) return found;
  writeFileSync(join(dir, 'package.json'), '{"type":"module"}');
  program.emit();
  return existsSync(join(dir, 'gatepost.js')) ? [] : ['nothing came out'];
}
