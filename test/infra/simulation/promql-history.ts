/** Lets promtool evaluate the query of an alarm over a history of the series that it reads. */
import { mkdtemp, rm, writeFile } from 'node:fs/promises';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { promtoolWith, type Verdict } from '../../dashboards/rule-files.ts';
import { goProgram } from '../../servers/go-servers.ts';

/** Of one series, a sample a run: `stale` is the marker of an end, undefined no sample at all. */
export type History = readonly (number | 'stale' | undefined)[];

export function times<Value>(count: number, value: Value): readonly Value[] {
  return new Array<Value>(count).fill(value);
}

export interface Expectation {
  readonly series: Readonly<Record<string, History>>;
  /** Minutes, the first being 0. */
  readonly on: readonly number[];
  readonly off: readonly number[];
}

export interface Evaluation extends Expectation {
  readonly query: string;
  /** Of the series that the query finds while it is on. */
  readonly contributors: readonly Readonly<Record<string, string>>[];
  /** The interval of the collector. */
  readonly every: string;
}

export async function evaluate({ query, series, on, off, contributors, every }: Evaluation): Promise<Verdict> {
  const folder = await mkdtemp(join(tmpdir(), 'ci-metrics-promql-'));
  try {
    const rules = join(folder, 'rules.json');
    // The value is no part of an alarm's state.
    const rule = { alert: 'alarm', expr: query };
    await writeFile(rules, JSON.stringify({ groups: [{ name: 'alarms', interval: '1m', rules: [rule] }] }));
    const expected = (minute: number, labels: readonly Readonly<Record<string, string>>[]): object => ({
      eval_time: `${String(minute)}m`,
      alertname: 'alarm',
      exp_alerts: labels.map((exp_labels) => ({ exp_labels })),
    });
    return await promtoolWith(
      ['test', 'rules'],
      {
        rule_files: [rules],
        evaluation_interval: '1m',
        tests: [
          {
            interval: every,
            input_series: Object.entries(series).map(([name, values]) => ({
              series: name,
              values: values.map((value) => (value === undefined ? '_' : String(value))).join(' '),
            })),
            alert_rule_test: [
              ...on.map((minute) => expected(minute, contributors)),
              ...off.map((minute) => expected(minute, [])),
            ],
          },
        ],
      },
      goProgram('promtool'),
    );
  } finally {
    await rm(folder, { recursive: true, force: true });
  }
}
