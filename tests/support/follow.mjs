// Documentation that is followed: its sections, and the blocks of code in their steps.
import assert from 'node:assert/strict';

// What stands below "## TITLE".
export function section(text, title) {
  const begin = text.indexOf(`## ${title}\n`);
  assert.ok(begin > 0, title);
  return text.slice(begin, text.indexOf('\n## ', begin + 3));
}

// Fenced blocks of a kind, without the indentation of their list.
export const blocks = (text, kind) => [...text.matchAll(new RegExp(`^ {3}\`\`\`${kind}\\n([^]*?)^ {3}\`\`\``, 'gm'))]
  .map(([, body]) => body.replace(/^ {3}/gm, ''));
