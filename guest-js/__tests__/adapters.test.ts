/** The adapters for Vue and Svelte in `docs/frameworks.md`, as they are there, on the real clerk-js. */
import { get } from 'svelte/store';
import ts from 'typescript';
import { afterEach, beforeEach, expect, it, vi } from 'vitest';
import { createApp, inject, nextTick, type Plugin } from 'vue';

import { codeOf, pathOf } from './adapters';
import { Fake } from './fake';
import { rawClient, rawEnvironment, rawSession } from './raw';

const INSTANCE = Symbol.for('tauri-plugin-clerk.clerk-js');

/** What the components were told, in order. */
const told = vi.hoisted(() => vi.fn<(...args: unknown[]) => void>());

vi.mock('@clerk/ui/no-rhc', () => {
  const controls = {
    mountComponent: ({ name, node, props }: Record<string, unknown>) => {
      told('mount', name, node, props);
    },
    unmountComponent: ({ node }: Record<string, unknown>) => {
      told('unmount', node);
    },
  };
  class ClerkUI {
    ensureMounted = () => Promise.resolve(controls);
  }
  return { ui: { ClerkUI, version: '0.0.0' } };
});

let rust: Fake;

beforeEach(() => {
  rust = new Fake();
  rust.raw = { client: rawClient([rawSession('sess_1')]), environment: rawEnvironment() };
  rust.state = { ...rust.state, activeSession: { state: 'session', sessionId: 'sess_1' } };
  told.mockClear();
  vi.spyOn(console, 'warn').mockImplementation(() => undefined);
});

afterEach(() => {
  rust.stop();
  Reflect.deleteProperty(document, INSTANCE);
  document.body.replaceChildren();
  vi.restoreAllMocks();
});

const adapter = (framework: string): Promise<unknown> => import(/* @vite-ignore */ `documented/${framework}`);

it('the Vue plugin provides who is signed in, and shows components', async () => {
  const { clerkPlugin } = (await adapter('vue')) as { clerkPlugin: Plugin };
  const app = createApp({
    setup: () => ({ auth: inject('auth') }),
    template: `<p>{{ auth.user?.firstName ?? 'nobody' }}</p><div class="here" v-clerk:SignIn="{ routing: 'hash' }" />`,
  });
  app.use(clerkPlugin);
  app.mount(document.body);
  const node = document.querySelector('.here');
  expect(document.body.textContent).toBe('Ada');
  await vi.waitFor(() => {
    expect(told.mock.calls).toEqual([['mount', 'SignIn', node, { routing: 'hash' }]]);
  });
  rust.advance(rawClient(), { state: 'none' });
  await vi.waitFor(() => {
    expect(document.body.textContent).toBe('nobody');
  });
  app.unmount();
  await nextTick();
  await vi.waitFor(() => {
    expect(told.mock.calls.slice(1)).toEqual([['unmount', node]]);
  });
});

/** What the Svelte adapter exports, as Svelte uses it. */
interface SvelteAdapter {
  auth: { subscribe(set: (value: { user?: { firstName: string } | null }) => void): () => void };
  component(node: HTMLElement, parameter: [string, object?]): { destroy(): void };
}

it('the Svelte store has who is signed in, and the action shows components', async () => {
  const { auth, component } = (await adapter('svelte')) as SvelteAdapter;
  expect(get(auth).user?.firstName).toBe('Ada');
  const seen: unknown[] = [];
  const unsubscribe = auth.subscribe(({ user }) => seen.push(user?.firstName));
  const node = document.createElement('div');
  const action = component(node, ['SignIn', { routing: 'hash' }]);
  await vi.waitFor(() => {
    expect(told.mock.calls).toEqual([['mount', 'SignIn', node, { routing: 'hash' }]]);
  });
  rust.advance(rawClient(), { state: 'none' });
  await vi.waitFor(() => {
    expect(seen.at(-1)).toBeUndefined();
  });
  unsubscribe();
  const { length } = seen;
  rust.advance(rawClient([rawSession('sess_2')]), { state: 'session', sessionId: 'sess_2' });
  await vi.waitFor(() => {
    expect(get(auth).user?.firstName).toBe('Ada');
  });
  expect(seen).toHaveLength(length);
  action.destroy();
  await vi.waitFor(() => {
    expect(told.mock.calls.slice(1)).toEqual([['unmount', node]]);
  });
});

/** What the React example takes from the app. */
const REACT_APP = `import { createRoot } from 'react-dom/client';
import type { FC, ReactNode } from 'react';
declare const root: HTMLElement;
declare const nonce: string | undefined;
declare const push: (to: string) => void;
declare const replace: (to: string) => void;
declare const ErrorBoundary: FC<{ children: ReactNode }>;
`;

const FRAMEWORKS = ['react', 'vue', 'svelte'];

function compilerOptions(): ts.CompilerOptions {
  const { config } = ts.readConfigFile('tsconfig.json', (path) => ts.sys.readFile(path)) as {
    config: { compilerOptions: object };
  };
  const paths = {
    'tauri-plugin-clerk-api/clerk-js': [ts.sys.resolvePath('guest-js/clerk-js/index.ts')],
    'tauri-plugin-clerk-api/react': [ts.sys.resolvePath('guest-js/react/index.tsx')],
  };
  return ts.convertCompilerOptionsFromJson({ ...config.compilerOptions, paths }, '.').options;
}

/** The compiler's messages for the code of each framework, which may be changed first. */
function messages(change = (code: string) => code): string[] {
  const files = new Map(
    FRAMEWORKS.map((framework) => {
      const app = framework === 'react' ? REACT_APP : '';
      return [pathOf(framework), app + change(codeOf(framework))];
    }),
  );
  const options = compilerOptions();
  const host = ts.createCompilerHost(options);
  const parse = host.getSourceFile.bind(host);
  host.getSourceFile = (path, version, ...rest) => {
    const text = files.get(path);
    return text === undefined
      ? parse(path, version, ...rest)
      : ts.createSourceFile(path, text, version, true);
  };
  const program = ts.createProgram([...files.keys()], options, host);
  return [...files.keys()].flatMap((file) =>
    ts
      .getPreEmitDiagnostics(program, program.getSourceFile(file))
      .map(({ messageText }) => ts.flattenDiagnosticMessageText(messageText, '\n')),
  );
}

it('the code for React, Vue and Svelte compiles', { timeout: 180_000 }, () => {
  expect(messages()).toEqual([]);
});

it(
  'the code for React, Vue and Svelte does not compile with names that do not exist',
  { timeout: 180_000 },
  () => {
    const wrong = (code: string) =>
      code.replace('signInUrl', 'signInPage').replace('addListener', 'onChange');
    const found = messages(wrong);
    expect(found.filter((message) => message.includes("'signInPage'"))).toHaveLength(1);
    expect(found.filter((message) => message.includes("'onChange'"))).toHaveLength(2);
  },
);
