/** Says what the package is: the package.json that stands in it. */
import { readFileSync } from 'node:fs';
import { join } from 'node:path';
import * as z from 'zod';

/** What of the repository's own package.json the package has, too. */
const Repository = z.object({
  name: z.string(),
  version: z.string(),
  description: z.string(),
  license: z.string(),
  dependencies: z.record(z.string(), z.string()),
});

/** The oldest CDK that the tests synthesise with; the newest is that of the repository. */
export const oldestCdk = '2.230.0';
export const oldestConstructs = '10.4.2';

/** Where the code will lie; jsii and npm's provenance ask for it, so set it before the first publication. */
const repositoryUrl = 'git+https://github.com/ci-metrics-collector/ci-metrics-collector.git';

/** Everything else is bundled, so that an installation brings no other package. */
export function describePackage(root: string): Readonly<Record<string, unknown>> {
  const { name, version, description, license } = Repository.parse(
    JSON.parse(readFileSync(join(root, 'package.json'), 'utf8')),
  );
  return {
    name,
    version,
    description,
    license,
    keywords: ['cdk', 'aws-cdk', 'awscdk', 'ci', 'metrics', 'buildkite', 'bitbucket', 'tekton', 'prometheus'],
    author: { name: 'CI metrics collector', organization: true },
    repository: { type: 'git', url: repositoryUrl },
    engines: { node: '>=20.16' },
    type: 'commonjs',
    main: 'lib/index.js',
    types: 'lib/index.d.ts',
    exports: {
      '.': { types: './lib/index.d.ts', default: './lib/index.js' },
      './collector.schema.json': './collector.schema.json',
      './package.json': './package.json',
      './.jsii': './.jsii',
    },
    bin: { [name]: 'cli/entry.cjs' },
    peerDependencies: { 'aws-cdk-lib': `^${oldestCdk}`, constructs: `^${oldestConstructs}` },
    stability: 'experimental',
    jsii: {
      outdir: 'dist',
      excludeTypescript: ['cli', 'lib/functions'],
      targets: {
        python: { distName: name, module: 'ci_metrics_collector' },
        java: {
          package: 'io.github.cimetricscollector',
          maven: { groupId: 'io.github.cimetricscollector', artifactId: name },
        },
        dotnet: { namespace: 'CiMetricsCollector.Cdk', packageId: 'CiMetricsCollector.Cdk' },
        go: { moduleName: 'github.com/ci-metrics-collector/ci-metrics-collector-go' },
      },
    },
  };
}
