/** What resources have in common whose members are those that Rust sends. */
import type * as wire from '../bindings';
import { cancelAuthentication } from '../bindings';
import type { Context } from '../class/context';
import { addMethods, type Kind, methodsOf, type MethodsOf } from './lazy';

/** A member as the class shows it: times, whose names end with `At`, are dates, and metadata is an object. */
type Shown<Name, Value> = Name extends `${string}At`
  ? Date | Extract<Value, null>
  : Name extends `${string}Metadata`
    ? Record<string, unknown>
    : Value extends wire.Verification
      ? Verification
      : Value;

/** The members that Rust sends, as a resource shows them. */
export type Fields<Data> = { readonly [Name in keyof Data]: Shown<Name, Data[Name]> };

/** A verification that has not begun. */
export const NO_VERIFICATION = {
  status: null,
  strategy: null,
  attempts: null,
  expireAt: null,
  error: null,
  nonce: null,
  message: null,
  verifiedAtClient: null,
  channel: null,
  externalVerificationRedirectUrl: null,
};

function shown(name: string, value: unknown): unknown {
  if (value === null) {
    return name.endsWith('Metadata') ? {} : null;
  }
  if (name.endsWith('At')) {
    return new Date(value as number);
  }
  return /verification$/i.test(name) && typeof value === 'object'
    ? new Verification(value as wire.Verification)
    : value;
}

/** Returns what a resource shows of the data that Rust sends. */
export function fields<Data extends object>(data: Data): Fields<Data> {
  const entries = Object.entries(data).map(([name, value]) => [name, shown(name, value)] as const);
  return Object.fromEntries(entries) as Fields<Data>;
}

/** The state of a verification: of a code, a link, a provider's response, or a signature. */
export class Verification {
  declare readonly status: string | null;
  declare readonly strategy: string | null;
  /** The number of attempts so far. */
  declare readonly attempts: number | null;
  declare readonly expireAt: Date | null;
  /** Why it failed or must be transferred. */
  declare readonly error: wire.ApiErrorItem | null;
  /** Passkeys: the WebAuthn options as JSON. Wallets: the nonce. */
  declare readonly nonce: string | null;
  /** The message to sign, for wallets. */
  declare readonly message: string | null;
  /** The client that opened an e-mail link. */
  declare readonly verifiedAtClient: string | null;
  /** `sms` or `whatsapp`. */
  declare readonly channel: string | null;
  /** The page of the provider, which the plugin opens in the system browser. */
  readonly externalVerificationRedirectURL: URL | null;

  constructor({ externalVerificationRedirectUrl: page, ...data }: wire.Verification) {
    Object.assign(this, fields(data));
    this.externalVerificationRedirectURL = page && URL.canParse(page) ? new URL(page) : null;
  }
}

/** A resource. Its members are those of `Data`; {@link Fields} is for their types. */
export class DataResource<Data extends object> {
  readonly #host: Context;

  constructor(data: Data, host: Context) {
    this.#host = host;
    this.take(data);
  }

  /** @internal */
  get host(): Context {
    return this.#host;
  }

  /** @internal Shows newer data. */
  take(data: Data): void {
    Object.assign(this, fields(data));
  }

  /** @internal Takes over what a call returns, and resolves when the state of this window shows it. */
  async settle(call: Promise<Data>): Promise<this> {
    this.take(await call);
    await this.#host.sync();
    return this;
  }

  /** Returns the values of all members, also of those that are computed. */
  toJSON(): Record<string, unknown> {
    return withGetters(this, DataResource.prototype);
  }
}

/** The members of an object, and the values of the getters of its class and the classes below `root`. */
export function withGetters(resource: object, root: object): Record<string, unknown> {
  const values: Record<string, unknown> = { ...resource };
  let prototype = Object.getPrototypeOf(resource) as object;
  while (prototype !== root) {
    for (const [name, property] of Object.entries(Object.getOwnPropertyDescriptors(prototype))) {
      if (property.get && !(name in values)) {
        values[name] = property.get.call(resource) as unknown;
      }
    }
    prototype = Object.getPrototypeOf(prototype) as object;
  }
  return values;
}

/** A flow that waits for an e-mail link. */
export interface EmailLinkFlow<Resource, Params> {
  startEmailLinkFlow: (params?: Params) => Promise<Resource>;
  cancelEmailLinkFlow: () => void;
}

/** Makes a flow that starts with a call, which resolves when the link was opened. */
export function emailLinkFlow<Resource, Params>(
  start: (params?: Params) => Promise<Resource>,
): EmailLinkFlow<Resource, Params> {
  return {
    startEmailLinkFlow: start,
    cancelEmailLinkFlow: () => {
      cancelAuthentication().catch((error: unknown) => {
        console.error('[clerk] the e-mail link could not be cancelled', error);
      });
    },
  };
}

/** Makes the class that a resource with these members extends; `Own` are those that the class has itself. */
export function resourceOf<Data extends object, Own extends keyof Data = never>(): new (
  data: Data,
  host: Context,
) => DataResource<Data> & Omit<Fields<Data>, Own> {
  return DataResource as never;
}

/** {@link resourceOf}, with methods whose code is loaded with the first call: `names` are all of them, separated by spaces. */
export function lazyResourceOf<Name extends Kind, Data extends object, Own extends keyof Data = never>(
  kind: Name,
  names: string,
): new (data: Data, host: Context) => DataResource<Data> & Omit<Fields<Data>, Own> & MethodsOf<Name> {
  class Lazy extends DataResource<Data> {}
  addMethods(Lazy.prototype, methodsOf(kind), names);
  return Lazy as never;
}
