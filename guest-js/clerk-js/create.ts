/** Making the instance of clerk-js. */
import { chooseInitialSession, type ClerkJsState, load, snapshot, type WindowSnapshot } from '../bindings';
import { clerkJsState, handleUnauthenticated } from '../on-demand-commands';
import { openVerification } from './browser';
import { fapiClient, type Bridge } from './fapi';
import { Follower, Subscription } from './follow';
import { openLinksOutside } from './links';
import { Navigator } from './navigate';
import { ALWAYS, type ClerkJsOptions, configured, forRust, pick } from './options';
import { type ClerkJs, type ClerkJsModule, importClerkJs, importUi, type UiModule } from './packages';
import { replaceBrokenPictures } from './pictures';
import { lastingRouters, routersOf } from './routers';
import { checkInstance, checkLoaded, checkModules } from './seam';
import { Selections } from './select';
import { VerificationPages } from './verification';

/** Makes an instance that has loaded. */
export async function create(given: ClerkJsOptions): Promise<ClerkJs> {
  const [clerkJs, ui] = await Promise.all([
    importClerkJs(),
    given.ui ?? importUi().then((module) => module.ui),
  ]);
  checkModules(clerkJs, ui);
  const subscription = new Subscription();
  await subscription.start();
  try {
    return await make(clerkJs, ui, given, subscription);
  } catch (error) {
    subscription.stop();
    throw error;
  }
}

async function make(
  clerkJs: ClerkJsModule,
  ui: UiModule['ui'],
  given: ClerkJsOptions,
  subscription: Subscription,
): Promise<ClerkJs> {
  const { state, options } = await loadRust(given);
  const clerk = instantiate(clerkJs, state);
  checkInstance(clerk);
  const follower = new Follower(clerk, state, subscription);
  const pages = new VerificationPages();
  pages.note(state.client);
  const selections = new Selections();
  const bridge: Bridge = { clerk, follower, pages, selections, loading: true };
  const inner = clerk.getFapiClient();
  const fapi = fapiClient(inner, bridge);
  clerk.getFapiClient = () => fapi;
  followChanges(clerk, follower, selections);
  const allowedProtocols = options.allowedRedirectProtocols ?? [];
  const navigator = new Navigator(clerk, pages, routersOf(given, allowedProtocols), follower.sync);
  clerk.__internal_windowNavigate = navigator.windowNavigate;
  await clerk.load({
    ...options,
    ...lastingRouters(given, navigator.windowNavigate),
    ...ALWAYS,
    ui,
    allowedRedirectProtocols: [window.location.protocol, ...allowedProtocols],
    selectInitialSession: (client) =>
      client.signedInSessions.find(({ id }) => isActive(follower.state, id)) ?? null,
    // Otherwise a failed request is null while the browser believes to be offline.
    experimental: { ...options.experimental, rethrowOfflineNetworkErrors: true },
    __internal_oauthTransport: {
      getRedirectUrl: () => follower.state.callbackUrl,
      open: (url) => openVerification(clerk, url.href),
    },
  } as Parameters<ClerkJs['load']>[0]);
  checkLoaded(clerk);
  bridge.loading = false;
  await selectSession(clerk, given, follower);
  // What stays on the page comes last: after an error, another instance is made.
  openLinksOutside();
  replaceBrokenPictures();
  follower.start();
  return clerk;
}

/** Loads Clerk in Rust, unless that has happened. Returns the state and the options that hold for this window. */
async function loadRust(given: ClerkJsOptions): Promise<{ state: ClerkJsState; options: ClerkJsOptions }> {
  const key = pick(given, ['publishableKey', 'proxyUrl', 'domain']);
  let known = (await snapshot(null)) as WindowSnapshot;
  const isLoaded = known.status === 'ready' || known.status === 'degraded';
  if (!isLoaded || Object.keys(key).length > 0) {
    known = await load({ ...key, ...forRust(given) }, null);
  }
  return {
    state: await clerkJsState(),
    options: { ...configured(known.options), ...pick(given, Object.keys(given) as (keyof ClerkJsOptions)[]) },
  };
}

function instantiate({ Clerk }: ClerkJsModule, { publishableKey, proxyUrl, domain }: ClerkJsState): ClerkJs {
  const location = { ...(proxyUrl && { proxyUrl }), ...(domain && { domain }) };
  return new Clerk(publishableKey, location);
}

/** Tells Rust what clerk-js changes without a request, and lets the follower wait for changes in progress. */
function followChanges(clerk: ClerkJs, follower: Follower, selections: Selections): void {
  const { signOut } = clerk;
  clerk.setActive = selections.setActive(clerk, follower);
  clerk.signOut = ((...args: Parameters<typeof signOut>) =>
    follower.during(() => signOut(...args))) as typeof signOut;
  // Rust reads the client again, and decides who is active then. clerk-js awaits it before it throws what has led to it.
  clerk.handleUnauthenticated = async () => {
    try {
      await handleUnauthenticated();
      await follower.sync();
    } catch (error) {
      console.error('[clerk] whether the user is still signed in could not be found out', error);
    }
    return undefined;
  };
}

function isActive({ activeSession }: ClerkJsState, id: string): boolean {
  return activeSession.state === 'session' && activeSession.sessionId === id;
}

/** Lets the app choose the first session, for all windows. */
async function selectSession(
  clerk: ClerkJs,
  { selectInitialSession }: ClerkJsOptions,
  follower: Follower,
): Promise<void> {
  if (selectInitialSession && clerk.client) {
    await chooseInitialSession(selectInitialSession(clerk.client)?.id ?? null);
    await follower.sync();
  }
}
