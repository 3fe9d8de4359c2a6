import js from '@eslint/js';
import tseslint from 'typescript-eslint';

/** Plugins and the model get time, randomness, environment and network as arguments. */
const impure = ['process', 'fetch', 'setTimeout', 'setInterval'].map((name) => ({
  name,
  message: 'Take it as an argument: the model, sources and sinks are pure at the core.',
}));

const hiddenInputs = [
  { object: 'Date', property: 'now', message: 'Take a Clock.' },
  { object: 'Math', property: 'random', message: 'Take the randomness as an argument.' },
];

/** A list from outside has no bound, and a call has: about 120,000 arguments. */
const boundlessArguments = [
  'error',
  {
    selector: ':matches(CallExpression, NewExpression) > SpreadElement.arguments',
    message: 'Fails beyond some 120,000 elements: use findLeast, findGreatest or append of lambda/model/lists.',
  },
];

/** Half a surrogate pair in a name would reach paths, keys and logs. */
const outsideJson = [
  {
    object: 'JSON',
    property: 'parse',
    message: 'Use parseJsonText of model/text/outside-text.ts: names from outside come in by one door.',
  },
];

export default tseslint.config(
  {
    ignores: [
      'cdk.out',
      'coverage',
      'dist',
      '.vitest',
      '.cache',
      '.venv',
      'node_modules',
      'test/servers/lambda-ric/node_modules',
    ],
  },
  js.configs.recommended,
  ...tseslint.configs.strictTypeChecked,
  {
    languageOptions: {
      parserOptions: {
        projectService: {
          allowDefaultProject: [
            'eslint.config.js',
            '.dependency-cruiser.cjs',
            'lambda/cli/entry.cjs',
            'scripts/require-node.cjs',
          ],
        },
        tsconfigRootDir: import.meta.dirname,
      },
    },
    rules: {
      '@typescript-eslint/consistent-type-imports': 'error',
      '@typescript-eslint/switch-exhaustiveness-check': 'error',
      '@typescript-eslint/explicit-module-boundary-types': 'error',
      '@typescript-eslint/no-empty-function': 'error',
      'func-style': ['error', 'declaration', { allowArrowFunctions: true }],
      'no-nested-ternary': 'error',
      'no-console': 'error',
      'no-restricted-exports': ['error', { restrictDefaultExports: { direct: true } }],
      complexity: ['warn', 10],
      'max-depth': ['warn', 3],
      'max-params': ['warn', 5],
      'max-lines-per-function': ['warn', { max: 60, skipBlankLines: true, skipComments: true }],
    },
  },
  {
    files: [
      'lambda/model/**',
      'lambda/sources/**',
      'lambda/sinks/**',
      'docs/template-source/**',
      'docs/template-sink/**',
    ],
    rules: {
      'no-restricted-globals': ['error', ...impure],
      'no-restricted-properties': ['error', ...hiddenInputs, ...outsideJson],
    },
  },
  {
    files: ['lambda/**', 'infra/**', 'scripts/**', 'docs/**'],
    rules: { 'no-restricted-syntax': boundlessArguments },
  },
  {
    // Elements that the page itself lists: few, and never of what a message holds.
    files: ['lambda/page/browser/**'],
    rules: { 'no-restricted-syntax': 'off' },
  },
  {
    files: ['lambda/http/**', 'lambda/counters/**'],
    rules: { 'no-restricted-properties': ['error', ...outsideJson] },
  },
  {
    files: ['test/**', 'scripts/**'],
    rules: { 'max-lines-per-function': 'off', complexity: 'off', 'max-params': 'off' },
  },
  {
    files: [
      '*.config.ts',
      '*.config.js',
      '.dependency-cruiser.cjs',
      'lambda/cli/entry.cjs',
      'scripts/mutate/vitest.config.ts',
      'scripts/require-node.cjs',
    ],
    extends: [tseslint.configs.disableTypeChecked],
    rules: { 'no-restricted-exports': 'off', 'no-undef': 'off' },
  },
  {
    files: ['lambda/cli/entry.cjs', 'scripts/require-node.cjs'],
    rules: { 'no-var': 'off', 'prefer-template': 'off', '@typescript-eslint/no-require-imports': 'off' },
  },
);
