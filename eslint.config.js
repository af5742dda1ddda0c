import tseslint from 'typescript-eslint';

export default tseslint.config(
  {
    ignores: [
      'api-iife.js',
      'dist-js',
      '**/dist',
      'target',
      '**/node_modules',
      'guest-js/bindings.ts',
      '*.config.js',
      'examples/*/*.config.js',
      'examples/*/src-tauri',
      // Scripts for commands, extensions of browsers and pages, in no project of TypeScript's.
      '.github',
      'tests/e2e/wallet-extension',
      'tests/e2e/src',
      'tests/apps',
    ],
  },
  ...tseslint.configs.strictTypeChecked,
  {
    languageOptions: { parserOptions: { projectService: true } },
    rules: {
      '@typescript-eslint/restrict-template-expressions': ['error', { allowNumber: true }],
      '@typescript-eslint/no-unused-vars': ['error', { argsIgnorePattern: '^_' }],
    },
  },
  {
    // Tests name what they expect, play Rust's rejections, and look at methods of fakes.
    files: ['guest-js/__tests__/**'],
    rules: {
      '@typescript-eslint/no-non-null-assertion': 'off',
      '@typescript-eslint/only-throw-error': 'off',
      '@typescript-eslint/unbound-method': 'off',
    },
  },
);
