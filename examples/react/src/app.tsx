/** The app: Clerk's provider, the header, and the page. */
import { invoke } from '@tauri-apps/api/core';
import { type ReactNode, useEffect } from 'react';
import {
  ClerkProvider,
  OrganizationSwitcher,
  Show,
  useAuth,
  useClerk,
  UserButton,
  useSession,
} from 'tauri-plugin-clerk-api/react';

import { appearanceOf } from './appearance';
import { ErrorBoundary } from './error-boundary';
import { type Language, LanguageProvider, LANGUAGES, type Texts, useLanguage, useTexts } from './language';
import { PAGE_CONTENTS } from './pages';
import { currentPage, type Page, pathOf, PUBLIC_PAGES, push, replace, TASK_PAGES, usePage } from './router';
import { type Theme, THEMES } from './theme';
import { useTheme } from './use-theme';

/** The nonce of the content security policy, which Tauri gives to the style element of `index.html`. */
const nonce = document.querySelector('style')?.nonce ?? '';

/** Where Clerk navigates to. */
const URLS = {
  signInUrl: pathOf('sign-in'),
  signUpUrl: pathOf('sign-up'),
  waitlistUrl: pathOf('waitlist'),
  afterSignOutUrl: pathOf('sign-in'),
  taskUrls: {
    'choose-organization': pathOf('choose-organization'),
    'reset-password': pathOf('reset-password'),
    'setup-mfa': pathOf('setup-mfa'),
  },
};

export function App() {
  const { theme, dark, setTheme } = useTheme();
  const { language, localization, texts, setLanguage } = useLanguage();
  return (
    <LanguageProvider value={texts}>
      <ErrorBoundary>
        <ClerkProvider
          appearance={appearanceOf(dark)}
          localization={localization}
          routerPush={push}
          routerReplace={replace}
          nonce={nonce}
          fallback={<Splash />}
          {...URLS}
        >
          <Header />
          <CurrentPage />
        </ClerkProvider>
      </ErrorBoundary>
      <Footer theme={theme} onTheme={setTheme} language={language} onLanguage={setLanguage} />
    </LanguageProvider>
  );
}

function Splash() {
  return (
    <main className="page">
      <p className="quiet" role="status">
        {useTexts().loading}
      </p>
    </main>
  );
}

function Header() {
  const clerk = useClerk();
  const texts = useTexts();
  useEffect(() => {
    // Available in the developer console, as on the web.
    Object.assign(window, { clerk });
  }, [clerk]);
  return (
    <>
      <header className="bar">
        <strong className="brand">Fieldbook</strong>
        <Show when="signed-in">
          <OrganizationSwitcher
            afterCreateOrganizationUrl={pathOf('organization')}
            afterLeaveOrganizationUrl={pathOf('home')}
          />
          <UserButton />
        </Show>
      </header>
      <nav className="tabs">
        {/* While a session has a task, there is nowhere else to go. */}
        <Show when="signed-out" treatPendingAsSignedOut={false}>
          <Tabs pages={{ 'sign-in': texts.signIn, 'sign-up': texts.signUp, waitlist: texts.waitlist }} />
        </Show>
        <Show when="signed-in">
          <Tabs
            pages={{
              home: texts.home,
              account: texts.account,
              organization: texts.organization,
              organizations: texts.organizations,
              'new-organization': texts.newOrganization,
            }}
          />
        </Show>
      </nav>
    </>
  );
}

function Tabs({ pages }: { pages: Partial<Record<Page, string>> }) {
  const current = usePage();
  return Object.entries(pages).map(([page, label]) => (
    <a
      key={page}
      href={pathOf(page as Page)}
      data-testid={`go-${page}`}
      aria-current={page === current ? 'page' : undefined}
      onClick={(event) => {
        event.preventDefault();
        push(pathOf(page as Page));
      }}
    >
      {label}
    </a>
  ));
}

/** Shows the page that belongs to the address and to who is signed in. */
function CurrentPage() {
  const page = usePage();
  const { userId } = useAuth({ treatPendingAsSignedOut: false });
  const { session } = useSession();
  const allowed = allowedPage(page, userId, session?.currentTask?.key);
  useEffect(() => {
    if (allowed !== page) {
      replace(pathOf(allowed));
    }
  }, [allowed, page]);
  useEffect(() => {
    // Somebody has signed in, perhaps in another window: the form for it must not stay.
    if (userId && PUBLIC_PAGES.includes(currentPage())) {
      replace(pathOf('home'));
    }
  }, [userId]);
  const Content = PAGE_CONTENTS[allowed];
  return (
    <main className="page" data-testid={`page-${allowed}`}>
      <Content />
    </main>
  );
}

/**
 * Signed-out users sign in first, and a session with a task does that first. When the task is done, its component has the last
 * word, e.g. to show backup codes, and leaves the page itself, as it does when there is no such task.
 */
function allowedPage(page: Page, userId: string | null | undefined, task: string | undefined): Page {
  if (!userId) {
    return PUBLIC_PAGES.includes(page) ? page : 'sign-in';
  }
  return TASK_PAGES.find((one) => one === task) ?? page;
}

interface FooterProps {
  theme: Theme;
  onTheme: (theme: Theme) => void;
  language: Language;
  onLanguage: (language: Language) => void;
}

function Footer({ theme, onTheme, language, onLanguage }: FooterProps) {
  const texts = useTexts();
  const themes: Record<Theme, keyof Texts> = {
    system: 'themeSystem',
    light: 'themeLight',
    dark: 'themeDark',
  };
  return (
    <footer className="bar">
      <Choice
        id="theme"
        label={texts.theme}
        value={theme}
        options={THEMES.map((one) => [one, texts[themes[one]]])}
        onChange={onTheme}
      />
      <Choice
        id="language"
        label={texts.language}
        value={language}
        options={(Object.keys(LANGUAGES) as Language[]).map((one) => [one, LANGUAGES[one].name])}
        onChange={onLanguage}
      />
      <span className="space" />
      <WindowButton window="inspector">{texts.inspector}</WindowButton>
      <WindowButton window="components">{texts.components}</WindowButton>
    </footer>
  );
}

interface ChoiceProps<Value extends string> {
  id: string;
  label: string;
  value: Value;
  options: [Value, string][];
  onChange: (value: Value) => void;
}

function Choice<Value extends string>({ id, label, value, options, onChange }: ChoiceProps<Value>) {
  return (
    <label className="choice">
      {label}
      <select
        data-testid={id}
        value={value}
        onChange={(event) => {
          onChange(event.target.value as Value);
        }}
      >
        {options.map(([option, name]) => (
          <option key={option} value={option}>
            {name}
          </option>
        ))}
      </select>
    </label>
  );
}

function WindowButton({ window, children }: { window: 'inspector' | 'components'; children: ReactNode }) {
  return (
    <button data-testid={`open-${window}`} onClick={() => void invoke('open_window', { name: window })}>
      {children}
    </button>
  );
}
