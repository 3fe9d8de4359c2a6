/** Recorded answers of Buildkite, and the metrics and problems that they become. */
import { readdirSync } from 'node:fs';
import { readFile } from 'node:fs/promises';
import { join } from 'node:path';
import { describe, expect, it } from 'vitest';
import { parse } from 'yaml';
import * as z from 'zod';
import { writePrometheusText } from '../../../lambda/exposition/write-prometheus-text.ts';
import type { Collection } from '../../../lambda/sources/source.ts';
import { expectGolden } from '../../support/golden.ts';
import { startFixtureServer } from '../../support/network/fixture-server.ts';
import { buildkiteSource, type TestSource } from './harness.ts';

const fixtures = join(import.meta.dirname, '../../fixtures/buildkite');
const cases = readdirSync(fixtures, { withFileTypes: true })
  .filter((entry) => entry.isDirectory())
  .map(({ name }) => name);

const Token = z.looseObject({ env: z.string() });
const Config = z.looseObject({ agentTokens: z.array(Token).default([]), apiToken: Token.optional() });
type Config = z.infer<typeof Config>;

/** Of the first run of a case with an API token; counting begins then. */
const startMs = Date.UTC(2026, 0, 5, 12);
const intervalMs = 60_000;

/** Without an API token nothing is counted, so one run shows everything. */
async function collected(source: TestSource, { apiToken }: Config, time: { nowMs: number }): Promise<Collection> {
  if (apiToken === undefined) return await source.collect();
  await source.count();
  time.nowMs += intervalMs;
  return await source.count();
}

describe('the answers of Buildkite', () => {
  it.each(cases)('become metrics and problems: %s', async (name) => {
    await using server = await startFixtureServer(join(fixtures, name, 'http'));
    const text = (await readFile(join(fixtures, name, 'config.yaml'), 'utf8')).replaceAll('$SERVER', server.url);
    const config = Config.parse(parse(text));
    // `{ env: TOKEN_A }` leads to `token-a`, which is what the exchanges expect.
    const refs = [...config.agentTokens, ...(config.apiToken === undefined ? [] : [config.apiToken])];
    const tokens = refs.map(({ env }) => [env, env.toLowerCase().replaceAll('_', '-')] as const);
    const time = { nowMs: startMs };
    const { agentTokens, ...rest } = config;
    const raw = agentTokens.length === 0 ? rest : config;
    await using source = buildkiteSource(raw, { variables: Object.fromEntries(tokens), clock: () => time.nowMs });

    const { families, problems } = await collected(source, config, time);

    server.expectUsed();
    const page = await writePrometheusText(families);
    expect(page.omissions).toEqual([]);
    await expectGolden(`buildkite/${name}/expected.prom`, page.text);
    const host = new URL(server.url).host;
    const shown = `${JSON.stringify(problems, null, 2)}\n`.replaceAll(host, 'agent.buildkite.example');
    await expectGolden(`buildkite/${name}/problems.json`, shown);
  });
});
