/** The languages of the app. */
import type { ClerkProviderProps } from 'tauri-plugin-clerk-api/react';
import { createContext, useContext, useEffect, useState } from 'react';

type Localization = NonNullable<ClerkProviderProps['localization']>;

/** The texts of the app itself. Those of Clerk's components come from `@clerk/localizations`. */
const english = {
  account: 'Account',
  adminOnly: 'You are an admin of this organization.',
  adminOnlyTitle: 'For admins',
  components: 'Components',
  home: 'Home',
  inspector: 'Inspector',
  language: 'Language',
  loading: 'Loading …',
  loadFailed: 'Clerk could not be loaded',
  newOrganization: 'New organization',
  noOrganization: 'Personal account',
  notAdmin: 'Only admins of an organization see what is here. Create one, or switch to one that you manage.',
  organization: 'Organization',
  organizations: 'Organizations',
  pickOrganization: 'Switch to an organization to see its profile.',
  rust: 'What Rust knows',
  rustHint: 'From a Rust command of this app, for the same signed-in user.',
  session: 'Session',
  signIn: 'Sign in',
  signUp: 'Sign up',
  theme: 'Theme',
  themeDark: 'Dark',
  themeLight: 'Light',
  themeSystem: 'System',
  tryAgain: 'Try again',
  user: 'User',
  waitlist: 'Waitlist',
  welcome: 'Welcome',
};

export type Texts = typeof english;

const german: Texts = {
  account: 'Konto',
  adminOnly: 'Du verwaltest diese Organisation.',
  adminOnlyTitle: 'Für Admins',
  components: 'Komponenten',
  home: 'Start',
  inspector: 'Inspektor',
  language: 'Sprache',
  loading: 'Wird geladen …',
  loadFailed: 'Clerk konnte nicht geladen werden',
  newOrganization: 'Neue Organisation',
  noOrganization: 'Persönliches Konto',
  notAdmin:
    'Das hier sehen nur Admins einer Organisation. Lege eine an oder wechsle zu einer, die du verwaltest.',
  organization: 'Organisation',
  organizations: 'Organisationen',
  pickOrganization: 'Wechsle zu einer Organisation, um ihr Profil zu sehen.',
  rust: 'Was Rust weiß',
  rustHint: 'Von einem Rust-Kommando dieser App, für dieselbe angemeldete Person.',
  session: 'Sitzung',
  signIn: 'Anmelden',
  signUp: 'Registrieren',
  theme: 'Farben',
  themeDark: 'Dunkel',
  themeLight: 'Hell',
  themeSystem: 'System',
  tryAgain: 'Noch einmal versuchen',
  user: 'Person',
  waitlist: 'Warteliste',
  welcome: 'Willkommen',
};

/** Clerk's German, where one title is shorter, so that it fits the side bar of the profile. */
async function loadGerman(): Promise<Localization> {
  const { deDE } = await import('@clerk/localizations/de-DE');
  const { navbar } = deDE.userProfile ?? {};
  return { ...deDE, userProfile: { ...deDE.userProfile, navbar: { ...navbar, title: 'Konto' } } };
}

/** The languages: the texts of the app, and how to load those of Clerk's components. English is built into them. */
export const LANGUAGES = {
  en: { name: 'English', texts: english, load: (): Promise<Localization> => Promise.resolve({}) },
  de: {
    name: 'Deutsch',
    texts: german,
    load: loadGerman,
  },
} as const;

export type Language = keyof typeof LANGUAGES;

const LanguageContext = createContext<Texts>(english);
export const LanguageProvider = LanguageContext.Provider;

/** Returns the texts in the user's language. */
export function useTexts(): Texts {
  return useContext(LanguageContext);
}

function storedLanguage(): Language {
  const stored = localStorage.getItem('language') ?? navigator.language.slice(0, 2);
  return stored in LANGUAGES ? (stored as Language) : 'en';
}

/** Returns the language, the texts of both kinds, and a function to change it. */
export function useLanguage() {
  const [language, setLanguage] = useState(storedLanguage);
  const [localization, setLocalization] = useState<Localization>({});
  useEffect(() => {
    localStorage.setItem('language', language);
    document.documentElement.lang = language;
    let current = true;
    void LANGUAGES[language].load().then((loaded) => {
      if (current) {
        setLocalization(loaded);
      }
    });
    return () => {
      current = false;
    };
  }, [language]);
  return { language, localization, texts: LANGUAGES[language].texts, setLanguage };
}
