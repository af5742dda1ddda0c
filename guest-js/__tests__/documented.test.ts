/** The program in `documented.ts` compiles, uses every documented member, and would not compile with other types. */
import ts from 'typescript';
import { beforeAll, describe, expect, it } from 'vitest';

const PROGRAM = 'guest-js/__tests__/documented.ts';

const { config } = ts.readConfigFile('tsconfig.json', (path) => ts.sys.readFile(path)) as {
  config: { compilerOptions: object };
};
const { options } = ts.convertCompilerOptionsFromJson(config.compilerOptions, '.');

/** The compiler's messages for the program, with `text` as its source if given. */
function messages(text?: string): string[] {
  const host = ts.createCompilerHost(options);
  const read = host.readFile.bind(host);
  const readSource = host.getSourceFile.bind(host);
  if (text !== undefined) {
    host.readFile = (path) => (path === PROGRAM ? text : read(path));
    host.getSourceFile = (path, version, ...rest) =>
      path === PROGRAM ? ts.createSourceFile(path, text, version, true) : readSource(path, version, ...rest);
  }
  const program = ts.createProgram([PROGRAM], options, host);
  const found = ts.getPreEmitDiagnostics(program, program.getSourceFile(PROGRAM));
  return found.map(({ messageText }) => ts.flattenDiagnosticMessageText(messageText, '\n'));
}

describe('the documented program', () => {
  let text: string;

  beforeAll(() => {
    text = ts.sys.readFile(PROGRAM) ?? '';
  });

  it('documented.ts compiles', { timeout: 120_000 }, () => {
    expect(messages()).toEqual([]);
  });

  it.each([
    ["a property's type", 'expectType<string>(clerk.domain)', 'expectType<number>(clerk.domain)'],
    ['a parameter', "getOrganization('org_1')", 'getOrganization(1)'],
    ['a name', 'clerk.closeWaitlist()', 'clerk.shutWaitlist()'],
  ])('documented.ts does not compile when it is changed in %s', { timeout: 120_000 }, (_, right, wrong) => {
    expect(text).toContain(right);
    expect(messages(text.replace(right, wrong))).toHaveLength(1);
  });

  it('documented.ts uses every member of docs/clerk-class.md', () => {
    const page = ts.sys.readFile('docs/clerk-class.md') ?? '';
    const rows = [...page.matchAll(/^\| `(\w+)(?:\(\))?` \|(?:[^|]*\|){4}$/gm)].map(([, name]) => name!);
    expect(rows.length).toBeGreaterThan(70);
    const missing = rows.filter((name) =>
      name === 'constructor' ? !text.includes('new Clerk(') : !new RegExp(`clerk\\.${name}\\b`).test(text),
    );
    expect(missing).toEqual([]);
  });
});
