/** The theme as a hook. */
import { useEffect, useState } from 'react';

import { applyTheme, isDark, onSystemChange, storedTheme } from './theme';

/** Returns the choice, whether it is dark at present, and a function to change it. */
export function useTheme() {
  const [theme, setTheme] = useState(storedTheme);
  const [dark, setDark] = useState(() => isDark(theme));
  useEffect(() => {
    const follow = () => {
      applyTheme(theme);
      setDark(isDark(theme));
    };
    follow();
    return onSystemChange(follow);
  }, [theme]);
  return { theme, dark, setTheme };
}
