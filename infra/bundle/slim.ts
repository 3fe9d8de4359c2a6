/** Plugins of esbuild that leave out of the bundle what the function never runs. */

/**
 * What the function carries but never runs, or loads before it needs it. Each saves milliseconds of every cold start;
 * docs/decisions/0006 has the measurements.
 */
import type { Plugin, PluginBuild } from 'esbuild';
import { readFileSync } from 'node:fs';
import { createRequire, isBuiltin } from 'node:module';
import { dirname } from 'node:path';

interface Replacement {
  /** The end of the file's path. */
  readonly file: string;
  /** A text that the file must still have: another one may have another purpose, and then the build fails. */
  readonly mark: string;
  readonly contents: string;
  /** Holds only in Lambda; a terminal has profiles, logins and any processor. Absent: everywhere. */
  readonly only?: 'function';
}

/** Where a bundle runs. */
export type Place = 'function' | 'terminal';

/** CommonJS or ES modules of packages, and what stands in their place. */
const replacements: readonly Replacement[] = [
  {
    // lambda/http/transport/agents.ts turns HTTP/2 off; Node's own HTTP/2 is a tenth of the cold start.
    file: 'undici/lib/dispatcher/client-h2.js',
    mark: "require('node:http2')",
    contents: 'module.exports = () => { throw new Error("HTTP/2 is left out of this bundle"); };',
  },
  {
    // The parser for processors without SIMD, 72 kB; both processors of Lambda have it.
    only: 'function',
    file: 'undici/lib/llhttp/llhttp-wasm.js',
    mark: 'wasmBase64',
    contents: 'throw new Error("the HTTP parser without SIMD is left out of this bundle");',
  },
  {
    only: 'function',
    // In Lambda the role's credentials are in the environment (developer guide, "Defined runtime environment
    // variables"). The chain would add twelve files, for profiles and logins that only people have.
    file: '@aws-sdk/credential-provider-node/dist-es/index.js',
    mark: 'defaultProvider',
    contents: 'export { fromEnv as defaultProvider } from "@aws-sdk/credential-provider-env";',
  },
  {
    only: 'function',
    // Lambda has no shared configuration files, and the SDK asks them for each of a dozen settings of each client.
    file: '@smithy/core/dist-es/submodules/config/node-config-provider/fromSharedConfigFiles.js',
    mark: 'loadSharedConfigFiles(init)',
    contents: `import { absent } from "./fromEnv.js";
export const fromSharedConfigFiles = () => () => Promise.reject(absent);`,
  },
  {
    only: 'function',
    // That a setting is not in the environment is the rule: one error for all, without a stack and a text for each.
    file: '@smithy/core/dist-es/submodules/config/node-config-provider/fromEnv.js',
    mark: 'envVarSelector(process.env, options)',
    contents: `export const absent = Object.assign(new Error("not set in the environment"), { tryNextLink: true });
export const fromEnv = (select, options) => async () => {
  const value = select(process.env, options);
  if (value === undefined) throw absent;
  return value;
};`,
  },
  {
    // Forms as bodies, 110 kB with what they need; lambda/http sends bytes and text.
    file: 'undici/lib/web/fetch/body.js',
    mark: 'extractBody',
    contents: 'exports.extractBody = () => { throw new TypeError("forms are left out of this bundle"); };',
  },
  {
    file: 'undici/lib/web/fetch/formdata.js',
    mark: 'class FormData',
    contents: '// What asks whether a body is a form loads this first.',
  },
  {
    file: 'undici/lib/web/webidl/index.js',
    mark: 'webidl.is',
    contents: 'exports.webidl = { is: { FormData: () => false } };',
  },
  {
    // Proxies are HTTP proxies (lambda/http/transport/proxy.ts).
    file: 'undici/lib/dispatcher/socks5-proxy-agent.js',
    mark: 'class Socks5ProxyAgent',
    contents: 'module.exports = class { constructor() { throw new TypeError("SOCKS5 is left out of this bundle"); } };',
  },
  {
    // The Web Crypto global, which this asks for, loads two dozen of Node's modules for one random number.
    file: '@smithy/core/dist-es/submodules/serde/uuid/v4.js',
    mark: 'crypto.randomUUID()',
    contents: 'import { randomUUID } from "node:crypto"; export const bindV4 = () => () => randomUUID();',
  },
];

/**
 * undici's own switch for the build that Node carries: leaves out its second, experimental parser (180 kB) and what
 * would choose it.
 */
export const slimDefine: Readonly<Record<string, string>> = { esbuildDetection: 'true' };

/** Puts the replacements in place; a bundle that has a package without the file that is replaced does not build. */
export function replaceModules(place: Place): Plugin {
  const wanted = replacements.filter(({ only = place }) => only === place);
  return {
    name: 'replaced',
    setup: (build) => {
      replaceFiles(build, wanted);
    },
  };
}

function replaceFiles(build: PluginBuild, wanted: readonly Replacement[]): void {
  const found = new Set<string>();
  for (const { file, mark, contents } of wanted) {
    build.onLoad({ filter: new RegExp(`/node_modules/${file.replaceAll('.', '[.]')}$`) }, ({ path }) => {
      found.add(file);
      if (readFileSync(path, 'utf8').includes(mark)) return { contents, loader: 'js', resolveDir: dirname(path) };
      return {
        errors: [{ text: `${file} no longer has ${mark}; look what it does now, and adapt infra/bundle/slim.ts` }],
      };
    });
  }
  build.onEnd(({ metafile }) => {
    const inputs = Object.keys(metafile?.inputs ?? {});
    const isUsed = (name: string): boolean => inputs.some((input) => input.startsWith(`node_modules/${name}/`));
    const gone = wanted.filter(({ file }) => isUsed(findPackage(file)) && !found.has(file));
    return {
      errors: gone.map(({ file }) => ({ text: `${file} is gone or no longer used; adapt infra/bundle/slim.ts` })),
    };
  });
}

/** `undici` of `undici/lib/x.js`, `@aws-sdk/core` of `@aws-sdk/core/x.js`. */
function findPackage(file: string): string {
  return file
    .split('/')
    .slice(0, file.startsWith('@') ? 2 : 1)
    .join('/');
}

const requireBuiltin = createRequire(import.meta.url);

/**
 * Node's modules by `process.getBuiltinModule`, and for ES modules only when something of them is used. An `import`
 * statement reads every export of a module at once: of `node:http` also the classes of fetch, which loads the whole
 * fetch API and takes longer than an empty Node process.
 */
export const lazyBuiltins: Plugin = {
  name: 'lazy-builtins',
  setup(build) {
    build.onResolve({ filter: /^(node:)?[a-z_]/ }, ({ path, kind }) => {
      if (!isBuiltin(path)) return undefined;
      const namespace = kind === 'require-call' ? 'builtin' : 'lazy-builtin';
      return { path: path.replace(/^node:/, ''), namespace, sideEffects: false };
    });
    build.onLoad({ filter: /.*/, namespace: 'builtin' }, ({ path }) => ({ contents: renderEager(path), loader: 'js' }));
    build.onLoad({ filter: /.*/, namespace: 'lazy-builtin' }, ({ path }) => ({
      contents: renderLazy(path),
      loader: 'js',
    }));
  },
};

function renderEager(name: string): string {
  if (name === 'assert') return lazyAssert;
  return `module.exports = process.getBuiltinModule('node:${name}');`;
}

/** undici asserts hundreds of times what is so; what explains a failure is eight of Node's modules. */
const lazyAssert = `const load = () => process.getBuiltinModule('node:assert');
module.exports = new Proxy((value, message) => { if (!value) load()(value, message); }, {
  get: (_, name) => load()[name],
});`;

function renderLazy(name: string): string {
  const exported: unknown = requireBuiltin(`node:${name}`);
  // A module that is a function itself has no exports to stand in for.
  if (typeof exported !== 'object' || exported === null) return renderEager(name);
  const getters = Object.keys(exported).map(
    (key) => `get ${JSON.stringify(key)}() { return load()[${JSON.stringify(key)}]; }`,
  );
  return `const load = () => process.getBuiltinModule('node:${name}');\nmodule.exports = {\n${getters.join(',\n')}\n};`;
}
