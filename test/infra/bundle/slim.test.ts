/** Tests that the bundle leaves out what the function never uses, such as HTTP/2 and duplicate parsers. */
import { build, type Metafile } from 'esbuild';
import { execFileSync } from 'node:child_process';
import { mkdirSync, mkdtempSync, readdirSync, readFileSync, rmSync, writeFileSync } from 'node:fs';
import { tmpdir } from 'node:os';
import { dirname, join } from 'node:path';
import { afterAll, beforeAll, describe, expect, it } from 'vitest';
import { bundleFunction } from '../../../infra/bundle/bundle-function.ts';
import { lazyBuiltins, replaceModules } from '../../../infra/bundle/slim.ts';
import { configOf } from '../synthesis.ts';

const folder = mkdtempSync(join(tmpdir(), 'ci-metrics-slim-'));
afterAll(() => {
  rmSync(folder, { recursive: true, force: true });
});

describe('the bundle of the function', () => {
  const directory = join(folder, 'function');
  let metafile: Metafile;
  let text = '';
  beforeAll(() => {
    ({ metafile } = bundleFunction({ directory, config: configOf('minimal') }));
    const files = readdirSync(directory).filter((file) => file.endsWith('.mjs'));
    text = files.map((file) => readFileSync(join(directory, file), 'utf8')).join('\n');
  });

  /** What is left of some files, tree-shaken and minified. */
  const bytesOf = (pattern: RegExp): Readonly<Record<string, number>> =>
    Object.fromEntries(
      Object.values(metafile.outputs)
        .flatMap(({ inputs }) => Object.entries(inputs))
        .filter(([input, { bytesInOutput }]) => pattern.test(input) && bytesInOutput > 0)
        .map(([input, { bytesInOutput }]) => [input, bytesInOutput]),
    );

  it('has one HTTP parser of the four that undici brings', () => {
    const parsers = Object.keys(metafile.inputs).filter((input) =>
      /undici\/lib\/(milo|llhttp)\/.*(simd|wasm)/.test(input),
    );

    // The replaced file is an input too, as a line that throws.
    expect(parsers.map((input) => input.replace(/^.*undici\/lib\//, '')).sort()).toEqual([
      'llhttp/llhttp-wasm.js',
      'llhttp/llhttp_simd-wasm.js',
    ]);
    expect(text.match(/AGFzbQEAAAAB/g)).toHaveLength(1);
  });

  it('has no HTTP/2, which is turned off', () => {
    expect(text.match(/getBuiltinModule\(["']node:http2/g) ?? []).toEqual([]);
    expect(text.includes('HTTP/2 is left out')).toBe(true);
  });

  it('loads no module of Node by an import statement, which would read all of its exports', () => {
    const imports = /(?:from|import)\s*\(?\s*["'](?:node:)?(?:http|https|crypto|fs|util|stream|tls|zlib)["']/g;

    expect(text.match(imports) ?? []).toEqual([]);
  });

  it('leaves out what only forms and SOCKS5 need', () => {
    const left = bytesOf(/undici\/lib\/(?:web|core\/socks5|dispatcher\/socks5)/);

    expect(Object.keys(left)).toHaveLength(4);
    expect(Object.values(left).filter((bytes) => bytes > 200)).toEqual([]);
    expect(text.includes('SOCKS5 is left out')).toBe(true);
  });

  it('takes settings of the AWS SDK from the environment, and looks for no file', () => {
    expect(bytesOf(/shared-ini-file-loader\/(?:getHomeDir|readFile|loadSharedConfigFiles)[.]js/)).toEqual({});
  });

  it('takes credentials from the environment alone', () => {
    const inputs = Object.keys(metafile.inputs).filter((input) => /@aws-sdk\/credential-provider-/.test(input));

    expect(inputs.length).toBeGreaterThan(0);
    expect(inputs.filter((input) => !/credential-provider-(env|node)\//.test(input))).toEqual([]);
  });
});

describe('a package that changed', () => {
  function tree(name: string, files: Readonly<Record<string, string>>): string {
    const root = join(folder, name);
    for (const [file, contents] of Object.entries(files)) {
      mkdirSync(dirname(join(root, file)), { recursive: true });
      writeFileSync(join(root, file), contents);
    }
    return root;
  }

  async function errorsOf(root: string): Promise<readonly string[]> {
    const input = { absWorkingDir: root, platform: 'node' } as const;
    try {
      await build({
        ...input,
        entryPoints: ['entry.js'],
        bundle: true,
        write: false,
        metafile: true,
        logLevel: 'silent',
        plugins: [replaceModules('function')],
      });
      return [];
    } catch (error) {
      const { errors } = error as { errors: readonly { text: string }[] };
      return errors.map(({ text }) => text);
    }
  }

  it('stops the build where a replaced file is gone', async () => {
    const root = tree('gone', {
      'entry.js': 'require("undici");',
      'node_modules/undici/index.js': 'require("./lib/llhttp/llhttp-wasm.js");',
      'node_modules/undici/lib/llhttp/llhttp-wasm.js': 'const wasmBase64 = "";',
    });

    const errors = await errorsOf(root);

    expect(errors).toContain(
      'undici/lib/dispatcher/client-h2.js is gone or no longer used; adapt infra/bundle/slim.ts',
    );
    expect(errors.filter((error) => error.includes('llhttp-wasm.js'))).toEqual([]);
  });

  it('stops the build where a replaced file has become another', async () => {
    const root = tree('other', {
      'entry.js': 'require("undici");',
      'node_modules/undici/index.js':
        'require("./lib/dispatcher/client-h2.js"); require("./lib/llhttp/llhttp-wasm.js");',
      'node_modules/undici/lib/dispatcher/client-h2.js': 'module.exports = "the client of both protocols";',
      'node_modules/undici/lib/llhttp/llhttp-wasm.js': 'const wasmBase64 = "";',
    });

    expect(await errorsOf(root)).toContain(
      "undici/lib/dispatcher/client-h2.js no longer has require('node:http2'); look what it does now, and adapt infra/bundle/slim.ts",
    );
  });

  it('is nothing to a bundle without that package', async () => {
    expect(await errorsOf(tree('none', { 'entry.js': 'console.log(1);' }))).toEqual([]);
  });
});

describe('an assertion of a package', () => {
  it('loads the module that explains failures with the first failure', async () => {
    const entry = `
      const assert = require('node:assert');
      const isLoaded = () => process.moduleLoadList.includes('NativeModule assert');
      assert(true, 'never said');
      const before = isLoaded();
      let said = '';
      try { assert(1 === 2, 'one is not two'); } catch ({ code, message }) { said = code + ' ' + message; }
      assert.strictEqual(1, 1);
      console.log(JSON.stringify({ before, said, after: isLoaded() }));
    `;
    const outfile = join(folder, 'assertion.cjs');
    await build({ stdin: { contents: entry }, bundle: true, platform: 'node', outfile, plugins: [lazyBuiltins] });

    expect(JSON.parse(execFileSync(process.execPath, [outfile], { encoding: 'utf8' }))).toEqual({
      before: false,
      said: 'ERR_ASSERTION one is not two',
      after: true,
    });
  });
});
