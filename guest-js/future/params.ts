/** What is left out, and what the address of the page brings. */

/** Clerk's SDKs leave out what is not there. */
export function withoutNulls(data: object): object {
  return Object.fromEntries(Object.entries(data).filter(([, value]) => value !== null));
}

/** Parameters that are not given are not sent. */
export function withoutUndefined<T extends object>(params: T): { [K in keyof T]?: Exclude<T[K], undefined> } {
  const given = Object.entries(params).filter(([, value]) => value !== undefined);
  return Object.fromEntries(given) as { [K in keyof T]?: Exclude<T[K], undefined> };
}

/** The ticket in the address of the page, to which an invitation leads. */
export function ticketOfPage(): string | null {
  return new URLSearchParams(window.location.search).get('__clerk_ticket');
}
