/**
 * Choosing the active session and organization. Rust does it, for all windows, when clerk-js touches the session. clerk-js itself
 * switches this window after some refusals as well, so these are put to it in a way that it does not.
 */
import { type FrontendApiResponse, setActive as activate } from '../bindings';
import { ClerkRuntimeError, isClerkAPIResponseError } from '../errors';
import { type Answer, errors } from './answer';
import type { Follower } from './follow';
import type { ClerkJs } from './packages';

type SetActive = ClerkJs['setActive'];
type SetActiveParams = Parameters<SetActive>[0];

const TOUCH = /^\/client\/sessions\/([^/]+)\/touch$/;

const INTENT = 'intent';
const ORGANIZATION = 'active_organization_id';

/** After these, clerk-js takes the session for signed out, and continues. */
const CONTINUES = [401, 403, 422];
/** After this one it throws. */
const THROWS = 409;

const REFUSED = {
  code: 'selection_refused',
  message:
    'The session or organization was not made the active one, because the session has ended or the instance requires an organization.',
};

/** What a touch asks for. */
interface Selection {
  sessionId: string;
  /** Undefined for the session's own, empty for none. */
  organizationId: string | undefined;
}

/**
 * What a request chooses; undefined if it chooses nothing.
 *
 * @throws {@link ClerkRuntimeError} `option_invalid` if that is not clear
 */
export function selectionOf(
  method: string,
  path: string,
  query: [string, string][],
  form: [string, string][],
): Selection | undefined {
  const sessionId = method === 'POST' ? TOUCH.exec(path)?.[1] : undefined;
  if (sessionId === undefined) {
    return undefined;
  }
  for (const name of [INTENT, ORGANIZATION]) {
    const isNamed = ([key]: [string, string]) => key === name;
    if (query.some(isNamed) || form.filter(isNamed).length > 1) {
      throw new ClerkRuntimeError(`a touch of a session has ${name} in its body, and once`, {
        code: 'option_invalid',
      });
    }
  }
  const fields = new Map(form);
  const intent = fields.get(INTENT);
  if (intent !== 'select_session' && intent !== 'select_org') {
    return undefined;
  }
  return {
    sessionId: decodeURIComponent(sessionId),
    organizationId: intent === 'select_org' ? (fields.get(ORGANIZATION) ?? '') : undefined,
  };
}

/** Whether Rust has made active what was asked for. */
function isApplied({ sessionId, organizationId }: Selection, response: FrontendApiResponse): boolean {
  const { activeSession, body } = response;
  if (activeSession.state !== 'session' || activeSession.sessionId !== sessionId) {
    return false;
  }
  const { response: touched } = (body ?? {}) as {
    response?: { last_active_organization_id?: string | null } | null;
  };
  const chosen = touched?.last_active_organization_id ?? '';
  // A slug stands for an ID that is not known here.
  const isSlug = !!organizationId && !organizationId.startsWith('org_');
  return organizationId === undefined || (isSlug ? chosen !== '' : chosen === organizationId);
}

export class Selections {
  /** The statuses that clerk-js did not get to see, by session. */
  readonly #hidden = new Map<string, number>();

  /** What clerk-js gets as the response to a choice: one after which it throws, unless Rust has made the choice. */
  settle(selection: Selection, response: FrontendApiResponse, answer: Answer): Answer {
    const { status } = response;
    if (status < 400) {
      return isApplied(selection, response)
        ? answer
        : { status: THROWS, body: errors(REFUSED.code, REFUSED.message) };
    }
    if (!CONTINUES.includes(status)) {
      return answer;
    }
    this.#hidden.set(selection.sessionId, status);
    return { ...answer, status: THROWS };
  }

  /** Returns the `setActive` that takes the place of clerk-js's own. It rejects if Rust does not do it. */
  setActive(clerk: ClerkJs, follower: Follower): SetActive {
    const { setActive } = clerk;
    return async (params) => {
      await checkKnown(clerk, follower, params);
      await follower.during(async () => {
        // clerk-js makes no request for it.
        if (params.session === null) {
          await selectNone();
        }
        const id = idOf(clerk, params);
        this.#hidden.delete(id);
        try {
          await setActive(params);
        } catch (error) {
          const status = this.#hidden.get(id);
          if (status !== undefined && isClerkAPIResponseError(error)) {
            Object.assign(error, { status });
            await clerk.handleUnauthenticated();
          }
          throw error;
        }
      });
    };
  }
}

async function selectNone(): Promise<void> {
  const { applied } = await activate({ session: null });
  if (!applied) {
    throw new ClerkRuntimeError(REFUSED.message, { code: REFUSED.code });
  }
}

/** Refuses a session that Rust does not know. clerk-js would take it for none. */
async function checkKnown(clerk: ClerkJs, follower: Follower, { session }: SetActiveParams): Promise<void> {
  const isKnown = () =>
    typeof session !== 'string' || clerk.client?.sessions.some(({ id }) => id === session);
  if (!isKnown()) {
    await follower.sync();
  }
  if (!isKnown()) {
    throw new ClerkRuntimeError(
      `there is no session ${JSON.stringify(session)} on this device: pass a session of clerk.client, or its ID`,
      { code: 'no_active_session' },
    );
  }
}

function idOf(clerk: ClerkJs, { session }: SetActiveParams): string {
  return (typeof session === 'string' ? session : (session ?? clerk.session)?.id) ?? '';
}
