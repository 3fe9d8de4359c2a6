/** Bundles the construct for the package into one CommonJS file, which `require` and `import` both load. */
import { build, type Metafile, type Plugin } from 'esbuild';
import { writeFileSync } from 'node:fs';
import { join } from 'node:path';

const root = join(import.meta.dirname, '../..');

/** The oldest Node that an app with the construct runs on. */
const target = 'node20';

/** What sources and sinks load when they run, which no synthesis does: all of undici and the AWS SDK. */
const leaveOutRuns: Plugin = {
  name: 'left-out-runs',
  setup(build) {
    build.onResolve({ filter: /.*/ }, ({ kind, path }) =>
      kind === 'dynamic-import' ? { path, namespace: 'left-out' } : undefined,
    );
    build.onLoad({ filter: /.*/, namespace: 'left-out' }, ({ path }) => ({
      contents: `throw new Error(${JSON.stringify(`${path} is left out of the construct: only the function loads it`)});`,
    }));
  },
};

/** What the published construct is compiled against; its types were checked in the repository. */
const declarations = `export type Implementation = any;
export declare const Implementation: any;
export declare function checkMapping(config: any): any;
`;

/** Writes `implementation.js`, with the CDK left to the app: two copies of it would not know each other's constructs. */
export async function bundleConstruct(folder: string): Promise<Metafile> {
  const { metafile } = await build({
    metafile: true,
    absWorkingDir: root,
    entryPoints: { implementation: 'infra/package/implementation.ts' },
    outdir: folder,
    bundle: true,
    format: 'cjs',
    platform: 'node',
    target,
    mainFields: ['module', 'main'],
    external: ['aws-cdk-lib', 'aws-cdk-lib/*', 'constructs'],
    plugins: [leaveOutRuns],
    define: { 'import.meta.dirname': '__dirname' },
    sourcemap: true,
    sourcesContent: false,
    legalComments: 'none',
    // Not minified: Node shows the line that threw, and an app that is wrong should see that line alone.
    keepNames: true,
    logLevel: 'warning',
  });
  writeFileSync(join(folder, 'implementation.d.ts'), declarations);
  return metafile;
}
