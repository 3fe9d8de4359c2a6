/** Every source keeps every rule of docs/adding-a-source.md. */
import { describe, it } from 'vitest';
import { sources } from '../../../lambda/sources/index.ts';
import { prepareSource } from '../../../lambda/sources/prepare-source.ts';
import { sourceRules } from './rules.ts';
import { sourceFacts } from './systems.ts';

describe.each(sources.map(({ kind }) => kind))('the source %s', (kind) => {
  const facts = sourceFacts[kind];
  const applying = sourceRules.filter(({ appliesTo }) => appliesTo(facts));

  it.each(applying.map(({ name, check }) => [name, check] as const))('%s', async (_name, check) => {
    await check({ kind, prepare: (raw) => prepareSource({ ...raw }), facts });
  });
});
