/** Tests of the generated configuration of Alertmanager: amtool checks it, and says where each alert goes. */
import { readFileSync } from 'node:fs';
import { mkdtemp, rm, writeFile } from 'node:fs/promises';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { describe, expect, it } from 'vitest';
import { parse } from 'yaml';
import * as z from 'zod';
import { withAlertmanager } from '../../servers/require.ts';
import { pathOf, rules } from '../rule-files.ts';
import { amtool, configFile, findReceivers, readConfig } from './amtool.ts';

const Managed = z.strictObject({ alertmanager_config: z.string() });

function readManaged(): z.infer<typeof Managed> {
  return Managed.parse(parse(readFileSync(pathOf('alertmanager-amp.yaml'), 'utf8')));
}

const repaired = ['RunsStuck', 'PipelineFailing', 'TektonQuotaExceeded', 'QueueOldestWait', 'QueueStarved'];

withAlertmanager('the configuration of Alertmanager', () => {
  it('is valid', async () => {
    const said = await amtool('check-config', configFile);

    expect(said).toContain('SUCCESS');
    expect(said).toContain('4 receivers');
    expect(said).toContain('3 inhibit rules');
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

withAlertmanager('the definition for Amazon Managed Prometheus', () => {
  it('is a configuration that amtool takes, with one topic for everything and the same silence', async () => {
    const { alertmanager_config: inside } = readManaged();
    const { inhibit_rules: silencing } = z.looseObject({ inhibit_rules: z.unknown() }).parse(parse(inside));
    const folder = await mkdtemp(join(tmpdir(), 'ci-metrics-amp-'));
    const file = join(folder, 'alertmanager.yaml');
    await writeFile(file, inside);
    try {
      expect(await amtool('check-config', file)).toContain('SUCCESS');
      expect(await findReceivers({ alertname: 'QueueStarved', severity: 'critical' }, file)).toEqual(['sns']);
    } finally {
      await rm(folder, { recursive: true, force: true });
    }
    expect(silencing).toEqual(z.looseObject({ inhibit_rules: z.unknown() }).parse(parse(readConfig())).inhibit_rules);
    expect(inside).toContain('topic_arn: TOPIC_ARN');
    expect(inside).toMatch(/sigv4:\n +region: REGION\n/);
    expect(inside).toMatch(/subject: .{1,100}\n/);
  });
});

describe('the rules for Mimir', () => {
  it('are those for Prometheus, in a namespace', () => {
    const read = (name: string): unknown => parse(readFileSync(pathOf(name), 'utf8'));
    const { namespace, groups } = z
      .strictObject({ namespace: z.string(), groups: z.unknown() })
      .parse(read('mimir-rules.yaml'));

    expect(namespace).toBe('ci-metrics');
    expect({ groups }).toEqual(read('prometheus-rules.yaml'));
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
