/** Version of this package. Tests compare it with `package.json`. */
export const VERSION = '0.1.0';
