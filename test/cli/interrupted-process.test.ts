/** A run that is ended while it delivers to a sink that adds: what it could not deliver is delivered once, by a later one. */
import { mkdtemp, rm, writeFile } from 'node:fs/promises';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { setTimeout as sleep } from 'node:timers/promises';
import { afterAll, beforeAll, describe, expect, it } from 'vitest';
import * as z from 'zod';
import { type BuildkiteServer, startBuildkiteServer } from '../../lambda/demo/simulators/buildkite/server.ts';
import { createFleet, type Fleet } from '../../lambda/demo/simulators/buildkite/fleet/fleet.ts';
import { answerJson, serve } from './loopback.ts';
import { type Ended, runCli, startCli } from './run-cli.ts';

let folder = '';
beforeAll(async () => {
  folder = await mkdtemp(join(tmpdir(), 'ci-metrics-interrupted-'));
});
afterAll(async () => {
  await rm(folder, { recursive: true, force: true });
});

const Message = z.object({
  resourceMetrics: z.array(
    z.object({
      scopeMetrics: z.array(
        z.object({
          metrics: z.array(
            z.object({
              name: z.string(),
              sum: z
                .object({
                  dataPoints: z.array(
                    z.object({ asInt: z.coerce.number().optional(), asDouble: z.number().optional() }),
                  ),
                })
                .optional(),
            }),
          ),
        }),
      ),
    }),
  ),
});

/** What a message adds to the number of finished runs. */
function runsIn(body: string): number {
  const { resourceMetrics } = Message.parse(JSON.parse(body));
  return resourceMetrics
    .flatMap(({ scopeMetrics }) => scopeMetrics.flatMap(({ metrics }) => metrics))
    .filter(({ name }) => name === 'ci_runs_total')
    .flatMap(({ sum }) => sum?.dataPoints ?? [])
    .reduce((sum, { asInt, asDouble }) => sum + (asInt ?? asDouble ?? 0), 0);
}

/** One that hangs takes levels, and answers nothing to increases. */
type Mood = 'takes' | 'refuses' | 'hangs';

/** A receiver of increases whose mood changes, and all that has reached it but what it refused. */
async function receiver() {
  const state: { mood: Mood; bodies: string[]; asked: number } = { mood: 'takes', bodies: [], asked: 0 };
  const server = await serve(({ body }, response) => {
    const isHanging = state.mood === 'hangs' && runsIn(body) > 0;
    if (state.mood !== 'hangs' || isHanging) state.asked += 1;
    if (state.mood !== 'refuses') state.bodies.push(body);
    if (state.mood === 'refuses') response.writeHead(503).end();
    else if (!isHanging) answerJson(response, 200, {});
  });
  return {
    url: server.url,
    state,
    runs: () => state.bodies.reduce((sum, body) => sum + runsIn(body), 0),
    [Symbol.asyncDispose]: () => server[Symbol.asyncDispose](),
  };
}

/** A minute of the fleet in each second, until it stands still. */
async function fleetServer(): Promise<{ readonly server: BuildkiteServer; readonly fleet: Fleet; freeze: () => void }> {
  const fleet = createFleet({ seed: 3, startMs: Date.now(), speed: 60 });
  let frozenMs: number | undefined;
  const server = await startBuildkiteServer({ clock: () => frozenMs ?? Date.now(), fleet, pollSeconds: 0 });
  return { server, fleet, freeze: () => void (frozenMs ??= Date.now()) };
}

let worlds = 0;

async function world() {
  const { server, fleet, freeze } = await fleetServer();
  const sink = await receiver();
  const name = `world-${String((worlds += 1))}`;
  const config = join(folder, `${name}.yaml`);
  await writeFile(
    config,
    `sources:
  - kind: buildkite
    endpoint: ${server.endpoint}
    restEndpoint: ${server.restEndpoint}
    graphqlEndpoint: ${server.graphqlEndpoint}
    organization: ${fleet.organization}
    apiToken: { env: BUILDKITE_TOKEN }
sinks:
  - { kind: otlp, name: adding, url: '${sink.url}', encoding: json, compression: none, temporality: delta }
`,
  );
  const argv = (...more: readonly string[]): readonly string[] => [
    ...['collect', '--config', config, '--state', join(folder, name)],
    ...more,
  ];
  const variables = { BUILDKITE_TOKEN: fleet.apiToken };
  return {
    sink,
    freeze,
    run: (...more: readonly string[]): Promise<Ended> => runCli(argv(...more), variables),
    start: (...more: readonly string[]) => startCli(argv(...more), variables),
    [Symbol.asyncDispose]: async () => {
      await sink[Symbol.asyncDispose]();
      await server.close();
    },
  };
}

/** Finished runs by the totals of a run, which come out of the state. */
function totalIn({ stdout }: Ended): number {
  const values = [...stdout.matchAll(/^ci_runs_total\{.*\} (\d+)$/gm)].map(([, value]) => Number(value));
  return values.reduce((sum, value) => sum + value, 0);
}

/** Ticks are whole seconds: two runs within one would stand for the same. */
async function nextSecond(): Promise<void> {
  await sleep(1000 - (Date.now() % 1000));
}

const longEnoughForFinishesMs = 3000;

describe.each([
  ['once', ['--once']],
  ['every second', ['--every', '1s']],
] as const)('a run that SIGTERM ends while it delivers, %s', (_, options) => {
  it('keeps what the sink refused, and a later run delivers that once', async () => {
    await using scene = await world();
    await scene.run();
    await sleep(longEnoughForFinishesMs);
    scene.freeze();
    scene.sink.state.mood = 'refuses';
    const before = scene.sink.state.asked;

    await using running = scene.start(...options);
    while (scene.sink.state.asked === before) await sleep(10);
    running.child.kill('SIGTERM');
    const { exitCode, stderr } = await running.ended;
    scene.sink.state.mood = 'takes';
    await nextSecond();
    const next = await scene.run('--format', 'prometheus');
    const delivered = scene.sink.runs();
    await nextSecond();
    await scene.run();

    expect(exitCode).toBe(1);
    expect(stderr).toMatch(
      /^interrupted while it delivered\n {2}otlp\/adding: 0 samples sent; [1-9]\d* increases? kept for the next run; /,
    );
    expect(next).toMatchObject({ exitCode: 0, stderr: '' });
    expect(totalIn(next)).toBeGreaterThan(0);
    expect(delivered).toBe(totalIn(next));
    expect(scene.sink.runs()).toBe(delivered);
  });

  it('says what may have arrived or not, and no later run delivers that again', async () => {
    await using scene = await world();
    await scene.run();
    await sleep(longEnoughForFinishesMs);
    scene.freeze();
    scene.sink.state.mood = 'hangs';
    const before = scene.sink.state.asked;

    await using running = scene.start(...options);
    while (scene.sink.state.asked === before) await sleep(10);
    running.child.kill('SIGTERM');
    const { exitCode, stderr } = await running.ended;
    scene.sink.state.mood = 'takes';
    await nextSecond();
    const next = await scene.run('--format', 'prometheus');

    expect(exitCode).toBe(1);
    expect(stderr).toMatch(
      /^interrupted while it delivered\n {2}otlp\/adding: .*[1-9]\d* increases? may have arrived or not; /,
    );
    expect(totalIn(next)).toBeGreaterThan(0);
    expect(scene.sink.runs()).toBe(totalIn(next));
  });
});
