/** Every fenced block of the documentation is held to something, by this test or by one that is named here. */
import { existsSync } from 'node:fs';
import { join } from 'node:path';
import { describe, expect, it } from 'vitest';
import * as z from 'zod';
import { finishedLine } from '../../../lambda/counters/finished-line.ts';
import { formatReport } from '../../../lambda/report/write-report.ts';
import { sources } from '../../../lambda/sources/index.ts';
import { degradedReport } from '../../cli/samples.ts';
import { configOf, synthesise } from '../../infra/synthesis.ts';
import { type Fence, fencesIn, fencesOf, markdownFiles, repositoryFiles, root, textOf } from '../files.ts';

const blocks = markdownFiles().flatMap(fencesIn);

/** Who reads the blocks of a language, and the words by which it takes them all. */
const readers: Readonly<Record<string, { readonly test: string; readonly words: string }>> = {
  diff: { test: 'test/repository/documentation/guide-copy.ts', words: "blocksOf(text, 'diff')" },
  json: { test: 'test/repository/documentation/blocks.test.ts', words: "fencesOf('json')" },
  logs: { test: 'test/repository/documentation/blocks.test.ts', words: "fencesOf('logs')" },
  sh: { test: 'test/repository/documentation/commands.test.ts', words: "fencesOf('sh').flatMap(commandsIn)" },
  text: { test: 'test/repository/documentation/blocks.test.ts', words: 'drawings.map' },
  ts: { test: 'test/repository/documentation/markdown.test.ts', words: "fencesOf('ts')" },
  yaml: { test: 'test/repository/documentation/markdown.test.ts', words: "fencesOf('yaml')" },
};

/** Blocks that nothing holds, by file and first line, each with its reason. */
const unheld: Readonly<Record<string, string>> = {
  'lambda/sinks/new-relic/README.md: SELECT timestamp, category, rateLimitType, message, requestId FROM NrIntegrationError':
    "NRQL, which runs in New Relic only; its names are those of New Relic's documentation",
  'docs/package.md: from ci_metrics_collector import CiMetricsCollector':
    'Python, whose package jsii-pacmak generates; no test generates it',
};

function nameOf({ file, text }: Fence): string {
  return `${file}: ${text.split('\n')[0] ?? ''}`;
}

describe('blocks of the documentation', () => {
  it('are each read by a test, or stand in the list with a reason', () => {
    const free = blocks.filter((block) => !(block.language in readers) && !(nameOf(block) in unheld));

    expect(blocks.length).toBeGreaterThan(80);
    expect(free.map(({ place, language }) => `${place} (${language})`)).toEqual([]);
  });

  it('are in the list only while they stand in the documentation', () => {
    const names = new Set(blocks.map(nameOf));
    const languages = new Set(blocks.map(({ language }) => language));

    expect(Object.keys(unheld).filter((name) => !names.has(name))).toEqual([]);
    expect(Object.keys(readers).filter((language) => !languages.has(language))).toEqual([]);
  });

  it.each(Object.entries(readers))('in %s are read where this says', (_, { test, words }) => {
    expect(textOf(test)).toContain(words);
  });

  it('of changes stand in the guides that a test follows, and nowhere else', () => {
    expect(new Set(fencesOf('diff').map(({ file }) => file))).toEqual(
      new Set(['docs/adding-a-sink.md', 'docs/adding-a-source.md']),
    );
  });
});

const drawings = blocks.filter(
  (block, index) => block.language === 'text' && !(blocks[index - 1]?.language === 'sh' && isOfOneFile(block, index)),
);

function isOfOneFile({ file }: Fence, index: number): boolean {
  return blocks[index - 1]?.file === file;
}

describe('drawings in the documentation', () => {
  it.each(drawings.map((drawing) => ({ name: nameOf(drawing), ...drawing })))(
    'name only files that exist: $file',
    ({ file, text }) => {
      const folder = file.startsWith('infra/') ? 'infra' : 'lambda';
      const files = repositoryFiles(folder);
      const named = [...text.matchAll(/[\w-]+(?:\/[\w-]+)*\.ts\b|\b[a-z]+\/(?=<kind>|\s|$)/g)].map(([path]) => path);

      const missing = named.filter(
        (path) => !existsSync(join(root, folder, path)) && !files.some((file) => file.endsWith(`/${path}`)),
      );

      expect(missing).toEqual([]);
    },
  );

  it('show every source: the first one, those that are told of events the one of events', () => {
    const [overview = ''] = fencesIn('README.md').map(({ text }) => text);
    const [events = ''] = fencesIn('docs/webhooks.md').map(({ text }) => text);
    const withEvents = sources.filter(({ config }) => 'events' in config.shape);
    const firstWord = ({ title }: { readonly title: string }): string => title.toLowerCase().split(' ')[0] ?? '';

    expect(drawings.map(({ file }) => file)).toEqual([
      'README.md',
      'docs/acting-on-alarms.md',
      'docs/webhooks.md',
      'infra/README.md',
      'lambda/README.md',
    ]);
    expect(withEvents.map(firstWord).filter((word) => !events.toLowerCase().includes(word))).toEqual([]);
    expect(withEvents.length).toBeGreaterThan(1);
    expect(sources.map(firstWord).filter((word) => !overview.toLowerCase().includes(word))).toEqual([]);
  });
});

const Statement = z.object({
  Effect: z.literal('Allow'),
  Action: z.literal('cloudwatch:PutMetricData'),
  Resource: z.literal('*'),
  Condition: z.object({ StringEquals: z.record(z.string(), z.array(z.string())) }),
});

/** The right of Amazon Managed Prometheus to publish to a topic, for one workspace alone. */
const TopicRight = z.strictObject({
  Effect: z.literal('Allow'),
  Principal: z.strictObject({ Service: z.literal('aps.amazonaws.com') }),
  Action: z.tuple([z.literal('sns:Publish'), z.literal('sns:GetTopicAttributes')]),
  Resource: z.string().startsWith('arn:aws:sns:'),
  Condition: z.strictObject({
    ArnEquals: z.strictObject({ 'aws:SourceArn': z.string().regex(/^arn:aws:aps:.*:workspace\/ws-/) }),
    StringEquals: z.strictObject({ 'aws:SourceAccount': z.string().regex(/^\d{12}$/) }),
  }),
});

describe('JSON in the documentation', () => {
  const examples = fencesOf('json').map(({ place, text }) => ({
    place,
    value: z.looseObject({}).parse(JSON.parse(text)),
  }));
  const messages = examples.filter(({ value }) => 'alarm' in value);
  const policies = examples.filter(({ value }) => 'Action' in value);
  const forPublishing = policies.filter(({ value }) => value['Action'] === 'cloudwatch:PutMetricData');
  const forTopics = policies.filter(({ value }) => 'Principal' in value);

  it('is a message to a receiver of alarms, or a right', () => {
    expect(messages.length).toBeGreaterThan(1);
    expect(forPublishing.length).toBeGreaterThan(0);
    expect(forPublishing.length + forTopics.length).toBe(policies.length);
    expect(messages.length + policies.length).toBe(examples.length);
  });

  it('that lets a service publish lets it for one workspace of one account', () => {
    for (const { place, value } of forTopics) expect(TopicRight.safeParse(value).error, place).toBeUndefined();
  });

  it('has the fields of the messages that the stack sends', { timeout: 120_000 }, () => {
    const config = configOf('minimal');
    const webhook = { url: 'https://events.example.com/', header: 'X-Token', token: { secret: 'receiver' } };
    const { template } = synthesise({ ...config, alarms: { ...config.alarms, webhook } });
    const inputs = [...JSON.stringify(template.toJSON()).matchAll(/"InputTemplate":"((?:[^"\\]|\\.)*)"/g)];
    const sent = inputs.map(([, input = '']) => [...input.matchAll(/\\"(\w+)\\":/g)].map(([, field = '']) => field));

    expect(sent.length).toBeGreaterThan(1);
    for (const { place, value } of messages)
      expect(
        sent.some((fields) => fields.sort().join() === Object.keys(value).sort().join()),
        `${place}: ${JSON.stringify(sent)}`,
      ).toBe(true);
  });

  it('has the right that the stack grants', () => {
    const template = z
      .record(z.string(), z.unknown())
      .parse(JSON.parse(textOf('test/fixtures/infra/minimal/template.json')));
    const granted = statementsIn(template).map((statement) => JSON.stringify(sortedOf(statement)));

    expect(granted).not.toEqual([]);
    for (const { place, value } of forPublishing)
      expect(granted, place).toContain(JSON.stringify(sortedOf(Statement.parse(value))));
  });
});

/** Every statement of a template about the publishing of metrics. */
function statementsIn(value: unknown): readonly z.infer<typeof Statement>[] {
  const { data } = Statement.safeParse(value);
  if (data !== undefined) return [data];
  return typeof value === 'object' && value !== null ? Object.values(value).flatMap(statementsIn) : [];
}

/** Neither the order of keys nor that of namespaces means anything. */
function sortedOf({ Condition: { StringEquals }, ...rest }: z.infer<typeof Statement>): object {
  return { ...rest, namespaces: [...(StringEquals['cloudwatch:namespace'] ?? [])].sort() };
}

/** Of Lambda's own lines in the log, and of those that the runtime writes when a function cannot start. */
const platformFields: ReadonlySet<string> = new Set([
  'type',
  'record.status',
  'record.errorType',
  'errorType',
  'errorMessage',
]);

/** What CloudWatch Logs Insights has itself, and what its words are. */
const ofInsights: ReadonlySet<string> = new Set(
  'fields filter sort limit stats display and or not like in by as asc desc count avg max min sum bin ispresent @timestamp @message'.split(
    ' ',
  ),
);

/** Every path of a value, as a query of the log names it. */
function pathsIn(value: unknown, path: string): readonly string[] {
  if (typeof value !== 'object' || value === null) return [path];
  return [
    path,
    ...Object.entries(value).flatMap(([key, inner]) => pathsIn(inner, path === '' ? key : `${path}.${key}`)),
  ];
}

describe('queries of the log in the documentation', () => {
  const examples = fencesOf('logs');
  const lambdaSource = repositoryFiles('lambda').filter((path) => path.endsWith('.ts'));
  const logged = new Set(
    lambdaSource.flatMap((path) =>
      [...textOf(path).matchAll(/\blog\.(?:info|warn|error)\('([^']+)'/g)].map(([, message = '']) => message),
    ),
  );
  const known = new Set([
    ...pathsIn(formatReport({ ...degradedReport, scheduledMs: degradedReport.startedAtMs }), ''),
    ...pathsIn({ level: '', message: '' }, ''),
    ...finishedRunFields(),
    ...platformFields,
  ]);

  it.each(examples)('name fields and messages that are logged: $place', ({ text }) => {
    const messages = [...text.matchAll(/message = "([^"]+)"/g)].map(([, message = '']) => message);
    const bare = text.replaceAll(/"[^"]*"|\/[^/]*\//g, ' ').replaceAll(/\bas \w+|\b\d+h\b/g, ' ');
    const aliases = new Set([...text.matchAll(/\bas (\w+)/g)].map(([, alias]) => alias));
    const named = [...bare.matchAll(/[@A-Za-z][\w.@]*/g)].map(([field]) => field);

    expect(messages.filter((message) => !logged.has(message))).toEqual([]);
    expect(named.filter((field) => !ofInsights.has(field) && !known.has(field) && !aliases.has(field))).toEqual([]);
  });

  it('are some', () => {
    expect(examples.length).toBeGreaterThan(4);
    expect(logged).toContain('run finished');
  });
});

/** Of the log line of a finished run, when its CI system tells everything. */
function finishedRunFields(): readonly string[] {
  const facts = { system: 'a', source: 'b', number: 1, durationSeconds: 1 };
  const span = {
    is: 'run',
    run: 'r',
    pipeline: 'p',
    scope: 's',
    result: 'success',
    attempt: 'first',
    endMs: 0,
  } as const;
  const told = { waitSeconds: 1, activeSeconds: 1, branch: 'main', commit: 'c', url: 'https://example.com' };
  return Object.keys(finishedLine(facts, { ...span, ...told }));
}

it('the guide to counting names the fields of a finished run', () => {
  const [, list = ''] =
    /one structured line `finished run` .*?, with (.*?), as far as/.exec(textOf('docs/counting.md')) ?? [];
  const named = [...list.matchAll(/`(\w+)`/g)].map(([, field = '']) => field);

  expect(named.sort()).toEqual([...finishedRunFields()].sort());
});
