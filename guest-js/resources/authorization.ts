/**
 * Authorization checks, evaluated in this window. Rust does the same; both are tested against
 * `tests/vectors/authorization.json`.
 */
import type * as wire from '../bindings';

/** How recent a verification must be: `strict_mfa`, `strict`, `moderate` or `lax`, or a level and its maximum age in minutes. */
export type ReverificationConfig = string | { level: string; afterMinutes: number };

/** An authorization check. All conditions must hold; without any condition the check fails. */
export interface CheckAuthorizationParams {
  /** A role in the active organization, e.g. `org:admin`. */
  role?: string;
  /** A permission in the active organization, e.g. `org:invoices:create`. */
  permission?: string;
  /** A feature of the organization (`org:…`), of the user (`user:…`), or of either. */
  feature?: string;
  /** A plan, scoped like `feature`. */
  plan?: string;
  /** How recent the user's verification must be. */
  reverification?: ReverificationConfig;
}

/** Returns a role or permission with exactly one `org:` in front. */
const normalised = (key: string) => `org:${key.replace(/^(org:)+/, '')}`;

/** Whether a claim such as `o:reports,u:basic,ou:export` contains a feature or plan. */
function grants(claim: string, wanted: string): boolean {
  const [, scope = '', id] = /^(?:(o|org|organization|u|user):)?([^:].*)$/.exec(wanted) ?? [];
  return claim.split(',').some((element) => {
    const [, scopes = '', has] = /^(o|u|ou|uo):(.*)$/.exec(element.trim()) ?? [];
    return has !== undefined && has === id && scopes.includes(scope.charAt(0));
  });
}

const PRESETS = new Map<string, [level: string, minutes: number]>([
  ['strict_mfa', ['multi_factor', 10]],
  ['strict', ['second_factor', 10]],
  ['moderate', ['second_factor', 60]],
  ['lax', ['second_factor', 1440]],
]);

/** Whether the factors were verified recently enough: `age` has the minutes for each, -1 for one that is not set up. */
function isFresh(age: number[] | null, wanted: ReverificationConfig): boolean {
  const [level = '', minutes = 0] =
    typeof wanted === 'string' ? (PRESETS.get(wanted) ?? []) : [wanted.level, wanted.afterMinutes];
  const [first = -2, second = -2] = age ?? [];
  // Whatever the types say.
  if (typeof minutes !== 'number' || Math.min(first, second) < -1) {
    return false;
  }
  const fresh = (minutesAgo: number) => minutesAgo >= 0 && minutesAgo < minutes;
  const either = second < 0 ? fresh(first) : fresh(second);
  return (
    (level === 'first_factor' && fresh(first)) ||
    (level === 'second_factor' && either) ||
    (level === 'multi_factor' && fresh(first) && either)
  );
}

/** Whether all conditions hold for a session. */
export function isAuthorized(
  session: Pick<wire.Session, 'user' | 'lastActiveOrganizationId' | 'factorVerificationAge'>,
  entitlements: Pick<wire.Entitlements, 'features' | 'plans'> | undefined,
  { role, permission, feature, plan, reverification }: CheckAuthorizationParams,
): boolean {
  const membership = session.user?.organizationMemberships.find(
    ({ organization }) => organization.id === session.lastActiveOrganizationId,
  );
  // What is not a string holds for nobody, whatever the types say.
  const check = <T>(wanted: T | undefined, holds: (wanted: T) => boolean) =>
    wanted == null ? [] : [!!session.user && holds(wanted)];
  const text = (holds: (wanted: string) => boolean | undefined) => (wanted: unknown) =>
    typeof wanted === 'string' && !!holds(wanted);
  const results = [
    ...check(
      role,
      text((wanted) => membership && normalised(membership.role) === normalised(wanted)),
    ),
    ...check(
      permission,
      text((wanted) => membership?.permissions.map(normalised).includes(normalised(wanted))),
    ),
    ...check(
      feature,
      text((wanted) => entitlements && grants(entitlements.features, wanted)),
    ),
    ...check(
      plan,
      text((wanted) => entitlements && grants(entitlements.plans, wanted)),
    ),
    ...check(reverification, (wanted) => isFresh(session.factorVerificationAge, wanted)),
  ];
  return results.length > 0 && results.every(Boolean);
}
