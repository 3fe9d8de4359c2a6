/** Tests of the recording rules: promtool computes a day of costs and a month of deliveries. */
import { expect, it } from 'vitest';
import { withPromtool } from '../servers/require.ts';
import { pathOf, promtool, promtoolWith, type Verdict } from './rule-files.ts';

const file = 'prometheus-rules-recording.yaml';

/** Series of one value an hour, or as often as `every` says, and what the rules make of them after so many hours. */
async function tested(
  series: Readonly<Record<string, string>>,
  hours: number,
  expected: Readonly<Record<string, Readonly<Record<string, number>>>>,
  every = '1h',
): Promise<Verdict> {
  return await promtoolWith(['test', 'rules'], {
    rule_files: [pathOf(file)],
    // Windows of days, looked at once a day: each look costs promtool a second of a month.
    evaluation_interval: '24h',
    tests: [
      {
        interval: every,
        input_series: Object.entries(series).map(([name, values]) => ({ series: name, values })),
        promql_expr_test: Object.entries(expected).map(([expr, samples]) => ({
          expr: `round(${expr}, 0.01)`,
          eval_time: `${String(hours)}h`,
          exp_samples: Object.entries(samples).map(([labels, value]) => ({ labels, value })),
        })),
      },
    ],
  });
}

const queue = (name: string) => `currency="EUR", queue="${name}", scope="a", source="s", system="t"`;
const of = (labels: string) => `{${labels}}`;
const environment = 'deploy_environment="production", scope="web", source="s", system="t"';

const main = of('branch="main", pipeline="ci", scope="web", source="s", system="t"');

withPromtool('the recording rules', () => {
  it('are valid', async () => {
    const { isContent, output } = await promtool('check', 'rules', pathOf(file));

    expect(isContent, output).toBe(true);
  });

  it('give the cost of a day: of workers where they are paid by the hour, of jobs elsewhere', async () => {
    const { isContent, output } = await tested(
      {
        [`ci_worker_cost_total${of(`${queue('own')}, state="idle"`)}`]: '0+1x48',
        [`ci_worker_cost_total${of(`${queue('own')}, state="busy"`)}`]: '0+2x48',
        [`ci_job_cost_total${of(queue('own'))}`]: '0+2x48',
        [`ci_job_cost_total${of(queue('hosted'))}`]: '0+4x48',
      },
      48,
      {
        'queue:ci_cost:increase1d': { [of(queue('own'))]: 72, [of(queue('hosted'))]: 96 },
        'queue:ci_idle_cost:increase1d': { [of(queue('own'))]: 24 },
      },
    );

    expect(isContent, output).toBe(true);
  });

  it('give a failure rate of 0 where deployments went well, and none where there were none', async () => {
    const day = '0+1x720';
    const well = await tested({ [`ci_deployments_total${of(`${environment}, result="success"`)}`]: day }, 720, {
      'environment:ci_deployment_failures:ratio30d': { [of(environment)]: 0 },
      'environment:ci_deployments:per_day7d': { [of(environment)]: 24 },
    });
    const ill = await tested(
      {
        [`ci_deployments_total${of(`${environment}, result="success"`)}`]: '0+3x720',
        [`ci_deployments_total${of(`${environment}, result="timeout"`)}`]: day,
        [`ci_deployments_total${of(`${environment}, result="skip"`)}`]: '0+9x720',
      },
      720,
      { 'environment:ci_deployment_failures:ratio30d': { [of(environment)]: 0.25 } },
    );
    const idle = await tested({ [`ci_deployments_total${of(`${environment}, result="success"`)}`]: '5x720' }, 720, {
      'environment:ci_deployment_failures:ratio30d': {},
    });

    expect(well.isContent, well.output).toBe(true);
    expect(ill.isContent, ill.output).toBe(true);
    expect(idle.isContent, idle.output).toBe(true);
  });

  // One series at a time: promtool holds 10,000 samples of a query, and a month of looks is 2,160, which are held three times.
  it.each([
    ['for 36 hours and for 72', '1x299 0x107 1x599 0x215 1x1200', 54],
    ['for three hours of the two days that it is known', '_x2015 1x59 0x8 1x300', 3],
    ['all of the time', '0x2400', 720],
  ])('give how long main stayed red each time: %s', async (_, values, hours) => {
    const { isContent, output } = await tested(
      { [`ci_run_last_result${main}`]: values },
      720,
      { 'round(pipeline:ci_main_red_seconds:mean30d / 3600)': { [main]: hours } },
      '20m',
    );

    expect(isContent, output).toBe(true);
  });

  it('give no time to restore where main never was red', async () => {
    const { isContent, output } = await tested(
      { [`ci_run_last_result${main}`]: '1x2400' },
      720,
      { 'pipeline:ci_main_red_seconds:mean30d': {} },
      '20m',
    );

    expect(isContent, output).toBe(true);
  });
});
