/**
 * Parsing a publishable key, so that an invalid one is reported where it was written. Rust has the same rules, because it
 * checks the configuration as well: `crates/clerk-core/src/fapi/instance.rs`. Both are tested against `tests/vectors/keys.json`.
 */
import type { InstanceType } from './bindings';
import { ClerkRuntimeError } from './errors';

/** What a key says. */
export interface PublishableKey {
  text: string;
  /** Host of the instance's Frontend API, with the port if it has one. */
  frontendApi: string;
  instanceType: InstanceType;
}

function invalid(why: string): ClerkRuntimeError {
  return new ClerkRuntimeError(
    `the publishable key is not valid: ${why}. Copy it from the API keys page of Clerk's dashboard; it starts with pk_test_ or pk_live_`,
    { code: 'publishable_key_invalid' },
  );
}

/**
 * Parses a key. Undefined for a blank one: then the configuration must have the key.
 *
 * @throws {@link ClerkRuntimeError} `publishable_key_invalid`
 */
export function parsePublishableKey(key: string): PublishableKey | undefined {
  const text = key.trim();
  if (text === '') {
    return undefined;
  }
  const [prefix, kind, payload, ...more] = text.split('_');
  if (prefix === 'sk') {
    throw invalid('this is a secret key, which must never be in an app');
  }
  if (prefix !== 'pk' || (kind !== 'test' && kind !== 'live') || payload === undefined || more.length > 0) {
    throw invalid('it has another form');
  }
  const decoded = decode(payload);
  if (decoded === undefined) {
    throw invalid('its last part is not base64');
  }
  if (!decoded.endsWith('$')) {
    throw invalid('it is cut off');
  }
  const frontendApi = decoded.slice(0, -1);
  if (!isHost(frontendApi)) {
    throw invalid('its last part does not name a Frontend API host');
  }
  return { text, frontendApi, instanceType: kind === 'live' ? 'production' : 'development' };
}

/** Decodes base64 whose padding is complete or absent. `atob` alone would also accept spaces and excess bits. */
function decode(payload: string): string | undefined {
  try {
    const decoded = atob(payload);
    const encoded = btoa(decoded);
    return [encoded, encoded.replace(/=+$/, '')].includes(payload) ? decoded : undefined;
  } catch {
    return undefined;
  }
}

/**
 * Whether this is a host name of several labels, or an IPv4 address, with an optional port. URL parsers also complete
 * addresses: `127.1` would be another name of `127.0.0.1`.
 */
function isHost(text: string): boolean {
  try {
    const host = /^([\w-]+(?:\.[\w-]+)+)(?::\d+)?$/.exec(text)?.[1];
    return host !== undefined && new URL(`https://${text}`).hostname === host.toLowerCase();
  } catch {
    return false;
  }
}

/**
 * Checks the proxy of the constructor: an app has no page that a relative URL could be resolved against.
 *
 * @throws {@link ClerkRuntimeError} `proxy_url_invalid`
 */
export function checkProxyUrl(proxyUrl: string): void {
  if (!/^https?:\/\/[^/?#]+/i.test(proxyUrl)) {
    throw new ClerkRuntimeError(
      'proxyUrl must be an absolute http or https URL, e.g. https://example.com/__clerk; an app has no page that a relative one could be resolved against',
      { code: 'proxy_url_invalid' },
    );
  }
}
