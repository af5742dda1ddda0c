/**
 * The pages of providers that the Frontend API has named for a verification. They open in the system browser, and the user comes
 * back by the app's callback URL.
 */

/** Where a page that was opened from a page of the app should lead back to. */
export interface VerificationPage {
  /** The app's page that continues. */
  redirectUrl: string | undefined;
  /** The app's page after a complete sign-in. */
  completeUrl: string | undefined;
}

const FIELD = 'external_verification_redirect_url';
/** Old ones are dropped: they belong to attempts that are over. */
const CAPACITY = 50;

export class VerificationPages {
  readonly #pages = new Map<string, VerificationPage>();

  /** Collects the pages from a response, and from the form of its request where they lead back to. */
  note(body: unknown, form: [string, string][] = []): void {
    const fields = new Map(form);
    this.#collect(body, {
      redirectUrl: fields.get('redirect_url'),
      completeUrl: fields.get('action_complete_redirect_url'),
    });
  }

  #collect(value: unknown, page: VerificationPage): void {
    if (typeof value !== 'object' || value === null) {
      return;
    }
    for (const [key, item] of Object.entries(value)) {
      if (key === FIELD && typeof item === 'string' && URL.canParse(item)) {
        this.#add(new URL(item).href, page);
      } else {
        this.#collect(item, page);
      }
    }
  }

  #add(url: string, page: VerificationPage): void {
    const known = this.#pages.get(url);
    this.#pages.delete(url);
    // Later responses repeat the page, and their requests have nothing to do with it.
    this.#pages.set(url, known?.redirectUrl === undefined ? page : known);
    for (const oldest of this.#pages.keys()) {
      if (this.#pages.size <= CAPACITY) {
        break;
      }
      this.#pages.delete(oldest);
    }
  }

  find(url: string): VerificationPage | undefined {
    return this.#pages.get(url);
  }
}
