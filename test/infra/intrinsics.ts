/** Resolves `Ref`, `Fn::GetAtt` and `Fn::Join` of a template as a deployment to a sample account would. */
import type { Template } from 'aws-cdk-lib/assertions';
import * as z from 'zod';

export const account = '111122223333';
export const region = 'eu-west-1';

const pseudo: Readonly<Record<string, string>> = {
  'AWS::AccountId': account,
  'AWS::Partition': 'aws',
  'AWS::Region': region,
  'AWS::URLSuffix': 'amazonaws.com',
  'AWS::StackName': 'ci-metrics',
};

const ResourceShape = z.object({ Type: z.string(), Properties: z.record(z.string(), z.unknown()).default({}) });
export type Resource = z.infer<typeof ResourceShape>;

export function resourcesOf(template: Template): Readonly<Record<string, Resource>> {
  return z.object({ Resources: z.record(z.string(), ResourceShape) }).parse(template.toJSON()).Resources;
}

/** The resources of one type, their properties with sample values in the place of intrinsic functions. */
export function resolved(
  template: Template,
  type: string,
): readonly { id: string; properties: Record<string, unknown> }[] {
  return Object.entries(resourcesOf(template))
    .filter(([, resource]) => resource.Type === type)
    .map(([id, { Properties }]) => ({
      id,
      properties: z.record(z.string(), z.unknown()).parse(resolve(Properties, template)),
    }));
}

/** `Ref`, `Fn::GetAtt` and `Fn::Join` as they would be after a deployment to the sample account. */
export function resolve(value: unknown, template: Template): unknown {
  if (Array.isArray(value)) return value.map((item) => resolve(item, template));
  if (typeof value !== 'object' || value === null) return value;
  if ('Ref' in value && typeof value.Ref === 'string') return pseudo[value.Ref] ?? referenceTo(value.Ref, template);
  if ('Fn::GetAtt' in value) return attribute(z.tuple([z.string(), z.string()]).parse(value['Fn::GetAtt']), template);
  if ('Fn::Join' in value) {
    const [separator, parts] = z.tuple([z.string(), z.array(z.unknown())]).parse(value['Fn::Join']);
    return parts.map((part) => String(resolve(part, template))).join(separator);
  }
  return Object.fromEntries(Object.entries(value).map(([key, item]) => [key, resolve(item, template)]));
}

function referenceTo(id: string, template: Template): string {
  const resource = resourcesOf(template)[id];
  if (resource === undefined) throw new Error(`the template refers to ${id}, which it does not have`);
  const { Type, Properties } = resource;
  if (Type === 'AWS::SecretsManager::Secret')
    return arn('secretsmanager', `secret:${String(Properties['Name'])}-AbCdEf`);
  if (Type === 'AWS::SNS::Topic') return arn('sns', id);
  return id;
}

function attribute([id, name]: [string, string], template: Template): string {
  if (name !== 'Arn') return `${id}.${name}`;
  const type = resourcesOf(template)[id]?.Type;
  const service = {
    'AWS::SQS::Queue': 'sqs',
    'AWS::CloudWatch::Alarm': 'cloudwatch',
    'AWS::CloudWatch::CompositeAlarm': 'cloudwatch',
  }[type ?? ''];
  if (service !== undefined) return arn(service, service === 'sqs' ? id : `alarm:${id}`);
  if (type === 'AWS::Lambda::Function') return arn('lambda', `function:${id}`);
  if (type === 'AWS::Logs::LogGroup') return arn('logs', `log-group:${id}:*`);
  if (type === 'AWS::Events::ApiDestination') return arn('events', `api-destination/${id}/00000000`);
  if (type === 'AWS::Events::Connection') return arn('events', `connection/${id}/00000000`);
  if (type === 'AWS::Events::Rule') return arn('events', `rule/${id}`);
  if (type === 'AWS::Scheduler::ScheduleGroup') return arn('scheduler', `schedule-group/${id}`);
  if (type === 'AWS::DynamoDB::Table') return arn('dynamodb', `table/${id}`);
  if (type === 'AWS::IAM::Role') return `arn:aws:iam::${account}:role/${id}`;
  throw new Error(`no sample for the ${name} of ${String(type)}`);
}

export function arn(service: string, resource: string): string {
  return `arn:aws:${service}:${region}:${account}:${resource}`;
}
