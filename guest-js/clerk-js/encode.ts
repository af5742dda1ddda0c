/** How clerk-js's parameters become a query, a form or the parts of a multipart body. */
import type { FrontendApiPart as Part, FrontendApiRequest } from '../bindings';
import { ClerkRuntimeError } from '../errors';
import { fileOf } from '../resources/files';

type Search = ConstructorParameters<typeof URLSearchParams>[0];

/** The fields of a query. A name occurs once, as in clerk-js; a value with commas is a list. */
export function encodeQuery(search: Search): [string, string][] {
  const byName = new Map(new URLSearchParams(search));
  return [...byName].flatMap(([name, value]) =>
    value.split(',').map((item): [string, string] => [name, item]),
  );
}

/** The name of a field as the Frontend API has it. */
function snakeCase(name: string): string {
  return name.replace(/[A-Z]/g, (letter) => `_${letter.toLowerCase()}`);
}

function unsupported(what: string): ClerkRuntimeError {
  return new ClerkRuntimeError(
    `${what} in the body of a request cannot be sent: use fields, i.e. an object whose values are text, numbers, JSON or lists of these, or FormData for files`,
    { code: 'option_invalid' },
  );
}

/** The kind of a value, e.g. `Object`, `Array` or `Blob`. */
function kindOf(value: unknown): string {
  return Object.prototype.toString.call(value).slice('[object '.length, -1);
}

/** Objects that JSON can express. */
const JSON_KINDS = ['Object', 'Array', 'Date'];

function text(value: unknown): string {
  switch (typeof value) {
    case 'string':
      return value;
    case 'undefined':
      return '';
    case 'number':
    case 'bigint':
    case 'boolean':
      return String(value);
    case 'object':
      if (value === null) {
        return '';
      }
      if (JSON_KINDS.includes(kindOf(value))) {
        return JSON.stringify(value);
      }
  }
  throw unsupported(kindOf(value));
}

/** The fields of a form. Lists are repeated names, objects are JSON, null is empty, and undefined is left out. */
export function encodeForm(body: object): [string, string][] {
  return Object.entries(body).flatMap(([key, value]: [string, unknown]) => {
    const values: unknown[] = Array.isArray(value) ? value : [value];
    return values
      .filter((item) => item !== undefined)
      .map((item): [string, string] => [snakeCase(key), text(item)]);
  });
}

async function encodePart(name: string, value: string | File): Promise<Part> {
  return typeof value === 'string'
    ? { name, value, file: null }
    : { name, value: null, file: await fileOf(value) };
}

const FORM = 'application/x-www-form-urlencoded';

/**
 * The body of a request.
 *
 * @throws {@link ClerkRuntimeError} `option_invalid` for a body that is neither fields nor `FormData`
 */
export async function encodeBody(
  body: unknown,
  headers: Headers,
): Promise<Required<Pick<FrontendApiRequest, 'form' | 'parts'>>> {
  if (body instanceof FormData) {
    const entries: [string, FormDataEntryValue][] = [];
    body.forEach((value, name) => entries.push([name, value]));
    return { form: [], parts: await Promise.all(entries.map(([name, value]) => encodePart(name, value))) };
  }
  const type = headers.get('content-type')?.split(';')[0]?.trim() ?? FORM;
  if (typeof body === 'string' && type === 'application/octet-stream') {
    return { form: [], parts: [{ name: 'file', value: null, file: await fileOf(body) }] };
  }
  if (body === undefined || body === null) {
    return { form: [], parts: [] };
  }
  if (type !== FORM) {
    throw unsupported(type);
  }
  return { form: encodeFields(body), parts: [] };
}

function encodeFields(body: unknown): [string, string][] {
  if (typeof body === 'string' || body instanceof URLSearchParams) {
    return [...new URLSearchParams(body)];
  }
  if (typeof body !== 'object' || body === null || kindOf(body) !== 'Object') {
    throw unsupported(kindOf(body));
  }
  return encodeForm(body);
}
