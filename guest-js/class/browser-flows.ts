/** What flows that leave the app and come back do in the window. Imported on first use. */
import type * as wire from '../bindings';
import * as commands from '../on-demand-commands';
import type { RedirectParams } from '../resources/base';
import type { RedirectOptions } from '../urls';
import type { Context } from './context';
import type { CustomNavigate } from './types';

/** Opens Clerk's hosted sign-in or sign-up. */
export async function startHostedAuth(
  mode: wire.AttemptKind,
  context: Context,
  options: RedirectOptions,
): Promise<unknown> {
  const callback: wire.RedirectCallbackParams = {};
  for (const name of ['signInForceRedirectUrl', 'signUpForceRedirectUrl'] as const) {
    const url = options[name];
    if (url) {
      callback[name] = url;
    }
  }
  // As with the app's own pages, the user comes back to the present page by default.
  for (const name of ['signInFallbackRedirectUrl', 'signUpFallbackRedirectUrl'] as const) {
    callback[name] = options.redirectUrl || options[name] || context.options()[name] || window.location.href;
  }
  return await continueFlow(context, await commands.startHostedAuth(mode, fromThisPage(callback)));
}

/** Runs `authenticateWithRedirect` of a sign-in or sign-up. */
export async function authenticate(
  context: Context,
  resource: wire.AttemptKind,
  // Only the app's callback URL leads back to the app, so `redirectUrl` is ignored.
  { redirectUrl: _, redirectUrlComplete, ...params }: RedirectParams,
): Promise<void> {
  const { callback, flow } = splitCallback(params);
  if (redirectUrlComplete !== undefined) {
    callback.signInFallbackRedirectUrl ??= redirectUrlComplete;
    callback.signUpFallbackRedirectUrl ??= redirectUrlComplete;
  }
  const outcome = await commands.authenticateWithRedirect({
    ...flow,
    resource,
    callback: fromThisPage(callback),
  });
  await continueFlow(context, outcome);
}

/** Every parameter of a callback but those that the flow has as well. A missing name does not compile. */
const CALLBACK_PARAMS: Record<
  Exclude<keyof wire.RedirectCallbackParams, 'location' | 'unsafeMetadata'>,
  true
> = {
  signInUrl: true,
  signUpUrl: true,
  firstFactorUrl: true,
  secondFactorUrl: true,
  resetPasswordUrl: true,
  continueSignUpUrl: true,
  verifyEmailAddressUrl: true,
  verifyPhoneNumberUrl: true,
  signInProtectCheckUrl: true,
  signUpProtectCheckUrl: true,
  signInForceRedirectUrl: true,
  signInFallbackRedirectUrl: true,
  signUpForceRedirectUrl: true,
  signUpFallbackRedirectUrl: true,
  transferable: true,
  reloadResource: true,
  continuation: true,
};

type FlowParams = Omit<wire.AuthenticateWithRedirectParams, 'resource'>;

/** Splits the parameters of `authenticateWithRedirect` into those of the flow and those of its callback. */
function splitCallback(params: FlowParams & wire.RedirectCallbackParams): {
  callback: wire.RedirectCallbackParams;
  flow: FlowParams;
} {
  const entries = Object.entries(params);
  const isCallback = ([name]: [string, unknown]) => Object.hasOwn(CALLBACK_PARAMS, name);
  const callback = Object.fromEntries(entries.filter(isCallback)) as wire.RedirectCallbackParams;
  if (params.unsafeMetadata !== undefined) {
    callback.unsafeMetadata = params.unsafeMetadata;
  }
  const flow = Object.fromEntries(entries.filter((entry) => !isCallback(entry))) as typeof params;
  return { callback, flow };
}

/** Adds the page that relative URLs are resolved against. */
export function fromThisPage(params: wire.RedirectCallbackParams): wire.RedirectCallbackParams {
  return { location: window.location.href, ...params };
}

/**
 * Navigates to where a flow leads. The last step is always Clerk's own navigation; `customNavigate` takes the others. If the
 * app has no page for what is required next, returns the requirements.
 */
export async function continueFlow(
  context: Context,
  outcome: Omit<wire.RedirectOutcome, 'requirements'> & { requirements?: wire.Requirements | null },
  customNavigate?: CustomNavigate,
): Promise<unknown> {
  await context.sync();
  if (!outcome.navigateTo) {
    return outcome.requirements ?? undefined;
  }
  return customNavigate && !outcome.createdSessionId
    ? await customNavigate(outcome.navigateTo)
    : await context.navigate(outcome.navigateTo);
}
