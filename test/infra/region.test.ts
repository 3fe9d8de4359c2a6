/** Tests of what depends on the Region: the URL of the dashboard, and what a Region lacks. */
import { Template } from 'aws-cdk-lib/assertions';
import { describe, expect, it } from 'vitest';
import { resolve } from './intrinsics.ts';
import { CiMetricsStack } from '../../infra/ci-metrics-stack.ts';
import { appForTest, configOf, inlineCode, synthesise } from './synthesis.ts';

const urlIn = (region?: string): string => {
  const { template } = synthesise(configOf('minimal'), region === undefined ? {} : { env: { region } });
  return JSON.stringify(resolve(template.findOutputs('DashboardUrl'), template));
};

describe('the URL of the dashboard', () => {
  it.each([
    ['eu-west-1', 'https://eu-west-1.console.aws.amazon.com/'],
    ['us-gov-west-1', 'https://us-gov-west-1.console.amazonaws-us-gov.com/'],
    ['cn-north-1', 'https://cn-north-1.console.amazonaws.cn/'],
    ['eusc-de-east-1', 'https://eusc-de-east-1.console.amazonaws-eusc.eu/'],
  ])('in %s begins with %s', (region, start) => {
    expect(urlIn(region)).toContain(`${start}cloudwatch/home?region=${region}#dashboards/dashboard/`);
  });

  it('is decided by the partition where the Region is known only when it is deployed', () => {
    const { template } = synthesise(configOf('minimal'));
    const text = JSON.stringify(template.findOutputs('DashboardUrl'));

    for (const domain of ['console.amazonaws.cn', 'console.amazonaws-us-gov.com', 'console.aws.amazon.com']) {
      expect(text).toContain(domain);
    }
    expect(Template.fromJSON(template.toJSON()).findConditions('Inawscn')).toEqual({
      Inawscn: { 'Fn::Equals': [{ Ref: 'AWS::Partition' }, 'aws-cn'] },
    });
  });
});

describe('what a Region lacks', () => {
  const findings = (region: string): readonly string[] => {
    const everything = configOf('everything');
    const [first] = everything.sources;
    const sources = [{ ...first, events: { webhookSecret: { secret: 'ci/webhook' } } }, ...everything.sources.slice(1)];
    const stack = new CiMetricsStack(appForTest(), 'ci-metrics', {
      config: { ...everything, sources },
      env: { region },
      settings: { code: inlineCode(), webhookCode: inlineCode(), messengerCode: inlineCode() },
    });
    return stack.node
      .findAll()
      .flatMap(({ node }) => node.metadata.filter(({ type }) => type === 'aws:cdk:error' || type === 'aws:cdk:warning'))
      .map(({ data }) => String(data));
  };

  it.each([
    ['eu-south-2', /eu-south-2 has no URLs of Lambda functions .* leave out "events"/],
    ['ap-southeast-5', /ap-southeast-5 has no URLs of Lambda functions/],
    ['mx-central-1', /mx-central-1 has no URLs of Lambda functions/],
    ['cn-northwest-1', /cn-northwest-1 has no URLs of Lambda functions/],
    ['il-central-1', /il-central-1 has no API destinations/],
    ['us-gov-west-1', /us-gov-west-1 has no API destinations .* "alarms\.webhook"/],
  ])('is told at the synthesis: %s', (region, text) => {
    expect(findings(region).join('\n')).toMatch(text);
  });

  it('is nothing in a Region that has all', () => {
    expect(findings('eu-west-1')).toEqual([]);
  });
});
