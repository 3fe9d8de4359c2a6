/** A real Prometheus with the shipped rules, a real Alertmanager with the shipped routes, and receivers that record. */
import { mkdtemp, rm, writeFile } from 'node:fs/promises';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { parse, stringify } from 'yaml';
import * as z from 'zod';
import { type Alertmanager, startAlertmanager } from '../../servers/alertmanager.ts';
import { eventually } from '../../servers/process.ts';
import { type QueryServer, startPrometheus } from '../../servers/prometheus.ts';
import {
  type LoopbackServer,
  type RecordedRequest,
  startLoopbackServer,
} from '../../support/network/loopback-server.ts';
import { pathOf, ruleFiles } from '../rule-files.ts';
import { readFileSync } from 'node:fs';
import { readConfig } from './amtool.ts';

/** Chains of alerting from one end to the other. */
export interface Chain extends AsyncDisposable {
  readonly prometheus: QueryServer;
  readonly alertmanager: Alertmanager;
  /** What one receiver was told of something, in order of arrival. */
  told(receiver: Receiver, about: string): readonly RecordedRequest[];
  /** Every rule was evaluated so many times more. */
  evaluate(times: number): Promise<void>;
  /** Alertmanager has thought about every group so many times more. */
  flush(times: number): Promise<void>;
}

export type Receiver = 'slack' | 'pagerduty' | 'opsgenie' | 'tekton';

export const receiverNames: readonly Receiver[] = ['slack', 'pagerduty', 'opsgenie', 'tekton'];

/** What the real services answer. */
const answers: Readonly<Record<Receiver, readonly [status: number, body: string]>> = {
  slack: [200, 'ok'],
  pagerduty: [202, '{"status":"success","message":"Event processed","dedup_key":"a"}'],
  opsgenie: [202, '{"result":"Request will be processed","took":0.1,"requestId":"b"}'],
  tekton: [202, '{"eventListener":"ci-alarms","namespace":"ci","eventListenerUID":"c","eventID":"d"}'],
};

function receiverOf(path: string): Receiver | undefined {
  return receiverNames.find((name) => path.startsWith(`/${name}`));
}

const Config = z.looseObject({
  route: z.looseObject({ routes: z.array(z.looseObject({})) }),
  receivers: z.array(z.looseObject({ name: z.string(), webhook_configs: z.array(z.looseObject({})).optional() })),
});

/** The shipped configuration with other addresses and shorter times; what is routed and silenced is as it is. */
async function writeRoutes(folder: string, url: string): Promise<string> {
  const secrets = { slack: `${url}/slack`, pagerduty: 'routing-key', opsgenie: 'api-key', tekton: 'bearer-token' };
  for (const [name, value] of Object.entries(secrets)) await writeFile(join(folder, name), value);
  const { route, receivers, ...rest } = Config.parse(
    parse(readConfig().replaceAll('/etc/alertmanager/secrets', folder)),
  );
  return stringify({
    ...rest,
    global: { pagerduty_url: `${url}/pagerduty`, opsgenie_api_url: `${url}/opsgenie/` },
    route: {
      ...route,
      group_wait: '2s',
      group_interval: '500ms',
      routes: route.routes.map((one) => ('group_wait' in one ? { ...one, group_wait: '2s' } : one)),
    },
    receivers: receivers.map((receiver) =>
      receiver.webhook_configs === undefined
        ? receiver
        : {
            ...receiver,
            webhook_configs: receiver.webhook_configs.map((webhook) => ({ ...webhook, url: `${url}/tekton` })),
          },
    ),
  });
}

/** The shipped rules, which here wait for nothing: promtool has tried their times. */
async function writeRules(folder: string): Promise<readonly string[]> {
  return await Promise.all(
    ruleFiles.map(async (name) => {
      const file = join(folder, name);
      await writeFile(file, readFileSync(pathOf(name), 'utf8').replaceAll(/^( +for:) .*$/gm, '$1 0s'));
      return file;
    }),
  );
}

export async function startChain(): Promise<Chain> {
  const folder = await mkdtemp(join(tmpdir(), 'ci-metrics-alerts-'));
  const recorder = await startLoopbackServer((_, response, { path }) => {
    const receiver = receiverOf(path);
    const [status, body] = receiver === undefined ? ([404, 'nobody'] as const) : answers[receiver];
    response.writeHead(status, { 'content-type': 'application/json' }).end(body);
  });
  const alertmanager = await startAlertmanager(await writeRoutes(folder, recorder.url));
  const prometheus = await startPrometheus({
    config: JSON.stringify({
      global: { evaluation_interval: '250ms' },
      rule_files: await writeRules(folder),
      alerting: { alertmanagers: [{ static_configs: [{ targets: [new URL(alertmanager.url).host] }] }] },
    }),
    // What is sent before it has found Alertmanager comes with the next time; an alert holds for four of these.
    flags: ['--rules.alert.resend-delay=10s'],
  });
  return {
    prometheus,
    alertmanager,
    told: (receiver, about) => findTold(recorder, receiver, about),
    evaluate: (times) => waitForMore(() => readIterations(prometheus), times),
    flush: (times) => waitForMore(() => alertmanager.count('alertmanager_nflog_queries_total'), times),
    [Symbol.asyncDispose]: async () => {
      await prometheus.close();
      await alertmanager[Symbol.asyncDispose]();
      await recorder.close();
      await rm(folder, { recursive: true, force: true });
    },
  };
}

function findTold(recorder: LoopbackServer, receiver: Receiver, about: string): readonly RecordedRequest[] {
  return recorder.requests.filter(
    ({ path, body }) => receiverOf(path) === receiver && body.toString('utf8').includes(about),
  );
}

/** Until a counter has grown by so much. */
async function waitForMore(read: () => Promise<number>, more: number): Promise<void> {
  const before = await read();
  await eventually(read, (now) => now >= before + more);
}

async function readIterations({ url }: QueryServer): Promise<number> {
  const page = await (await fetch(`${url}/metrics`, { signal: AbortSignal.timeout(60_000) })).text();
  const counts = page
    .split('\n')
    .filter((line) => line.startsWith('prometheus_rule_group_iterations_total{'))
    .map((line) => Number(line.slice(line.lastIndexOf(' '))));
  return Math.min(...counts);
}
