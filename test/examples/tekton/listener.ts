/** Reads the manifests of examples/tekton, and does what Tekton Triggers does with a request. */
import { readdirSync, readFileSync } from 'node:fs';
import { join } from 'node:path';
import { createContext, runInContext } from 'node:vm';
import { parseAllDocuments } from 'yaml';
import * as z from 'zod';

const folder = join(import.meta.dirname, '../../../examples/tekton');

const Manifest = z.looseObject({
  apiVersion: z.string(),
  kind: z.string(),
  metadata: z.looseObject({ name: z.string().optional(), namespace: z.string().optional() }),
});
export type Manifest = z.infer<typeof Manifest>;

/** Every object of every file. */
export const manifests: readonly Manifest[] = readdirSync(folder)
  .filter((name) => name.endsWith('.yaml'))
  .flatMap((name) =>
    parseAllDocuments(readFileSync(join(folder, name), 'utf8')).map((document) =>
      Manifest.parse(document.toJS(), { reportInput: true }),
    ),
  );

export function findAll(kind: string): readonly Manifest[] {
  return manifests.filter((manifest) => manifest.kind === kind);
}

const Overlay = z.strictObject({ key: z.string(), expression: z.string() });
const Interceptor = z.strictObject({
  ref: z.strictObject({ name: z.literal('cel') }),
  params: z.array(
    z.discriminatedUnion('name', [
      z.strictObject({ name: z.literal('filter'), value: z.string() }),
      z.strictObject({ name: z.literal('overlays'), value: z.array(Overlay) }),
    ]),
  ),
});
const Trigger = z.strictObject({
  name: z.string(),
  interceptors: z.tuple([Interceptor]),
  bindings: z.array(z.strictObject({ name: z.string(), value: z.string() })),
  template: z.strictObject({ ref: z.string() }),
});
export type Trigger = z.infer<typeof Trigger>;

const Listener = z.looseObject({
  spec: z.strictObject({ serviceAccountName: z.string(), triggers: z.array(Trigger) }),
});

export const listener = Listener.parse(findAll('EventListener')[0]);

/** A request as it came: names of headers in lower case. */
export interface Posted {
  readonly headers: Readonly<Record<string, string>>;
  readonly body: unknown;
}

/** What a trigger starts: its template, and what the template is given. */
export interface Started {
  readonly trigger: string;
  readonly template: string;
  readonly params: Readonly<Record<string, string>>;
}

/** The Secret of the cluster. */
const secret = { token: 'token-of-cloudwatch', authorization: 'Bearer bearer-token' };

/** What the functions of CEL do that are not JavaScript's own. */
const celFunctions = `
  String.prototype.contains = String.prototype.includes;
  String.prototype.matches = function (pattern) { return new RegExp(pattern).test(this); };
  String.prototype.compareSecret = function (key, name, namespace) {
    return name === 'ci-alarm-token' && namespace === 'ci' && String(this) === secret[key];
  };
  const header = { canonical: (name) => headers[name.toLowerCase()] ?? '' };
  const has = (value) => value !== undefined;
`;

/** The expressions of the examples are JavaScript, too; a place that is not there ends CEL with an error: no start. */
function evaluate(expression: string, { headers, body }: Posted): unknown {
  const context = createContext({ headers, body, secret });
  try {
    return runInContext(`${celFunctions}\n(${expression})`, context);
  } catch {
    return undefined;
  }
}

/** Every trigger that answers the request. */
export function findStarted(request: Posted): readonly Started[] {
  return listener.spec.triggers.flatMap((trigger) => {
    const { params } = trigger.interceptors[0];
    const isMeant = params.every((param) => param.name !== 'filter' || evaluate(param.value, request) === true);
    if (!isMeant) return [];
    const overlays = params.flatMap((param) => (param.name === 'overlays' ? param.value : []));
    const extensions = Object.fromEntries(overlays.map(({ key, expression }) => [key, evaluate(expression, request)]));
    const bound = trigger.bindings.map(
      ({ name, value }) => [name, bind(value, { body: request.body, extensions })] as const,
    );
    return [{ trigger: trigger.name, template: trigger.template.ref, params: Object.fromEntries(bound) }];
  });
}

/** @throws Error for a path that leads nowhere, as Triggers refuses the whole event */
function bind(value: string, root: unknown): string {
  const path = /^\$\(([^)]+)\)$/.exec(value)?.[1]?.split('.') ?? [];
  const found = path.reduce<unknown>((inside, key) => z.record(z.string(), z.unknown()).parse(inside)[key], root);
  return z.string({ error: `${value} leads to no text` }).parse(found);
}

const Template = z.looseObject({
  metadata: z.looseObject({ name: z.string() }),
  spec: z.strictObject({
    params: z.array(z.strictObject({ name: z.string(), default: z.string().optional() })),
    resourcetemplates: z.tuple([
      z.looseObject({
        kind: z.literal('TaskRun'),
        metadata: z.strictObject({ generateName: z.string(), labels: z.record(z.string(), z.string()) }),
        spec: z.looseObject({
          serviceAccountName: z.string(),
          params: z.array(z.strictObject({ name: z.string(), value: z.string() })),
          taskSpec: z.strictObject({
            params: z.array(z.strictObject({ name: z.string() })),
            steps: z.tuple([
              z.strictObject({
                name: z.string(),
                image: z.string(),
                env: z.array(z.strictObject({ name: z.string(), value: z.string() })),
                script: z.string(),
              }),
            ]),
          }),
        }),
      }),
    ]),
  }),
});
export type Template = z.infer<typeof Template>;

export const templates: readonly Template[] = findAll('TriggerTemplate').map((manifest) => Template.parse(manifest));

/** What a step runs. */
export interface Step {
  readonly script: string;
  readonly env: Readonly<Record<string, string>>;
}

/** The script of a template and its environment, once it was given these values. @throws Error for one it lacks */
export function fillTemplate(name: string, given: Readonly<Record<string, string>>): Step {
  const template = templates.find(({ metadata }) => metadata.name === name);
  if (template === undefined) throw new Error(`there is no template ${name}`);
  const known = new Map(template.spec.params.map((param) => [param.name, given[param.name] ?? param.default]));
  const [{ spec }] = template.spec.resourcetemplates;
  const fill = (text: string, prefix: string, values: ReadonlyMap<string, string | undefined>): string =>
    text.replaceAll(new RegExp(String.raw`\$\(${prefix}\.([^)]+)\)`, 'g'), (_, key: string) => {
      const value = values.get(key);
      if (value === undefined) throw new Error(`${name} has no value for ${key}`);
      return value;
    });
  const params = new Map(spec.params.map((param) => [param.name, fill(param.value, 'tt.params', known)]));
  const [step] = spec.taskSpec.steps;
  return {
    script: step.script,
    env: Object.fromEntries(step.env.map((one) => [one.name, fill(one.value, 'params', params)])),
  };
}
