import tseslint from 'typescript-eslint';

export default tseslint.config(
  {
    ignores: [
      'dist-js',
      '**/dist',
      'target',
      '**/node_modules',
      'guest-js/bindings.ts',
      '*.config.js',
      'examples/desktop/*.config.js',
      'examples/desktop/src-tauri',
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
);
