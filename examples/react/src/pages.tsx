/** The pages of the app. */
import { invoke } from '@tauri-apps/api/core';
import { type ReactNode, useEffect, useState } from 'react';
import {
  CreateOrganization,
  OrganizationList,
  OrganizationProfile,
  Show,
  SignIn,
  SignUp,
  TaskChooseOrganization,
  TaskResetPassword,
  TaskSetupMFA,
  useOrganization,
  UserProfile,
  useSession,
  useUser,
  Waitlist,
} from 'tauri-plugin-clerk-api/react';

import { useTexts } from './language';
import { type Page, pathOf } from './router';

/** What each page shows. Clerk's components keep their place in the fragment of the address. */
export const PAGE_CONTENTS: Record<Page, () => ReactNode> = {
  home: Home,
  account: () => <UserProfile routing="hash" />,
  organization: Organization,
  organizations: () => (
    <OrganizationList
      afterSelectOrganizationUrl={pathOf('organization')}
      afterCreateOrganizationUrl={pathOf('organization')}
      afterSelectPersonalUrl={pathOf('home')}
    />
  ),
  'new-organization': () => (
    <CreateOrganization routing="hash" afterCreateOrganizationUrl={pathOf('organization')} />
  ),
  'sign-in': () => (
    <SignIn routing="hash" signUpUrl={pathOf('sign-up')} fallbackRedirectUrl={pathOf('home')} />
  ),
  'sign-up': () => (
    <SignUp routing="hash" signInUrl={pathOf('sign-in')} fallbackRedirectUrl={pathOf('home')} />
  ),
  waitlist: () => <Waitlist signInUrl={pathOf('sign-in')} />,
  'choose-organization': () => <TaskChooseOrganization redirectUrlComplete={pathOf('home')} />,
  'reset-password': () => <TaskResetPassword redirectUrlComplete={pathOf('home')} />,
  'setup-mfa': () => <TaskSetupMFA redirectUrlComplete={pathOf('home')} />,
};

function Organization() {
  const { organization } = useOrganization();
  const texts = useTexts();
  if (!organization) {
    return (
      <section className="card">
        <h2>{texts.noOrganization}</h2>
        <p className="quiet">{texts.pickOrganization}</p>
        <OrganizationList
          afterSelectOrganizationUrl={pathOf('organization')}
          afterCreateOrganizationUrl={pathOf('organization')}
        />
      </section>
    );
  }
  return <OrganizationProfile routing="hash" afterLeaveOrganizationUrl={pathOf('home')} />;
}

/** Who is signed in, as Rust knows it: what the command `whoami` returns. */
interface WhoAmI {
  user: string | null;
  session: string | null;
  organization: string | null;
}

/** Home: protected, and the same user in the window and in Rust. */
function Home() {
  const { user } = useUser();
  const { session } = useSession();
  const { organization } = useOrganization();
  const texts = useTexts();
  const rust = useWhoAmI([session?.id, user?.updatedAt?.getTime(), organization?.id].join());
  return (
    <div className="grid">
      <section className="card wide">
        <div className="person">
          {user && <img src={user.imageUrl} alt="" />}
          <div>
            <h1 data-testid="welcome">
              {texts.welcome}, {user?.firstName ?? user?.primaryEmailAddress?.emailAddress}
            </h1>
            <span className="quiet" data-testid="user-email">
              {user?.primaryEmailAddress?.emailAddress}
            </span>
          </div>
        </div>
        <dl>
          <dt>{texts.session}</dt>
          <dd>
            <code data-testid="session-id">{session?.id}</code>
          </dd>
          <dt>{texts.organization}</dt>
          <dd data-testid="organization-name">{organization?.name ?? texts.noOrganization}</dd>
        </dl>
      </section>
      <section className="card">
        <h2>{texts.rust}</h2>
        <p className="quiet">{texts.rustHint}</p>
        <dl>
          <dt>{texts.user}</dt>
          <dd data-testid="rust-user">{rust?.user ?? '—'}</dd>
          <dt>{texts.session}</dt>
          <dd>
            <code data-testid="rust-session">{rust?.session ?? '—'}</code>
          </dd>
          <dt>{texts.organization}</dt>
          <dd data-testid="rust-organization">{rust?.organization ?? '—'}</dd>
        </dl>
      </section>
      <section className="card">
        <h2>{texts.adminOnlyTitle}</h2>
        <Show when={{ role: 'org:admin' }} fallback={<p className="quiet">{texts.notAdmin}</p>}>
          <p data-testid="admin-only">{texts.adminOnly}</p>
        </Show>
      </section>
    </div>
  );
}

/** Asks Rust again whenever `version` changes. */
function useWhoAmI(version: string): WhoAmI | null {
  const [answer, setAnswer] = useState<WhoAmI | null>(null);
  useEffect(() => {
    let current = true;
    void invoke<WhoAmI>('whoami').then((now) => {
      if (current) {
        setAnswer(now);
      }
    });
    return () => {
      current = false;
    };
  }, [version]);
  return answer;
}
