// @vitest-environment node
/** The content security policy that the React example and the documentation have. */
import { createHash } from 'node:crypto';
import { readFileSync } from 'node:fs';
import { expect, it } from 'vitest';

function hash(text: string): string {
  return `'sha256-${createHash('sha256').update(text).digest('base64')}'`;
}

/** The style elements that `@clerk/ui` writes without the nonce: one that is filled by script, and the caret of code fields. */
function unnoncedStyles(): string[] {
  const source = readFileSync('node_modules/@clerk/ui/dist/no-rhc/elements/CodeControl.js', 'utf8');
  const caret = /jsx\("style", \{ children: `([^`]*)` \}/.exec(source)?.[1] ?? '';
  expect(caret).toContain('@keyframes caret-blink-animation');
  return ['', caret];
}

it.each(['examples/react/src-tauri/tauri.conf.json', 'docs/frameworks.md'])(
  '%s allows the styles of Clerk’s components, and no other inline styles',
  (file) => {
    const policy = /"csp": "([^"]*)"/.exec(readFileSync(file, 'utf8'))?.[1] ?? '';
    const directive = policy.split(';').find((one) => one.trim().startsWith('style-src'));
    expect(directive?.trim()).toBe(['style-src', "'self'", ...unnoncedStyles().map(hash)].join(' '));
  },
);
