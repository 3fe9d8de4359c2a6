/** The CDK app: reads the configuration, makes the stack and prints its price. */
import { readFileSync } from 'node:fs';
import { App, Errors, Validations } from 'aws-cdk-lib/core';
import { AwsSolutionsChecks, ServerlessChecks } from 'cdk-nag';
import type { Environment } from '../lambda/config/checks/check-entries.ts';
import { ConfigError } from '../lambda/config/config-error.ts';
import { parseConfig } from '../lambda/config/parse-config.ts';
import type { CollectorConfig } from '../lambda/config/schema.ts';
import { CiMetricsStack } from './ci-metrics-stack.ts';
import { formatCost } from './cost.ts';
import { findEnvironment } from './emulation.ts';

/** The whole app: reads the configuration, makes the stack, has it checked. */
async function buildApp(): Promise<void> {
  // Synthesised below: a configuration that cannot be used must leave no assembly behind.
  const app = new App({ autoSynth: false });
  const context: unknown = app.node.tryGetContext('config');
  const file = typeof context === 'string' ? context : 'collector.yaml';
  const config = readConfig(file, findEnvironment(app));
  if (config === undefined) return;

  const { CDK_DEFAULT_ACCOUNT: account, CDK_DEFAULT_REGION: region } = process.env;
  const env = { ...(account === undefined ? {} : { account }), ...(region === undefined ? {} : { region }) };
  let stack: CiMetricsStack;
  try {
    stack = new CiMetricsStack(app, formatStackName(config), { config, env });
  } catch (error) {
    // Only the stack knows its alarms, for instance, and so a choice that meets none of them.
    if (!(error instanceof ConfigError || Errors.isValidationError(error))) throw error;
    fail(error.message);
    return;
  }
  process.stderr.write(`${await formatCost(stack.collector)}\n`);
  Validations.of(app).addPlugins(new AwsSolutionsChecks(app), new ServerlessChecks(app));
  try {
    app.synth();
  } catch (error) {
    // Its report, with every finding and the construct that has it, is printed by then.
    if (!Errors.isValidationError(error)) throw error;
    fail(`The stack cannot be deployed as it is: see the findings above. ${error.message}`);
  }
}

/** Says why nothing was synthesised, and ends the process with an error. */
function fail(message: string): void {
  process.exitCode = 1;
  process.stderr.write(`${message}\n`);
}

/** Undefined when it cannot be used: what is wrong is printed, and the process ends with an error. */
function readConfig(file: string, environment: Environment): CollectorConfig | undefined {
  try {
    return parseConfig(readFileSync(file, 'utf8'), { file, environment });
  } catch (error) {
    process.exitCode = 1;
    if (error instanceof ConfigError) process.stderr.write(`${error.message}\n`);
    else if (isMissing(error))
      process.stderr.write(
        `${file} does not exist; copy collector.yaml of the repository, or name another file with -c config=FILE\n`,
      );
    else throw error;
    return undefined;
  }
}

function isMissing(error: unknown): boolean {
  return error instanceof Error && 'code' in error && error.code === 'ENOENT';
}

/** CloudFormation takes letters, digits and dashes, and a letter first. */
function formatStackName({ collector, deployment }: CollectorConfig): string {
  const name = deployment.stackName ?? collector.replaceAll(/[._]/g, '-');
  return /^[A-Za-z]/.test(name) ? name : `ci-${name}`;
}

await buildApp();
