/** Errors of calls, sorted by the fields of a form. */
import { isClerkAPIResponseError } from '../errors';
import type { ClerkError, Errors, FieldError } from './types';

/** Whether the error is one of this library. */
export function isClerkError(error: unknown): error is ClerkError {
  return typeof error === 'object' && error !== null && 'clerkError' in error;
}

/** No errors, for a form with these fields. */
export function noErrors<Field extends string>(fields: readonly Field[]): Errors<Field> {
  const entries = fields.map((field) => [field, null]);
  return { fields: Object.fromEntries(entries) as Record<Field, null>, raw: null, global: null };
}

/** Sorts an error by the parameters that Clerk names. */
export function sortErrors<Field extends string>(error: ClerkError, fields: readonly Field[]): Errors<Field> {
  const sorted = noErrors(fields);
  if (!isClerkAPIResponseError(error)) {
    return { ...sorted, raw: [error], global: [error] };
  }
  for (const item of error.errors) {
    const name = camelCase(item.meta['paramName']);
    const field = fields.find((one) => one === name);
    if (field === undefined) {
      sorted.global = [error];
    } else {
      // The first is the most important.
      sorted.fields[field] ??= item as FieldError;
    }
  }
  return { ...sorted, raw: error.errors };
}

function camelCase(name: unknown): string {
  return String(name).replace(/_(\w)/g, (_, letter: string) => letter.toUpperCase());
}
