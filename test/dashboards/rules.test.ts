/** Tests of the Prometheus alerts: promtool lets each one fire and stay quiet over histories of series. */
import { readFileSync } from 'node:fs';
import { join } from 'node:path';
import { describe, expect, it } from 'vitest';
import { Alarms } from '../../lambda/config/deployment.ts';
import { anchor } from '../../scripts/docs/table.ts';
import { withPromtool } from '../servers/require.ts';
import { attestationCases } from './attestation-cases.ts';
import { countingCases, countingNight } from './counting-cases.ts';
import { night, cases as queueCases, type RuleCase } from './rule-cases.ts';
import { runCases, runNight } from './run-cases.ts';
import { pathOf, promtool, promtoolWith, ruleFiles, ruleNamed, rules, type Verdict } from './rule-files.ts';
import { tektonCases } from './tekton-cases.ts';

const cases = [...queueCases, ...runCases, ...attestationCases, ...tektonCases, ...countingCases];

/** Series by selector, values in promtool's notation: one a minute, from the minute 0 on. */
type Written = Readonly<Record<string, string>>;

function inputOf(series: Written): readonly object[] {
  return Object.entries(series).map(([name, values]) => ({ series: name, values }));
}

/** What promtool expects of one alert, with the texts that stand in the file. */
function expectation({ alert, at, fires }: Pick<RuleCase, 'alert' | 'at' | 'fires'>): object {
  const { labels, annotations } = ruleNamed(alert);
  return {
    eval_time: at,
    alertname: alert,
    exp_alerts: fires.map(({ summary, ...own }) => ({
      exp_labels: { ...labels, ...own.labels },
      exp_annotations: { ...annotations, summary },
    })),
  };
}

async function tested(series: Written, more: object): Promise<Verdict> {
  return await promtoolWith(['test', 'rules'], {
    rule_files: ruleFiles.map(pathOf),
    evaluation_interval: '1m',
    tests: [{ interval: '1m', input_series: inputOf(series), ...more }],
  });
}

/** Lets promtool evaluate only the alert of the case: all others would be most of the work, and cannot change it. */
async function testCase(ruleCase: RuleCase): Promise<Verdict> {
  const { alert, series, every = '1m' } = ruleCase;
  const content = {
    rule_files: ['rule.yaml'],
    evaluation_interval: every,
    tests: [{ interval: '1m', input_series: inputOf(series), alert_rule_test: [expectation(ruleCase)] }],
  };
  const only = { groups: [{ name: alert, rules: [ruleNamed(alert)] }] };
  return await promtoolWith(['test', 'rules'], content, 'promtool', { 'rule.yaml': only });
}

withPromtool('the alert rules', () => {
  it.each(ruleFiles)('are valid: %s', async (file) => {
    const { isContent, output } = await promtool('check', 'rules', pathOf(file));

    expect(isContent, output).toBe(true);
    expect(output).not.toContain('0 rules');
  });

  it.each(cases)('$alert $title', async (ruleCase) => {
    const { isContent, output } = await testCase(ruleCase);

    expect(isContent, output).toBe(true);
  });

  it.each(['collector="ci-metrics"', 'job="ci-metrics"'])('are all quiet in an empty night (%s)', async (identity) => {
    const expectations = rules.flatMap(({ alert }) =>
      ['10m', '2h', '8h'].map((at) => expectation({ alert, at, fires: [] })),
    );

    const { isContent, output } = await tested(
      { ...night(identity), ...runNight(identity), ...countingNight(identity) },
      { alert_rule_test: expectations },
    );

    expect(expectations.length).toBeGreaterThan(30);
    expect(isContent, output).toBe(true);
  });

  it('need last_over_time to name a dead collector: its series is gone after some minutes', async () => {
    const series = { 'ci_collector_last_run_timestamp_seconds{collector="a"}': '0+60x10 stale' };
    const plain = 'time() - ci_collector_last_run_timestamp_seconds > 180';

    const { isContent, output } = await tested(series, {
      promql_expr_test: [{ expr: plain, eval_time: '20m', exp_samples: [] }],
    });

    expect(isContent, output).toBe(true);
  });

  it('are noticed when they do not fire, and when they do', async () => {
    const [firing] = cases.filter(({ fires }) => fires.length > 0);
    const [quiet] = cases.filter(({ fires }) => fires.length === 0);
    if (firing === undefined || quiet === undefined) throw new Error('there are no cases');
    const wrong = [
      { ...firing, fires: [] },
      { ...quiet, fires: firing.fires },
      { ...firing, fires: firing.fires.map((expected) => ({ ...expected, summary: 'another text' })) },
    ];

    const verdicts = await Promise.all(wrong.map(testCase));

    expect(verdicts.map(({ isContent }) => isContent)).toEqual([false, false, false]);
  });
});

describe('the alerts', () => {
  it('have names of their own', () => {
    expect(new Set(rules.map(({ alert }) => alert)).size).toBe(rules.length);
  });

  it('are each tried both ways', () => {
    const tried = (isFiring: boolean): ReadonlySet<string> =>
      new Set(cases.filter(({ fires }) => fires.length > 0 === isFiring).map(({ alert }) => alert));

    const names = rules.map(({ alert }) => alert);

    expect(names.length).toBeGreaterThan(10);
    expect(names.filter((name) => !tried(true).has(name) || !tried(false).has(name))).toEqual([]);
  });

  it('lead to sections of the runbook that exist', () => {
    const page = readFileSync(join(import.meta.dirname, '../../docs/operating.md'), 'utf8');
    const sections = new Set(
      page
        .split('\n')
        .filter((line) => line.startsWith('### '))
        .map((line) => anchor(line.slice(4))),
    );

    const missing = rules
      .map(({ annotations }) => annotations.runbook)
      .filter((runbook) => !runbook.startsWith('docs/operating.md#') || !sections.has(runbook.split('#')[1] ?? ''));

    expect(missing).toEqual([]);
  });

  it('wait as long as the alarms of the stack', () => {
    const alarms = Alarms.parse({});
    const { oldestWaitMinutes, starvedMinutes, sourceDownMinutes, sinkDownMinutes, silentMinutes } = alarms;

    expect(ruleNamed('QueueStarved').for).toBe(`${String(starvedMinutes)}m`);
    expect(ruleNamed('SourceDown').for).toBe(`${String(sourceDownMinutes)}m`);
    expect(ruleNamed('SinkDown').for).toBe(`${String(sinkDownMinutes)}m`);
    expect(ruleNamed('QueueOldestWait').expr).toContain(`> ${String(oldestWaitMinutes * 60)}`);
    expect(ruleNamed('RunsStuck').for).toBe(`${String(alarms.stuckRunsMinutes)}m`);
    expect(ruleNamed('WorkflowDown').for).toBe(`${String(alarms.workflowDownMinutes)}m`);
    expect(ruleNamed('CollectorSilent').expr).toContain(`> ${String(silentMinutes * 60)}\n`);
  });

  it('say in a sentence or two what to do, and put no template into what must be found by its text', () => {
    for (const { alert, annotations } of rules) {
      expect(annotations.description.length, alert).toBeGreaterThan(100);
      expect(annotations.description, alert).not.toContain('{{');
    }
  });
});
