/** Files that are uploaded. */
import type { FrontendApiFile } from '../bindings';

/** What Rust takes for a file: `null` for none. A text is a data URL, or Base64 of an image, as for clerk-js. */
export async function fileOf(file: Blob | string): Promise<FrontendApiFile>;
export async function fileOf(file: Blob | string | null): Promise<FrontendApiFile | null>;
export async function fileOf(file: Blob | string | null): Promise<FrontendApiFile | null> {
  if (file === null) {
    return null;
  }
  if (typeof file === 'string') {
    const [, contentType = 'image/png', data = file] = /^data:([^;,]+)[^,]*;base64,(.*)$/s.exec(file) ?? [];
    const extension = contentType.replace(/^.*\//, '').replace(/\W.*$/, '');
    return { name: `file.${extension}`, contentType, data };
  }
  const name = 'name' in file && typeof file.name === 'string' ? file.name : 'file';
  return { name, contentType: file.type, data: base64(new Uint8Array(await readBytes(file))) };
}

function base64(bytes: Uint8Array): string {
  let binary = '';
  // In pieces: the number of arguments of a call is limited.
  for (let at = 0; at < bytes.length; at += 0x8000) {
    binary += String.fromCharCode(...bytes.subarray(at, at + 0x8000));
  }
  return btoa(binary);
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
