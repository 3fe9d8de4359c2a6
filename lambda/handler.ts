/** The entry of the scheduled function: builds the pipeline once, and runs it at each invocation. */
import type { Context } from 'aws-lambda';
import { readFileSync } from 'node:fs';
import { join } from 'node:path';
import { parseRuntimeConfig } from './config/parse-runtime-config.ts';
import { isDoctorEvent } from './doctor/doctor-event.ts';
import { runInvocation } from './invocation.ts';
import { formatEmbeddedMetrics, type EmbeddedMetricOptions } from './report/embedded-metrics.ts';
import { mapHealth } from './report/map-health.ts';
import { describeFailedRun, RunFailedError, type RunReport } from './report/report.ts';
import { formatReport, writeReport } from './report/write-report.ts';
import { createLambdaLog } from './log/lambda-log.ts';
import { showSourcesInStacks } from './log/readable-stacks.ts';
import { cleanError } from './secrets/redaction/clean-error.ts';
import { createRedactor } from './secrets/redaction/redactor.ts';
import { buildPipeline, type Environment } from './wiring.ts';

showSourcesInStacks();

const print = (text: string): void => {
  process.stdout.write(text);
};

// Once a process, while the runtime initialises: a broken configuration is an init error, and code loads at full speed.
// Read synchronously: nothing else could go on meanwhile, and Node's asynchronous files take longer to load than to use.
const config = parseRuntimeConfig(readFileSync(join(process.env['LAMBDA_TASK_ROOT'] ?? '.', 'collector.json'), 'utf8'));
const redactor = createRedactor();
const log = createLambdaLog({ level: config.logLevel, redactor });
const environment: Environment = {
  variables: process.env,
  runtime: 'lambda',
  clock: Date.now,
  random: Math.random,
  redactor,
  log,
  print,
};
const built = await buildPipeline(config, environment);

const buildEmbedding = ({ collector, tickMs }: RunReport): EmbeddedMetricOptions => ({
  namespace: config.collectorNamespace,
  collector,
  tickMs,
});

let before: RunReport | undefined;

/** What of an invocation's context is used. */
type InvocationContext = Pick<Context, 'awsRequestId' | 'getRemainingTimeInMillis'>;

/** Collects and delivers once for the event's scheduled time; throws when nothing was collected or nothing delivered. */
export async function handler(event: unknown, context: InvocationContext): Promise<unknown> {
  try {
    return isDoctorEvent(event) ? await answerDoctor(context) : await runAll(event, context);
  } catch (error) {
    throw cleanError(error, redactor);
  }
}

/** Loaded here, because a scheduled run needs nothing of it. */
async function answerDoctor(context: InvocationContext): Promise<unknown> {
  log.startInvocation(context.awsRequestId);
  const { examineInFunction } = await import('./doctor/examine-in-function.ts');
  const remainingMs = context.getRemainingTimeInMillis();
  const answer = await examineInFunction({ config, environment, nodeVersion: process.version, remainingMs });
  log.info('examined', answer);
  return redactor.own.redactValue(answer);
}

async function runAll(event: unknown, context: InvocationContext): Promise<unknown> {
  log.startInvocation(context.awsRequestId);
  const reports: RunReport[] = [];
  for await (const report of runInvocation({ built, event, remainingMs: context.getRemainingTimeInMillis(), before })) {
    before = report;
    reports.push(report);
    writeReport(report, log);
    for (const line of formatEmbeddedMetrics(mapHealth(report), buildEmbedding(report))) print(`${line}\n`);
  }
  const last = reports.at(-1);
  if (last === undefined || reports.every(({ outcome }) => outcome === 'failed'))
    throw new RunFailedError(describeFailedRun(last));
  return redactor.own.redactValue(formatReport(last));
}
