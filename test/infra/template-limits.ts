/** What CloudFormation and the services refuse, although a template is well formed; each by the page that says so. */
import type { Template } from 'aws-cdk-lib/assertions';
import * as z from 'zod';
import { resolved } from './intrinsics.ts';
import { alarmsIn } from './simulation/template-alarms.ts';

/** AWS CloudFormation quotas: resources and outputs of a template, and its size in S3. */
const mostResources = 500;
const mostOutputs = 200;
const mostTemplateBytes = 1_000_000;

/** PutMetricAlarm and PutCompositeAlarm API references. */
const mostAlarmName = 255;
const mostAlarmDescription = 1024;
const mostAlarmRule = 10_240;
const mostAlarmQuery = 10_000;
const mostDimensions = 30;
const mostDimensionValue = 1024;

/** PutDashboard API reference, and "Dashboard body structure and syntax": alarms of an alarm widget. */
const mostWidgets = 500;
const mostAlarmsInWidget = 100;

/** Lambda quotas: all environment variables of a function, its security groups, and the subnets it is in. */
const mostEnvironmentBytes = 4096;
const mostSecurityGroups = 5;
const mostSubnets = 16;
/** Lambda API reference, CreateFunction. */
const mostFunctionDescription = 256;

/** EventBridge quotas: characters of an event pattern; API reference, CreateApiDestination. */
const mostPatternCharacters = 2048;
const mostEndpointCharacters = 2048;

/** IAM quotas, without blanks: all inline policies of a role together, and one managed policy. */
const mostInlineCharacters = 10_240;
const mostManagedCharacters = 6144;

const Body = z.object({
  widgets: z.array(
    z.object({ type: z.string(), properties: z.looseObject({ alarms: z.array(z.string()).optional() }) }),
  ),
});

/** A sentence for each limit that the template passes. */
export function passedLimits(template: Template): readonly string[] {
  return [
    ...ofTemplate(template),
    ...ofAlarms(template),
    ...ofDashboards(template),
    ...ofFunctions(template),
    ...ofEvents(template),
    ...ofPolicies(template),
    ...ofTags(template),
  ];
}

function ofTemplate(template: Template): readonly string[] {
  const json = template.toJSON();
  const { Resources = {}, Outputs = {} } = z
    .looseObject({
      Resources: z.record(z.string(), z.unknown()).optional(),
      Outputs: z.record(z.string(), z.unknown()).optional(),
    })
    .parse(json);
  return [
    ...tooMany('resources', Object.keys(Resources).length, mostResources),
    ...tooMany('outputs', Object.keys(Outputs).length, mostOutputs),
    ...tooMany('bytes of template', JSON.stringify(json).length, mostTemplateBytes),
  ];
}

function tooMany(what: string, number: number, most: number): readonly string[] {
  return number > most ? [`${String(number)} ${what}, of at most ${String(most)}`] : [];
}

/** CloudWatch user guide: alarm names are of UTF-8 without ASCII control characters. */
// eslint-disable-next-line no-control-regex -- these are the characters that are meant
const control = /[\x00-\x1f\x7f]/;

function ofAlarms(template: Template): readonly string[] {
  const metric = resolved(template, 'AWS::CloudWatch::Alarm').map(({ properties }) => properties);
  const composite = resolved(template, 'AWS::CloudWatch::CompositeAlarm').map(({ properties }) => properties);
  const names = [...metric, ...composite].map(({ AlarmName }) => String(AlarmName));
  return [
    ...names.filter((name, index) => names.indexOf(name) !== index).map((name) => `two alarms are named ${name}`),
    ...names.filter((name) => control.test(name)).map((name) => `a control character in the name ${name}`),
    ...names.flatMap((name) => tooMany(`characters of the alarm name ${name}`, name.length, mostAlarmName)),
    ...[...metric, ...composite].flatMap(({ AlarmName, AlarmDescription }) =>
      tooMany(
        `characters of the description of ${String(AlarmName)}`,
        String(AlarmDescription).length,
        mostAlarmDescription,
      ),
    ),
    ...composite.flatMap(({ AlarmName, AlarmRule }) =>
      tooMany(`characters of the rule of ${String(AlarmName)}`, String(AlarmRule).length, mostAlarmRule),
    ),
    ...alarmsIn(template).promqlAlarms.flatMap(({ AlarmName, query }) =>
      tooMany(`characters of the query of ${AlarmName}`, query.length, mostAlarmQuery),
    ),
    ...metric.flatMap(ofMetrics),
  ];
}

const Dimensions = z.array(z.object({ Name: z.string(), Value: z.string() }));
const Metrics = z.object({
  AlarmName: z.string(),
  Dimensions: Dimensions.default([]),
  Metrics: z
    .array(
      z.object({
        Expression: z.string().optional(),
        MetricStat: z.object({ Metric: z.object({ Dimensions: Dimensions.default([]) }) }).optional(),
      }),
    )
    .default([]),
});

function ofMetrics(properties: Readonly<Record<string, unknown>>): readonly string[] {
  const { AlarmName, Dimensions: own, Metrics: metrics } = Metrics.parse(properties);
  const all = [own, ...metrics.map(({ MetricStat }) => MetricStat?.Metric.Dimensions ?? [])];
  return all.flatMap((dimensions) => [
    ...tooMany(`dimensions of ${AlarmName}`, dimensions.length, mostDimensions),
    ...dimensions.flatMap(({ Name, Value }) => [
      ...tooMany(`characters of ${Name} in ${AlarmName}`, Value.length, mostDimensionValue),
      ...(Value.trim() === '' ? [`a blank ${Name} in ${AlarmName}`] : []),
      ...(control.test(Value) ? [`a control character in ${Name} of ${AlarmName}`] : []),
    ]),
  ]);
}

function ofDashboards(template: Template): readonly string[] {
  return resolved(template, 'AWS::CloudWatch::Dashboard').flatMap(({ properties }) => {
    const { widgets } = Body.parse(JSON.parse(String(properties['DashboardBody'])));
    return [
      ...tooMany('widgets', widgets.length, mostWidgets),
      ...widgets.flatMap(({ properties: { alarms = [] } }) =>
        tooMany('alarms of a widget', alarms.length, mostAlarmsInWidget),
      ),
    ];
  });
}

const FunctionProperties = z.object({
  Description: z.string().default(''),
  Environment: z.object({ Variables: z.record(z.string(), z.string()) }).optional(),
  VpcConfig: z
    .object({ SecurityGroupIds: z.array(z.string()).default([]), SubnetIds: z.array(z.string()).default([]) })
    .optional(),
});

function ofFunctions(template: Template): readonly string[] {
  return resolved(template, 'AWS::Lambda::Function').flatMap(({ properties }) => {
    const { Description, Environment, VpcConfig } = FunctionProperties.parse(properties);
    const variables = Object.entries(Environment?.Variables ?? {});
    const bytes = variables.reduce((sum, [name, value]) => sum + Buffer.byteLength(name + value), 0);
    return [
      ...tooMany('characters of a description', Description.length, mostFunctionDescription),
      ...tooMany('bytes of environment', bytes, mostEnvironmentBytes),
      ...tooMany('security groups', VpcConfig?.SecurityGroupIds.length ?? 0, mostSecurityGroups),
      ...tooMany('subnets', VpcConfig?.SubnetIds.length ?? 0, mostSubnets),
    ];
  });
}

/** CreateApiDestination API reference, InvocationEndpoint. */
const endpoint = /^((%[0-9A-Fa-f]{2}|[-()_.!~*';/?:@&=+$,A-Za-z0-9])+)([).!';/?:,])?$/;

function ofEvents(template: Template): readonly string[] {
  return [
    ...resolved(template, 'AWS::Events::Rule').flatMap(({ properties }) =>
      tooMany(
        'characters of an event pattern',
        JSON.stringify(properties['EventPattern']).length,
        mostPatternCharacters,
      ),
    ),
    ...resolved(template, 'AWS::Events::ApiDestination').flatMap(({ properties }) => {
      const url = String(properties['InvocationEndpoint']);
      return [
        ...tooMany('characters of an endpoint', url.length, mostEndpointCharacters),
        ...(endpoint.test(url) ? [] : [`an endpoint that EventBridge refuses: ${url}`]),
      ];
    }),
  ];
}

const Policy = z.object({ PolicyDocument: z.unknown(), Roles: z.array(z.string()).default([]) });

function ofPolicies(template: Template): readonly string[] {
  const sizes = new Map<string, number>();
  for (const { properties } of resolved(template, 'AWS::IAM::Policy')) {
    const { PolicyDocument, Roles } = Policy.parse(properties);
    for (const role of Roles) sizes.set(role, (sizes.get(role) ?? 0) + JSON.stringify(PolicyDocument).length);
  }
  return [
    ...[...sizes].flatMap(([role, size]) => tooMany(`characters of policy in ${role}`, size, mostInlineCharacters)),
    ...resolved(template, 'AWS::IAM::ManagedPolicy').flatMap(({ properties }) =>
      tooMany(
        'characters of a managed policy',
        JSON.stringify(Policy.parse(properties).PolicyDocument).length,
        mostManagedCharacters,
      ),
    ),
  ];
}

/** AWS General Reference, "Tagging your AWS resources": characters and number; IAM takes a key in one case only. */
const tagText = /^[\p{L}\p{Z}\p{N}_.:/=+\-@]*$/u;
const mostTags = 50;

const Tag = z.object({ Key: z.string(), Value: z.string() });

function ofTags(template: Template): readonly string[] {
  return resolved(template, 'AWS::IAM::Role').flatMap(({ properties }) => {
    const tags = z.array(Tag).default([]).parse(properties['Tags']);
    const keys = tags.map(({ Key }) => Key.toLowerCase());
    return [
      ...tooMany('tags', tags.length, mostTags),
      ...(new Set(keys).size === keys.length ? [] : [`tags that IAM takes for the same: ${keys.join()}`]),
      ...keys.filter((key) => key.startsWith('aws:')).map((key) => `a reserved tag ${key}`),
      ...tags
        .flatMap(({ Key, Value }) => [Key, Value])
        .filter((text) => !tagText.test(text))
        .map((text) => `a tag ${text}`),
    ];
  });
}
