/**
 * Reading a publishable key, so that a bad one is told where it was written down. The same rules are in Rust, which also
 * checks what the configuration says: `src/fapi/instance.rs`.
 */
import type { InstanceType } from './bindings';
import { ClerkRuntimeError } from './errors';

/** What a key says. */
export interface PublishableKey {
  text: string;
  /** Host of the instance's Frontend API. */
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
 * Reads a key. Undefined for a blank one, which means that the configuration has the key.
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
    throw invalid('it does not have the form pk_test_… or pk_live_…');
  }
  let decoded: string;
  try {
    decoded = atob(payload);
  } catch {
    throw invalid('its last part is not base64');
  }
  const frontendApi = decoded.slice(0, -1);
  if (
    !decoded.endsWith('$') ||
    frontendApi.includes('$') ||
    !/^[^\s/?#@\\]+\.[^\s/?#@\\]+$/.test(frontendApi)
  ) {
    throw invalid('it names no Frontend API host');
  }
  return { text, frontendApi, instanceType: kind === 'live' ? 'production' : 'development' };
}

/**
 * Checks the proxy of the constructor: an app has no page that a relative one could be read against.
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
