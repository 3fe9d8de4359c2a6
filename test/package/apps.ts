/** Apps of every kind that import the package. */

const name = 'ci-metrics-collector';

function writeBody(configFile: string): string {
  return `const app = new App();
const collector = new CiMetricsCollector(new Stack(app, 'platform'), 'CiMetrics', { configFile: '${configFile}' });
app.synth();
`;
}

const imported = `import { App, Stack } from 'aws-cdk-lib/core';
import { CiMetricsCollector } from '${name}';
`;

/** What the types have to refuse: a queue is an object. */
const misuse = `// @ts-expect-error
if (process.argv.includes('never')) collector.metricQueuedJobs('default');
`;

/** By the name of its file. */
export const apps: Readonly<Record<string, string>> = {
  'common-js.cjs': `const { App, Stack } = require('aws-cdk-lib/core');
const { CiMetricsCollector } = require('${name}');
${writeBody('everything.yaml')}`,
  'modules.mjs': `${imported}${writeBody('minimal.yaml')}`,
  'typed.cts': `${imported}${writeBody('minimal.yaml')}${misuse}`,
  'typed.mts': `${imported}import type { CiMetricsCollectorProps, QueueOfSource } from '${name}';
export const given: [CiMetricsCollectorProps, QueueOfSource] = [
  { configFile: 'minimal.yaml', memorySize: 256 },
  { source: 'buildkite', scope: 'production', queue: 'default' },
];
${writeBody('minimal.yaml')}${misuse}`,
};
