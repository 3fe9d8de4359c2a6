import { readdirSync } from 'node:fs';
import { readFile } from 'node:fs/promises';
import { join } from 'node:path';
import { describe, expect, it } from 'vitest';
import { parse } from 'yaml';
import * as z from 'zod';
import { prometheusText } from '../../../lambda/exposition/prometheus-text.ts';
import { expectGolden } from '../../support/golden.ts';
import { startFixtureServer } from '../../support/fixture-server.ts';
import { buildkiteSource } from './harness.ts';

const fixtures = join(import.meta.dirname, '../../fixtures/buildkite');
const cases = readdirSync(fixtures, { withFileTypes: true })
  .filter((entry) => entry.isDirectory())
  .map(({ name }) => name);

const Config = z.looseObject({ agentTokens: z.array(z.looseObject({ env: z.string() })) });

describe('the answers of the agent API', () => {
  it.each(cases)('become metrics and problems: %s', async (name) => {
    await using server = await startFixtureServer(join(fixtures, name, 'http'));
    const text = (await readFile(join(fixtures, name, 'config.yaml'), 'utf8')).replaceAll('$SERVER', server.url);
    const config = Config.parse(parse(text));
    // `{ env: TOKEN_A }` leads to `token-a`, which is what the exchanges expect.
    const tokens = config.agentTokens.map(({ env }) => [env, env.toLowerCase().replaceAll('_', '-')] as const);
    await using source = buildkiteSource(config, { variables: Object.fromEntries(tokens) });

    const { families, problems } = await source.collect();

    server.expectUsed();
    const page = await prometheusText(families);
    expect(page.omissions).toEqual([]);
    await expectGolden(`buildkite/${name}/expected.prom`, page.text);
    const host = new URL(server.url).host;
    const shown = `${JSON.stringify(problems, null, 2)}\n`.replaceAll(host, 'agent.buildkite.example');
    await expectGolden(`buildkite/${name}/problems.json`, shown);
  });
});
