/** Tests of the message about an alarm: which queue, since when, how many jobs, and where its links lead. */
import { describe, expect, it } from 'vitest';
import type { Telling } from '../../lambda/alarms/decide.ts';
import { describeFigure } from '../../lambda/alarms/figure.ts';
import { buildMessage, type Sender } from '../../lambda/alarms/message.ts';
import { describeSubject, findSubject } from '../../lambda/alarms/subject.ts';

const sender: Sender = {
  collector: 'acme',
  account: '111122223333',
  region: 'eu-west-1',
  console: 'console.aws.amazon.com',
  logGroup: '/aws/lambda/ci',
  dashboard: 'acme-eu-west-1',
  runbook: 'https://docs.example.com/operating.md',
  ciPages: { main: 'https://buildkite.com/organizations/acme/clusters' },
};

const telling: Telling = {
  alarm: 'acme/queue-starved/main/production/default',
  group: 'acme/queue-starved/main/production/default',
  state: 'ALARM',
  previousState: 'OK',
  reason:
    'Threshold Crossed: 3 out of the last 6 datapoints [2.0 (01/03/26 03:12:00), 1.0 (01/03/26 03:11:00)] were greater than the threshold (0.0).',
  changedAt: '2026-03-01T03:12:45.123+0000',
  isQuiet: false,
  isNamedInParts: false,
};

const titleOf = (more: Partial<Telling>): string => buildMessage({ ...telling, ...more }, sender).title;

describe('the title', () => {
  it.each<readonly [string, Partial<Telling>]>([
    ['ALARM: queue "default" of production (source main): 2 jobs wait and no worker takes them', {}],
    ['OK: queue "default" of production (source main), queue-starved', { state: 'OK' }],
    ['ALARM: source-down of main', { alarm: 'acme/source-down/main', reason: '' }],
    ['NO DATA: collector-down', { alarm: 'acme/collector-down', state: 'INSUFFICIENT_DATA' }],
    [
      'ALARM: workflow "build" of acme (source main), workflow-down',
      { alarm: 'acme/workflow-down/main', contributor: { Org: 'acme', Workflow: 'build', Runner: 'x' } },
    ],
    [
      'ALARM: queue "default" of production (source main): its oldest job has waited for 14 minutes',
      {
        alarm: 'acme/queue-stuck/main/production/default',
        reason: 'arn:… transitioned to ALARM',
        cause: { name: 'acme/queue-waits/main/production/default', reason: '[840.0 (01/03/26 03:12:00)]' },
      },
    ],
  ])('is %s', (title, more) => {
    expect(titleOf(more)).toBe(title);
  });

  it('is one line of at most 130 characters, whatever a queue is called', () => {
    const long = titleOf({ contributor: { source: 'main', scope: 'a', queue: `${'x'.repeat(200)}\nsecond` } });

    expect(long).toHaveLength(130);
    expect(titleOf({ contributor: { source: 'main', scope: 'a', queue: 'a\nb' } })).not.toContain('\n');
  });
});

describe('what the alarm is about', () => {
  it.each([
    ['queue-stuck/main/a%2Fb/x/y', {}, 'queue "x/y" of a/b (source main)'],
    [
      'any-queue-starved/main',
      { Source: 'main', Scope: 'z%C3%BCrich', Queue: 'q' },
      'queue "q" of zürich (source main)',
    ],
    ['any-queue-starved/main', { source: 'main', scope: 's', queue: '100%' }, 'queue "100%" of s (source main)'],
    ['dead-letters', {}, 'dead-letters'],
  ])('%s %j is %s', (name, contributor, text) => {
    expect(describeSubject(findSubject(name, contributor))).toBe(text);
  });
});

describe('the figure', () => {
  it.each([
    ['queue-starved', '[1.0 (x)]', '1 job waits and no worker takes it'],
    ['any-queue-waits', '[60.0 (x)]', 'its oldest job has waited for 1 minute'],
    ['any-queue-waits', '[7380.0 (x)]', 'its oldest job has waited for 2 h 3 min'],
    ['runs-stuck', '[3.0 (x)]', '3 runs are stuck'],
    ['source-down', '[0.0 (x)]', ''],
    ['queue-starved', 'no value', ''],
    ['queue-starved', '[1.2E-7 (x)]', '1.2e-7 jobs wait and no worker takes them'],
  ])('of %s with %s is: %s', (kind, reason, text) => {
    expect(describeFigure(kind, reason)).toBe(text);
  });
});

describe('the links', () => {
  const { links, text, page } = buildMessage(telling, sender);
  const hrefOf = (name: string): string => links.find((link) => link.text === name)?.href ?? '';

  it('lead to the dashboard, the alarm, the section of the runbook and the CI system', () => {
    expect(hrefOf('Dashboard')).toBe(
      'https://eu-west-1.console.aws.amazon.com/cloudwatch/home?region=eu-west-1#dashboards/dashboard/acme-eu-west-1',
    );
    expect(page).toMatch(/#alarmsV2:alarm\/acme%2Fqueue-starved%2Fmain%2Fproduction%2Fdefault$/);
    expect(hrefOf('Runbook')).toBe('https://docs.example.com/operating.md#queue-starved');
    expect(hrefOf('CI system')).toBe('https://buildkite.com/organizations/acme/clusters');
    expect(text).toContain(`[Log](${hrefOf('Log')})`);
  });

  it('lead to the query of the log, in the form of the console', () => {
    const [, detail = ''] = hrefOf('Log').split('$3D');
    const unfolded = decodeURIComponent(hrefOf('Log').split('queryDetail$3D')[1]?.replaceAll('$', '%') ?? '');

    expect(detail).not.toBe('');
    expect(unfolded).toContain("~(end~0~start~-10800~timeType~'RELATIVE~unit~'seconds~editorString~'");
    expect(decodeURIComponent(unfolded.replaceAll('*', '%'))).toContain('filter message = "run finished"');
    expect(decodeURIComponent(unfolded.replaceAll('*', '%'))).toContain("~source~(~'/aws/lambda/ci))");
  });

  it('are only those that are known', () => {
    const bare = buildMessage(telling, { ...sender, dashboard: '', runbook: '', ciPages: {} });

    expect(bare.links.map((link) => link.text)).toEqual(['Alarm', 'Log']);
  });
});

describe('the key', () => {
  const of = (more: Partial<Telling>): string => buildMessage({ ...telling, ...more }, sender).key;
  const contributor = { Source: 'main', Scope: 'a', Queue: 'b' };
  const group = 'acme/any-queue-stuck/main';

  it('is one for a queue, whichever part finds it and in whatever order its groups come', () => {
    const one = of({ alarm: 'acme/any-queue-starved/main', group, contributor });

    expect(
      of({ alarm: 'acme/any-queue-waits/main', group, contributor: { Queue: 'b', Scope: 'a', Source: 'main' } }),
    ).toBe(one);
    expect(of({ alarm: 'acme/any-queue-waits/main', group, contributor: { ...contributor, Queue: 'c' } })).not.toBe(
      one,
    );
  });

  it('has at most 255 characters and stays apart', () => {
    const long = 'q'.repeat(300);
    const one = of({ group, contributor: { ...contributor, Queue: `${long}1` } });

    expect(one).toHaveLength(255);
    expect(of({ group, contributor: { ...contributor, Queue: `${long}2` } })).not.toBe(one);
  });
});
