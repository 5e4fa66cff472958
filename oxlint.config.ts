import { defineConfig, type OxlintOverride } from 'oxlint'
import { libraryHomes, mayImport } from './architecture.ts'

const folders = Object.keys(mayImport)
const escape = (text: string) => text.replaceAll(/[.*+?^${}()|[\]\\/]/g, String.raw`\$&`)

const boundaries = Object.entries(mayImport).map(
  ([folder, allowed]: [string, readonly string[]]): OxlintOverride => {
    const closed = folders.filter((other) => other !== folder && !allowed.includes(other))
    const foreign = Object.keys(libraryHomes).filter(
      (library) => libraryHomes[library]?.includes(folder) !== true,
    )
    return {
      files: [`src/${folder}/**`],
      rules: {
        'no-restricted-imports': [
          'error',
          {
            patterns: [
              {
                regex: String.raw`^(\.\./)+(${closed.join('|')})/`,
                message: `src/${folder} may import only: ${allowed.join(', ') || 'nothing'}. See architecture.ts.`,
              },
              {
                regex: String.raw`^(\.\./)+(main|serve|gateway|config|telemetry)\.ts$`,
                message:
                  'The files directly in src are imported by no folder: take options as parameters.',
              },
              {
                regex: `^(${foreign.map(escape).join('|')})(/|$)`,
                message: 'This library has another home. See architecture.ts.',
              },
            ],
          },
        ],
      },
    }
  },
)

export default defineConfig({
  ignorePatterns: ['node_modules', 'dist', 'coverage'],
  plugins: ['typescript', 'import', 'promise', 'node', 'unicorn', 'vitest'],
  categories: { correctness: 'error', suspicious: 'error' },
  options: { typeAware: true },
  rules: {
    'import/no-cycle': 'error',
    'import/no-default-export': 'error',
    'typescript/no-floating-promises': 'error',
    'typescript/no-misused-promises': 'error',
    'typescript/switch-exhaustiveness-check': 'error',
    'typescript/strict-boolean-expressions': 'error',
    'typescript/only-throw-error': 'error',
    'typescript/no-explicit-any': 'error',
    'typescript/consistent-return': 'off',
    'typescript/no-generated-empty-object-type': 'off',
    'max-params': ['error', { max: 3 }],
    'max-lines': ['error', { max: 300, skipBlankLines: true, skipComments: true }],
    'max-lines-per-function': ['error', { max: 60, skipBlankLines: true, skipComments: true }],
    'max-depth': ['error', 3],
    'no-restricted-properties': [
      'error',
      { object: 'Date', property: 'now', message: 'Take the clock as a parameter.' },
      { object: 'Math', property: 'random', message: 'Take randomness as a parameter.' },
    ],
    'no-console': 'error',
    'node/no-process-env': 'error',
  },
  overrides: [
    { files: ['*.config.ts'], rules: { 'import/no-default-export': 'off' } },
    {
      files: ['src/main.ts', 'src/gateway.ts', 'src/config.ts', 'src/telemetry.ts'],
      rules: { 'node/no-process-env': 'off', 'no-restricted-properties': 'off' },
    },
    {
      files: [
        'src/model/brand.ts',
        'src/wire/codec.ts',
        'src/wire/reader.ts',
        'src/client/**',
        'src/mls-crypto/**',
      ],
      rules: { 'typescript/no-unsafe-type-assertion': 'off' },
    },
    {
      files: ['test/**', 'demo/**', 'bench/**', '.ci/**'],
      rules: {
        'max-lines-per-function': 'off',
        'no-restricted-properties': 'off',
        'node/no-process-env': 'off',
        'no-console': 'off',
        'typescript/no-unsafe-type-assertion': 'off',
      },
    },
    {
      files: ['test/property/**'],
      rules: { 'vitest/expect-expect': 'off', 'import/no-named-as-default-member': 'off' },
    },
    ...boundaries,
  ],
})
