/**
 * A program that uses every member of the documented class with its documented types. It is compiled by the type check
 * and never run.
 */
import {
  Clerk,
  type Client,
  type ClerkOptions,
  EmailLinkErrorCode,
  type Organization,
  type Resources,
  type Session,
  type User,
} from '../index';

/** Accepts a value of this type or of a narrower one. */
const expectType = <T>(value: T): T => value;

export function properties(clerk: Clerk): void {
  expectType<Client | undefined>(clerk.client);
  expectType<string>(clerk.domain);
  expectType<'production' | 'development' | undefined>(clerk.instanceType);
  expectType<boolean>(clerk.isSatellite);
  expectType<boolean>(clerk.isSignedIn);
  expectType<boolean>(clerk.loaded);
  expectType<Organization | null | undefined>(clerk.organization);
  expectType<string>(clerk.proxyUrl);
  expectType<string | undefined>(clerk.publishableKey);
  expectType<{ name: string; version: string; environment?: string | null }>(clerk.sdkMetadata);
  expectType<Session | null | undefined>(clerk.session);
  expectType<'degraded' | 'error' | 'loading' | 'ready'>(clerk.status);
  expectType<{ disabled: boolean; debug: boolean } | undefined>(clerk.telemetry);
  expectType<User | null | undefined>(clerk.user);
  expectType<string>(clerk.version);
}

export async function methods(node: HTMLDivElement): Promise<void> {
  const clerk = new Clerk('pk_test_x', { proxyUrl: (url) => `${url.origin}/__clerk` });
  const options: ClerkOptions = {
    appearance: {},
    localization: {},
    routerPush: (to) => {
      expectType<string>(to);
    },
    routerReplace: () => Promise.resolve(),
    polling: true,
    selectInitialSession: (client) => client.sessions[0] ?? null,
    standardBrowser: false,
    supportEmail: 'help@example.com',
    touchSession: true,
    signInUrl: '/sign-in',
    signUpUrl: '/sign-up',
    signInForceRedirectUrl: '/a',
    signUpForceRedirectUrl: '/b',
    signInFallbackRedirectUrl: '/c',
    signUpFallbackRedirectUrl: '/d',
    afterSignOutUrl: '/',
    allowedRedirectOrigins: ['https://*.example.com', /example/],
    allowedRedirectProtocols: ['my-app:'],
    isSatellite: (url) => url.hostname === 'x',
    telemetry: { disabled: true, debug: false },
  };
  await expectType<Promise<void>>(clerk.load(options));
  const unsubscribe = clerk.addListener((emission: Resources) => {
    expectType<Client>(emission.client);
    expectType<Session | null | undefined>(emission.session);
    expectType<User | null | undefined>(emission.user);
    expectType<Organization | null | undefined>(emission.organization);
    expectType<unknown>([emission.lastOrganizationInvitation, emission.lastOrganizationMember]);
  });
  expectType<() => void>(unsubscribe);
  clerk.on(
    'status',
    (status) => {
      expectType<string>(status);
    },
    { notify: true },
  );
  clerk.off('status');

  const wallet = {
    redirectUrl: '/x',
    signUpContinueUrl: '/y',
    customNavigate: (to: string) => Promise.resolve(to),
  };
  await clerk.authenticateWithMetamask(wallet);
  await clerk.authenticateWithCoinbaseWallet(wallet);
  await clerk.authenticateWithOKXWallet({ ...wallet, unsafeMetadata: { a: 1 }, legalAccepted: true });
  await clerk.authenticateWithBase();
  await clerk.authenticateWithWeb3({ ...wallet, strategy: 'web3_metamask_signature' });

  const redirect = { signInForceRedirectUrl: '/dashboard', signUpForceRedirectUrl: '/dashboard' };
  expectType<string>(clerk.buildCreateOrganizationUrl());
  expectType<string>(clerk.buildHomeUrl());
  expectType<string>(clerk.buildOrganizationProfileUrl());
  expectType<string>(clerk.buildSignInUrl(redirect));
  expectType<string>(clerk.buildSignUpUrl(redirect));
  expectType<string>(clerk.buildUrlWithAuth('/dashboard', { useQueryParam: null }));
  expectType<string>(clerk.buildUserProfileUrl());

  expectType<Organization>(await clerk.createOrganization({ name: 'test', slug: 'test' }));
  expectType<Organization | undefined>(await clerk.getOrganization('org_1'));
  expectType<unknown>(
    await clerk.handleEmailLinkVerification(
      { redirectUrlComplete: '/a', redirectUrl: '/b', onVerifiedOnOtherDevice: () => undefined },
      (to) => Promise.resolve(to),
    ),
  );
  expectType<'expired' | 'failed' | 'client_mismatch'>(EmailLinkErrorCode.Expired);
  expectType<unknown>(
    await clerk.handleRedirectCallback(
      {
        continueSignUpUrl: '/a',
        signInUrl: '/b',
        signUpUrl: '/c',
        signInFallbackRedirectUrl: '/d',
        signUpFallbackRedirectUrl: '/e',
        ...redirect,
        firstFactorUrl: '/f',
        secondFactorUrl: '/g',
        resetPasswordUrl: '/h',
        transferable: false,
        verifyEmailAddressUrl: null,
        verifyPhoneNumberUrl: '/i',
      },
      (to) => Promise.resolve(to),
    ),
  );
  expectType<unknown>(await clerk.handleUnauthenticated({ broadcast: true }));
  expectType<{ id: string }>(await clerk.joinWaitlist({ emailAddress: 'user@example.com' }));
  expectType<unknown>(await clerk.navigate('/x'));
  await clerk.redirectToCreateOrganization();
  await clerk.redirectToOrganizationProfile();
  await clerk.redirectToSignIn(redirect);
  await clerk.redirectToSignUp(redirect);
  await clerk.redirectToUserProfile();
  await clerk.redirectWithAuth('https://app.example.com');
  await clerk.setActive({ session: 'sess_1', organization: null, redirectUrl: '/x' });
  await clerk.setActive({
    organization: 'acme',
    navigate: ({ session, decorateUrl }) => {
      expectType<Session>(session);
      expectType<string>(decorateUrl('/x'));
    },
  });
  await clerk.signOut();
  await clerk.signOut({ sessionId: 'sess_1', redirectUrl: '/' });
  await clerk.signOut(() => undefined, { sessionId: 'sess_1' });

  clerk.mountSignIn(node, {});
  clerk.unmountSignIn(node);
  clerk.openSignIn({});
  clerk.closeSignIn();
  clerk.mountSignUp(node, {});
  clerk.unmountSignUp(node);
  clerk.openSignUp({});
  clerk.closeSignUp();
  clerk.openGoogleOneTap({});
  clerk.closeGoogleOneTap();
  clerk.mountUserButton(node, {});
  clerk.unmountUserButton(node);
  clerk.mountUserProfile(node, {});
  clerk.unmountUserProfile(node);
  clerk.openUserProfile({});
  clerk.closeUserProfile();
  clerk.mountOrganizationProfile(node, {});
  clerk.unmountOrganizationProfile(node);
  clerk.openOrganizationProfile({});
  clerk.closeOrganizationProfile();
  clerk.mountOrganizationSwitcher(node, {});
  clerk.unmountOrganizationSwitcher(node);
  clerk.mountCreateOrganization(node, {});
  clerk.unmountCreateOrganization(node);
  clerk.openCreateOrganization({});
  clerk.closeCreateOrganization();
  clerk.mountOrganizationList(node, {});
  clerk.unmountOrganizationList(node);
  clerk.mountWaitlist(node, {});
  clerk.unmountWaitlist(node);
  clerk.openWaitlist({});
  clerk.closeWaitlist();
}
