/** The look of Clerk's components, in the colours of `style.css`. */
import { dark } from '@clerk/ui/themes';

const LIGHT = { variables: { colorPrimary: '#23634a', colorBackground: '#ffffff' } };

const DARK = {
  theme: dark,
  variables: {
    colorPrimary: '#8fc3a9',
    colorPrimaryForeground: '#101513',
    colorBackground: '#1b211e',
    colorInput: '#131816',
  },
};

/** Returns Clerk's option `appearance`. */
export function appearanceOf(isDark: boolean) {
  return isDark ? DARK : LIGHT;
}
