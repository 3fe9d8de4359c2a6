/** Tests of the generated configuration of Alertmanager: amtool checks it, and says where each alert goes. */
import { describe, expect, it } from 'vitest';
import { parse } from 'yaml';
import { withAlertmanager } from '../../servers/require.ts';
import { rules } from '../rule-files.ts';
import { amtool, configFile, findReceivers, readConfig } from './amtool.ts';

const repaired = ['RunsStuck', 'PipelineFailing', 'TektonQuotaExceeded', 'QueueOldestWait'];

withAlertmanager('the configuration of Alertmanager', () => {
  it('is valid', async () => {
    const said = await amtool('check-config', configFile);

    expect(said).toContain('SUCCESS');
    expect(said).toContain('4 receivers');
    expect(said).toContain('4 inhibit rules');
  });

  it.each(rules.map(({ alert, labels }) => [alert, labels.severity] as const))(
    'tells chat of %s, a person at once what is %s, and a pipeline what it can repair',
    async (alertname, severity) => {
      const labels = { alertname, severity, collector: 'ci', source: 'main', queue: 'default' };

      expect(await findReceivers(labels)).toEqual([
        ...(repaired.includes(alertname) ? ['tekton'] : []),
        ...(severity === 'critical' ? ['pagerduty', 'opsgenie'] : []),
        'slack',
      ]);
    },
  );

  it('calls no pipeline for a run that an alarm has started', async () => {
    const labels = { alertname: 'RunsStuck', severity: 'warning', source: 'main', pipeline: '#alarm#' };

    expect(await findReceivers(labels)).toEqual(['slack']);
  });
});

describe('the configuration of Alertmanager', () => {
  it('holds no secret, only the files that they stand in', () => {
    const paths = readConfig().match(/\S*_file: .*/g);

    expect(paths).toHaveLength(4);
    expect(readConfig()).not.toMatch(/(?:api_url|routing_key|api_key|credentials|service_key): /);
  });

  it('has rules of which an alert never meets both sides, or it would silence itself', () => {
    const { inhibit_rules: silencing } = parse(readConfig()) as {
      readonly inhibit_rules: readonly {
        readonly source_matchers: readonly string[];
        readonly target_matchers: readonly string[];
      }[];
    };
    const nameOf = (matchers: readonly string[]): string => matchers.find((one) => one.startsWith('alertname')) ?? '';

    for (const { source_matchers: source, target_matchers: target } of silencing) {
      const name = nameOf(source);
      const isApart =
        nameOf(target) === name.replace('=', '!=') || !nameOf(target).includes(name.split('"')[1] ?? 'nothing');
      expect(isApart, name).toBe(true);
    }
  });
});
