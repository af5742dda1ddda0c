/** The look of Clerk's components, in the colours of `style.css`. */
import { dark } from '@clerk/ui/themes';

const LIGHT = {
  variables: {
    colorPrimary: '#23634a',
    colorBackground: '#ffffff',
    colorModalBackdrop: 'rgb(23 32 28 / 50%)',
  },
};

const DARK = {
  theme: dark,
  variables: {
    colorPrimary: '#8fc3a9',
    colorPrimaryForeground: '#101513',
    colorBackground: '#1b211e',
    colorInput: '#131816',
    colorModalBackdrop: 'rgb(0 0 0 / 60%)',
  },
};

/** Returns Clerk's option `appearance`. */
export function appearanceOf(isDark: boolean) {
  return isDark ? DARK : LIGHT;
}
