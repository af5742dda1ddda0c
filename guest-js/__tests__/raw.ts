/** Resources as the Frontend API sends them. */
import type { Value } from '../bindings';

type Json = { [key in string]: Value };

export function rawEnvironment(changes: { display?: Json; social?: Json; auth?: Json } = {}): Json {
  return {
    object: 'environment',
    id: 'env_1',
    auth_config: { object: 'auth_config', id: 'aconf_1', single_session_mode: true, ...changes.auth },
    display_config: {
      object: 'display_config',
      id: 'dconf_1',
      instance_environment_type: 'development',
      application_name: 'Example',
      home_url: 'https://example.test',
      sign_in_url: 'https://accounts.example.test/sign-in',
      sign_up_url: 'https://accounts.example.test/sign-up',
      user_profile_url: 'https://accounts.example.test/user',
      after_sign_in_url: 'https://accounts.example.test/default-redirect',
      after_create_organization_url: 'https://accounts.example.test/default-redirect',
      preferred_sign_in_strategy: 'otp',
      theme: { buttons: {}, general: {}, accounts: {} },
      ...changes.display,
    },
    user_settings: {
      attributes: {
        email_address: {
          enabled: true,
          required: true,
          used_for_first_factor: true,
          first_factors: ['email_code'],
          used_for_second_factor: false,
          second_factors: [],
          verifications: ['email_code'],
          verify_at_sign_up: true,
        },
      },
      social: changes.social ?? {},
      actions: {},
      sign_in: {},
      sign_up: { mode: 'public', legal_consent_enabled: false, progressive: true },
      password_settings: {},
      passkey_settings: {},
      enterprise_sso: { enabled: false },
    },
    organization_settings: { enabled: true, domains: { enabled: false, enrollment_modes: [] }, actions: {} },
    commerce_settings: {
      billing: {
        stripe_publishable_key: null,
        organization: { enabled: false, has_paid_plans: false },
        user: { enabled: false, has_paid_plans: false },
      },
    },
    api_keys_settings: { user_api_keys_enabled: false, orgs_api_keys_enabled: false },
  };
}

function base64url(value: object): string {
  return btoa(JSON.stringify(value)).replace(/=+$/, '').replaceAll('+', '-').replaceAll('/', '_');
}

/** A session token, unsigned: a window does not verify it. */
export function rawToken(sessionId: string, extra: object = {}): string {
  const now = Math.floor(Date.now() / 1000);
  const claims = {
    sid: sessionId,
    sub: 'user_1',
    iat: now,
    nbf: now,
    exp: now + 60,
    iss: 'https://clerk.example.test',
  };
  return `${base64url({ alg: 'RS256', typ: 'JWT' })}.${base64url({ ...claims, ...extra })}.c2ln`;
}

export function rawUser(changes: Json = {}): Json {
  return {
    object: 'user',
    id: 'user_1',
    first_name: 'Ada',
    last_name: 'Lovelace',
    has_image: false,
    image_url: 'https://img.clerk.com/user_1',
    primary_email_address_id: 'idn_1',
    email_addresses: [
      { object: 'email_address', id: 'idn_1', email_address: 'ada@example.test', linked_to: [] },
    ],
    phone_numbers: [],
    web3_wallets: [],
    external_accounts: [],
    enterprise_accounts: [],
    passkeys: [],
    organization_memberships: [],
    public_metadata: {},
    unsafe_metadata: {},
    created_at: 1,
    updated_at: 1,
    ...changes,
  };
}

export function rawSession(id: string, changes: Json = {}): Json {
  return {
    object: 'session',
    id,
    status: 'active',
    expire_at: 4_000_000_000_000,
    abandon_at: 4_000_000_000_000,
    last_active_at: 1,
    last_active_organization_id: null,
    last_active_token: null,
    factor_verification_age: null,
    actor: null,
    tasks: null,
    user: rawUser(),
    public_user_data: { first_name: 'Ada', last_name: 'Lovelace', identifier: 'ada@example.test' },
    created_at: 1,
    updated_at: 1,
    ...changes,
  };
}

export function rawSignIn(changes: Json = {}): Json {
  return {
    object: 'sign_in_attempt',
    id: 'sia_1',
    status: 'needs_first_factor',
    identifier: 'ada@example.test',
    supported_identifiers: ['email_address'],
    supported_first_factors: [
      {
        strategy: 'email_code',
        email_address_id: 'idn_1',
        safe_identifier: 'a**@example.test',
        primary: true,
      },
    ],
    supported_second_factors: null,
    first_factor_verification: null,
    second_factor_verification: null,
    created_session_id: null,
    user_data: null,
    ...changes,
  };
}

export function rawClient(sessions: Json[] = [], changes: Json = {}): Json {
  return {
    object: 'client',
    id: 'client_1',
    sessions,
    sign_in: null,
    sign_up: null,
    last_active_session_id: (sessions[0]?.['id'] as string | undefined) ?? null,
    cookie_expires_at: null,
    created_at: 1,
    updated_at: 1,
    ...changes,
  };
}
