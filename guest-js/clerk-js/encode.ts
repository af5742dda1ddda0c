/** How clerk-js's parameters become a query, a form or the parts of a multipart body. */
import type { FrontendApiPart as Part, FrontendApiRequest } from '../bindings';

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

function text(value: unknown): string {
  if (value === null || value === undefined) {
    return '';
  }
  return typeof value === 'string' ? value : JSON.stringify(value);
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

function base64(bytes: Uint8Array): string {
  let binary = '';
  // In pieces: the number of arguments of a call is limited.
  for (let at = 0; at < bytes.length; at += 0x8000) {
    binary += String.fromCharCode(...bytes.subarray(at, at + 0x8000));
  }
  return btoa(binary);
}

async function encodePart(name: string, value: string | File): Promise<Part> {
  if (typeof value === 'string') {
    return { name, value, file: null };
  }
  const data = base64(new Uint8Array(await readBytes(value)));
  return { name, value: null, file: { name: value.name, contentType: value.type, data } };
}

function readBytes(file: Blob): Promise<ArrayBuffer> {
  return new Promise((resolve, reject) => {
    const reader = new FileReader();
    reader.onload = () => {
      resolve(reader.result as ArrayBuffer);
    };
    reader.onerror = () => {
      reject(reader.error ?? new Error('the file could not be read'));
    };
    reader.readAsArrayBuffer(file);
  });
}

/** A file that clerk-js passes as text: a data URL, or Base64 of an image. */
function encodeFileText(body: string): Part {
  const [, contentType = 'image/png', data = body] = /^data:([^;,]+)[^,]*;base64,(.*)$/s.exec(body) ?? [];
  const extension = contentType.replace(/^.*\//, '').replace(/\W.*$/, '');
  return { name: 'file', value: null, file: { name: `file.${extension}`, contentType, data } };
}

/** The body of a request. */
export async function encodeBody(
  body: unknown,
  headers: Headers,
): Promise<Pick<FrontendApiRequest, 'form' | 'parts'>> {
  if (body instanceof FormData) {
    const entries: [string, FormDataEntryValue][] = [];
    body.forEach((value, name) => entries.push([name, value]));
    return { form: [], parts: await Promise.all(entries.map(([name, value]) => encodePart(name, value))) };
  }
  if (typeof body === 'string' && headers.get('content-type') === 'application/octet-stream') {
    return { form: [], parts: [encodeFileText(body)] };
  }
  if (typeof body === 'string' || body instanceof URLSearchParams) {
    return { form: [...new URLSearchParams(body)], parts: [] };
  }
  return { form: typeof body === 'object' && body !== null ? encodeForm(body) : [], parts: [] };
}
