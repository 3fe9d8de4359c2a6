/** Compares what the guides say about the stack with the synthesised templates. */
import { beforeAll, describe, expect, it } from 'vitest';
import * as z from 'zod';
import { mostLines } from '../../../lambda/counters/finished-log.ts';
import { maxInFlight } from '../../../lambda/counters/outbox/in-flight.ts';
import { maxSamples } from '../../../lambda/counters/outbox/outbox.ts';
import { usualBounds } from '../../../lambda/counters/state/bounds.ts';
import { maxAttempts } from '../../../lambda/http/transport/retry.ts';
import { parseConfig } from '../../../lambda/config/parse-config.ts';
import { CollectorConfig } from '../../../lambda/config/schema.ts';
import { problemKinds } from '../../../lambda/model/problem.ts';
import { exitCodes } from '../../../lambda/cli/terminal.ts';
import { usualSeconds } from '../../../lambda/cost/lines/runs-a-month.ts';
import { anchor } from '../../../scripts/docs/table.ts';
import { generatedPages } from '../../../scripts/docs/pages.ts';
import { functionStatements, schedulerStatements } from '../../infra/policies.ts';
import { resolved } from '../../infra/intrinsics.ts';
import { synthesise, type Synthesis, synthesiseVariant } from '../../infra/synthesis.ts';
import { proseOf, textOf } from '../files.ts';

function headingsOf(file: string): readonly string[] {
  return proseOf(file)
    .split('\n')
    .filter((line) => /^#+ /.test(line))
    .map((line) => line.replace(/^#+ /, ''));
}

describe('what the guides say about the stack', () => {
  const stacks: Record<'everything' | 'vpc' | 'eks' | 'workspace' | 'chainloop' | 'shipped', Synthesis | undefined> = {
    everything: undefined,
    vpc: undefined,
    eks: undefined,
    workspace: undefined,
    chainloop: undefined,
    shipped: undefined,
  };

  beforeAll(() => {
    stacks.everything = synthesiseVariant('everything');
    stacks.vpc = synthesiseVariant('vpc');
    stacks.eks = synthesiseVariant('eks');
    stacks.workspace = synthesiseVariant('workspace');
    const chainloop = 'lambda/sources/chainloop/example.yaml';
    stacks.chainloop = synthesise(parseConfig(textOf(chainloop), { file: chainloop, environment: 'lambda' }));
    stacks.shipped = synthesise(
      parseConfig(textOf('collector.yaml'), { file: 'collector.yaml', environment: 'lambda' }),
    );
  });

  function all(): readonly Synthesis[] {
    return Object.values(stacks).filter((stack) => stack !== undefined);
  }

  it('have the section of the runbook that the text of each alarm names', () => {
    const told = all().flatMap(({ template }) =>
      ['AWS::CloudWatch::Alarm', 'AWS::CloudWatch::CompositeAlarm'].flatMap((type) =>
        resolved(template, type).map(({ properties }) => z.string().parse(properties['AlarmDescription'])),
      ),
    );
    const anchors = new Set(headingsOf('docs/operating.md').map(anchor));

    const named = told.map((text) => / Runbook: docs\/operating\.md#(\S+)$/.exec(text)?.[1] ?? text);
    expect(named.length).toBeGreaterThan(20);
    expect(named.filter((section) => !anchors.has(section))).toEqual([]);
  });

  it('has a section of the runbook for every alarm', () => {
    const names = all().flatMap(({ template }) =>
      ['AWS::CloudWatch::Alarm', 'AWS::CloudWatch::CompositeAlarm'].flatMap((type) =>
        resolved(template, type).map(({ properties }) => z.string().parse(properties['AlarmName'])),
      ),
    );
    const sections = headingsOf('docs/operating.md');

    // `<collector>/source-down/<source>` stands there as `source-down/…`.
    const wanted = new Set(
      names
        .map((name) => name.split('/').slice(1))
        .map(([kind = '', ...rest]) => (rest.length > 0 ? `${kind}/…` : kind)),
    );

    expect(wanted.size).toBeGreaterThan(8);
    expect([...wanted].filter((name) => !sections.includes(name))).toEqual([]);

    // What no stack has is an alert of Prometheus, and stands among those.
    const first = sections.indexOf('Alarms about queues');
    const ofStack = sections.slice(first, sections.indexOf('Alerts that only Prometheus has'));
    expect(ofStack.filter((name) => !name.startsWith('Alarms about') && !wanted.has(name))).toEqual([]);
  });

  it('names every right of the function and of its schedule, and no other', () => {
    const given = new Set(
      all()
        .flatMap(({ template }) => [...functionStatements(template), ...schedulerStatements(template)])
        .flatMap(({ Action }) => Action),
    );
    const [, part = ''] = textOf('docs/deploying.md').split('### Rights of the function');
    const [section = ''] = part.split('### Rights of whoever deploys');
    const named = new Set([...section.matchAll(/`([a-z0-9]+:[A-Z]\w+)`/g)].map(([, action = '']) => action));

    expect(given.size).toBeGreaterThan(10);
    expect([...given].filter((action) => !named.has(action))).toEqual([]);
    expect([...named].filter((action) => !given.has(action))).toEqual([]);
  });

  it('names outputs that exist', () => {
    const outputs = new Set(all().flatMap(({ template }) => Object.keys(template.findOutputs('*'))));
    const named = ['docs/deploying.md', 'docs/operating.md'].flatMap((file) =>
      [...textOf(file).matchAll(/outputs? `(\w+)`|<([A-Z]\w+)>/g)].map(
        ([, quoted, placeholder]) => quoted ?? placeholder ?? '',
      ),
    );

    expect(new Set(named).size).toBeGreaterThan(4);
    expect(named.filter((name) => !outputs.has(name))).toEqual([]);
  });

  it('shows the command that fills the secret as the stack prints it', () => {
    const value: unknown = stacks.shipped?.template.findOutputs('FillSecret1')['FillSecret1']?.['Value'];
    const [printed = ''] = JSON.stringify(value).match(/ --secret-id [^}]+\}/) ?? [];

    expect(printed).not.toBe('');
    expect(textOf('docs/deploying.md')).toContain(printed.replaceAll('\\"', '"'));
  });

  it('tells how long dead letters are kept', () => {
    const [queue] = stacks.shipped === undefined ? [] : resolved(stacks.shipped.template, 'AWS::SQS::Queue');

    expect(queue?.properties['MessageRetentionPeriod']).toBe(3 * 24 * 3600);
    expect(textOf('docs/deploying.md')).toContain('dead-letter queue for three days');
    expect(textOf('docs/operating.md')).toContain('at most three days');
  });

  it('tells what is retained: the secrets and the table of the counters, and nothing else', () => {
    const retained = all().flatMap(({ template }) =>
      Object.values(template.toJSON()['Resources'] as Record<string, { Type: string; DeletionPolicy?: string }>)
        .filter(({ DeletionPolicy }) => DeletionPolicy?.startsWith('Retain'))
        .map(({ Type }) => Type),
    );

    expect(new Set(retained)).toEqual(new Set(['AWS::SecretsManager::Secret', 'AWS::DynamoDB::Table']));
    const [, removing = ''] = textOf('docs/deploying.md').split('### Removing');
    expect(removing).toContain('the secrets that the stack created');
    expect(removing).toContain('the table of the counters');
  });

  it('names the questions of the dashboard', () => {
    const dashboards = all().flatMap(({ template }) => resolved(template, 'AWS::CloudWatch::Dashboard'));
    const body = JSON.stringify(dashboards.map(({ properties }) => properties['DashboardBody']));
    const named = [...textOf('docs/operating.md').matchAll(/(?<!\w)_([A-Z][^_]+)_(?!\w)/g)].map(
      ([, title = '']) => title,
    );

    expect(named.length).toBeGreaterThan(5);
    expect([...new Set(named)].filter((title) => !body.includes(title))).toEqual([]);
  });
});

describe('what the guides say about the function', () => {
  it('has a section for every kind of problem', () => {
    const sections = headingsOf('docs/operating.md');

    expect(problemKinds.filter((kind) => !sections.includes(kind))).toEqual([]);
  });

  it('has the numbers of the code', () => {
    expect(textOf('lambda/run.ts')).toContain('shareForSources = 0.6;');
    expect(textOf('docs/operating.md')).toContain('sources have 60 % of it');
    expect(maxAttempts).toBe(4);
    expect(textOf('docs/operating.md')).toContain('Up to three repetitions');
    expect(textOf('docs/deploying.md')).toContain(`${String(usualSeconds)} seconds a run`);
  });

  it('has the defaults of the schema', () => {
    const { secretCacheMinutes, deployment } = CollectorConfig.parse({
      sources: [{ kind: 'buildkite', agentTokens: [{ secret: 'a' }] }],
      sinks: [{ kind: 'cloudwatch' }],
    });

    expect(textOf('docs/deploying.md')).toContain(`\`secretCacheMinutes\` (${String(secretCacheMinutes)})`);
    expect(textOf('docs/deploying.md')).toContain(`with ${String(deployment.memoryMegabytes)} MB`);
  });

  it('has the bounds of the memory in the guide to counting', () => {
    const [, memory = ''] = /## What the memory holds at most\n(.*?)\n## /s.exec(textOf('docs/counting.md')) ?? [];
    const rows = new Map(
      [...memory.matchAll(/^\| ([^|]+?) +\| ([\d,]+)(?: characters)? +\| [^|]+\|$/gm)].map(
        ([, what = '', most = '']) => [what, Number(most.replaceAll(',', ''))],
      ),
    );

    expect(rows).toEqual(
      new Map([
        ['lists that are read by themselves, such as repositories', usualBounds.streams],
        ['open runs', usualBounds.open],
        ['runs that were given up, so that they are not lost twice', usualBounds.lost],
        ['finishes that may be seen again', usualBounds.seen],
        ['names under which a source writes something down', usualBounds.remembered],
        ['what a source writes down under one name', usualBounds.rememberedCharacters],
        ['deliveries whose end is not known', maxInFlight],
        ['increases that wait for a sink', maxSamples],
      ]),
    );
    expect(textOf('docs/counting.md')).toContain(`At most ${mostLines.toLocaleString('en')} a source and tick`);
  });

  it('has every exit code', () => {
    const table = [...textOf('README.md').matchAll(/^\| (\d) +\|/gm)].map(([, code]) => Number(code));

    expect(table).toEqual(Object.values(exitCodes).sort((a, b) => a - b));
  });
});

it('the guide to contributing names the steps of npm run check, in their order', () => {
  const [, list = ''] = /const steps = \[([^\]]+)\]/.exec(textOf('scripts/check.ts')) ?? [];
  const steps = [...list.matchAll(/'(\w+)'/g)].map(([, step]) => step);
  const [told = ''] = /`npm run check` runs .*? in the order/.exec(textOf('CONTRIBUTING.md')) ?? [];

  expect(steps.length).toBeGreaterThan(5);
  expect([...told.matchAll(/`(\w+)`/g)].map(([, step]) => step)).toEqual(steps);
});

it('the guide to contributing names every file that npm run docs writes', () => {
  const [, told = ''] = /## Documentation\n\n(.*) are written by `npm run docs`/.exec(textOf('CONTRIBUTING.md')) ?? [];

  expect(told).not.toBe('');
  expect(
    generatedPages()
      .map(({ path }) => path)
      .filter((path) => !told.includes(`\`${path}\``) && !told.includes(`\`${path.split('/')[0] ?? ''}/\``)),
  ).toEqual([]);
});
