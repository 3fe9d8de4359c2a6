/** Every sink keeps every rule of docs/adding-a-sink.md. */
import { describe, it } from 'vitest';
import { sinks } from '../../../lambda/sinks/index.ts';
import { prepareSink } from '../../../lambda/sinks/prepare-sink.ts';
import { sinkRules } from './rules.ts';
import { sinkSubjects } from '../subjects.ts';
import type { TriedSubject } from './try-sink.ts';

const subjects = sinks.flatMap(({ kind }): readonly (readonly [string, TriedSubject])[] => {
  const { config, facts, variants = {} } = sinkSubjects[kind];
  const prepare: TriedSubject['prepare'] = (raw) => prepareSink({ ...raw });
  return [
    [kind, { kind, prepare, config, facts }],
    ...Object.entries(variants).map(([name, variant]): readonly [string, TriedSubject] => [
      `${kind} (${name})`,
      {
        ...{ kind, prepare, facts: variant.facts },
        config: (url, folder) => ({ ...config(url, folder), ...variant.settings }),
      },
    ]),
  ];
});

describe.each(subjects)('the sink %s', (_, subject) => {
  const applying = sinkRules.filter(({ appliesTo }) => appliesTo(subject.facts));

  it.each(applying.map(({ name, check }) => [name, check] as const))('%s', async (_name, check) => {
    await check(subject);
  });
});
