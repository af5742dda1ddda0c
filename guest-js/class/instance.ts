/** The instance that the class belongs to: the constructor's parameters and what Rust knows of them. */
import type * as wire from '../bindings';
import { checkProxyUrl, parsePublishableKey, type PublishableKey } from '../publishable-key';
import { VERSION } from '../version';
import { Group } from './context';
import type { DomainOrProxyUrl } from './types';

export abstract class Instance extends Group {
  readonly #key: PublishableKey | undefined;
  readonly #domain: string | undefined;
  readonly #proxyUrl: string | undefined;

  /**
   * @param publishableKey - optional when `plugins.clerk.publishableKey` is set; it must be the same key then.
   *
   * @throws {@link ClerkRuntimeError} `publishable_key_invalid`, `proxy_url_invalid`
   */
  constructor(publishableKey?: string, options: DomainOrProxyUrl = {}) {
    super();
    const resolve = (value: string | ((url: URL) => string) | undefined) =>
      typeof value === 'function' ? value(new URL(window.location.href)) : value;
    this.#key = publishableKey === undefined ? undefined : parsePublishableKey(publishableKey);
    this.#domain = resolve(options.domain);
    this.#proxyUrl = resolve(options.proxyUrl);
    if (this.#proxyUrl) {
      checkProxyUrl(this.#proxyUrl);
    }
  }

  /** The constructor's parameters, as Rust's `load` takes them. */
  protected get given(): Pick<wire.LoadOptions, 'publishableKey' | 'domain' | 'proxyUrl'> {
    return {
      ...(this.#key !== undefined && { publishableKey: this.#key.text }),
      ...(this.#domain !== undefined && { domain: this.#domain }),
      ...(this.#proxyUrl !== undefined && { proxyUrl: this.#proxyUrl }),
    };
  }

  get publishableKey(): string | undefined {
    return this.context.snapshot()?.publishableKey ?? this.#key?.text;
  }

  get instanceType(): wire.InstanceType | undefined {
    return this.context.snapshot()?.instanceType ?? this.#key?.instanceType;
  }

  get domain(): string {
    return this.context.snapshot()?.domain ?? this.#domain ?? '';
  }

  get proxyUrl(): string {
    return this.context.snapshot()?.proxyUrl ?? this.#proxyUrl ?? '';
  }

  /** The instance's settings; undefined until they were loaded. */
  get environment(): wire.Environment | undefined {
    return this.context.snapshot()?.environment ?? undefined;
  }

  get sdkMetadata(): wire.SdkMetadata {
    return this.context.snapshot()?.sdkMetadata ?? { name: 'tauri-plugin-clerk', version: VERSION };
  }

  /** Version of this package. */
  get version(): string {
    return VERSION;
  }
}
