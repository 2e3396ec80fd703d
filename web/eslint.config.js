import js from '@eslint/js';
import svelte from 'eslint-plugin-svelte';
import globals from 'globals';
import ts from 'typescript-eslint';

const features = [
  'account',
  'add',
  'builds',
  'config',
  'jump',
  'log',
  'repos',
  'settings',
  'setup',
  'workers',
];

export default ts.config(
  { ignores: ['dist', 'node_modules', 'src/api/schema.ts'] },
  js.configs.recommended,
  ...ts.configs.strict,
  ...svelte.configs.recommended,
  {
    languageOptions: { globals: { ...globals.browser, ...globals.node } },
    rules: {
      '@typescript-eslint/no-unused-vars': ['error', { argsIgnorePattern: '^_' }],
      'no-control-regex': 'off',
      'svelte/no-at-html-tags': 'error',
      // The compiler and this rule do not agree on which warnings of an element were met.
      'svelte/no-unused-svelte-ignore': 'off',
      'svelte/no-navigation-without-resolve': 'off',
      'no-undef': 'off',
      // Collections that never reach a template need no reactivity.
      'svelte/prefer-svelte-reactivity': 'off',
    },
  },
  {
    files: ['**/*.svelte', '**/*.svelte.ts'],
    languageOptions: { parserOptions: { parser: ts.parser } },
  },
  // A feature sees ui, lib and api, never another feature.
  ...features.map((name) => ({
    files: [`src/features/${name}/**`],
    rules: {
      'no-restricted-imports': [
        'error',
        {
          patterns: [
            { group: ['**/routes/*'], message: 'features do not import routes' },
            ...features
              .filter((other) => other !== name)
              .map((other) => ({
                group: [`../${other}/*`, `../../features/${other}/*`],
                message: 'features do not import each other; move it to ui or lib',
              })),
          ],
        },
      ],
    },
  })),
);
