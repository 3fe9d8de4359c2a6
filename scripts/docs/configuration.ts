/** Writes `docs/configuration.md` from the JSON Schema. */
import * as z from 'zod';
import { buildConfigJsonSchema } from '../../lambda/config/json-schema.ts';
import { anchor, code, generatedNote, table } from './table.ts';

/** What the page reads of a JSON Schema; everything else in it is for editors. */
const Node = z.object({
  $ref: z.string().optional(),
  type: z.string().optional(),
  const: z.string().optional(),
  enum: z.array(z.union([z.string(), z.number()])).optional(),
  default: z.json().optional(),
  description: z.string().optional(),
  format: z.string().optional(),
  minimum: z.number().optional(),
  maximum: z.number().optional(),
  required: z.array(z.string()).optional(),
  get properties() {
    return z.record(z.string(), Node).optional();
  },
  get items() {
    return Node.optional();
  },
  get additionalProperties() {
    return z.union([z.boolean(), Node]).optional();
  },
  get anyOf() {
    return z.array(Node).optional();
  },
  get oneOf() {
    return z.array(Node).optional();
  },
});
type Node = z.infer<typeof Node>;

const Root = z.object({ $defs: z.record(z.string(), Node) });
type Definitions = z.infer<typeof Root>['$defs'];

/** A source or a sink as the page shows it. */
export interface DocumentedPlugin {
  readonly kind: string;
  readonly title: string;
  /** Text of its `example.yaml`; undefined while there is none. */
  readonly example: string | undefined;
}

/** `docs/configuration.md`: every setting of the schema. */
export function configurationPage(sources: readonly DocumentedPlugin[], sinks: readonly DocumentedPlugin[]): string {
  const { $defs: definitions } = Root.parse(buildConfigJsonSchema());
  const plugins = [...sources, ...sinks].map(({ kind }) => definitionOfKind(definitions, kind).id);
  const own = new Set([...plugins, 'CollectorConfig', 'Alarms', 'Deployment']);
  const shared = Object.keys(definitions).filter((id) => !own.has(id));
  const settings = (id: string): string => settingsTable(nodeOf(definitions, id), definitions);
  const parts = [
    ...introduction,
    '## Top level',
    settings('CollectorConfig'),
    '## Sources',
    'Each entry of `sources` is one connection to one CI system.',
    ...sources.flatMap((plugin) => pluginPart(plugin, definitions)),
    '## Sinks',
    'Each entry of `sinks` is one destination; several of one kind are allowed.',
    ...sinks.flatMap((plugin) => pluginPart(plugin, definitions)),
    '## Alarms',
    'Read by the stack only.',
    settings('Alarms'),
    '## Deployment',
    'Read by the stack only.',
    settings('Deployment'),
    '## Shared settings',
    ...shared.flatMap((id) => [`### ${headingOf(id)}`, ...sharedPart(nodeOf(definitions, id), definitions)]),
  ];
  return `${parts.join('\n\n')}\n`;
}

const introduction = [
  generatedNote,
  '# Configuration',
  [
    'The stack reads `collector.yaml` at synthesis and gives the function what it needs of it; the terminal reads the file that `--config` names.',
    'Every mistake is told with file, line, path, reason and remedy before anything is deployed; an unknown setting is a mistake.',
    'YAML 1.2 with anchors, aliases and merge keys (`<<`) is understood.',
    'Editors that know the YAML language server complete and check the file when its first line is `# yaml-language-server: $schema=./collector.schema.json`.',
  ].join('\n'),
];

function pluginPart({ kind, title, example }: DocumentedPlugin, definitions: Definitions): readonly string[] {
  const { node } = definitionOfKind(definitions, kind);
  return [
    `### ${title} (${code(kind)})`,
    ...(node.description === undefined ? [] : [node.description]),
    settingsTable(node, definitions),
    ...(example === undefined ? [] : [`\`\`\`yaml\n${example.trimEnd()}\n\`\`\``]),
  ];
}

function sharedPart(node: Node, definitions: Definitions): readonly string[] {
  const description = node.description === undefined ? [] : [node.description];
  if (node.properties !== undefined) return [...description, settingsTable(node, definitions)];
  const forms = (node.anyOf ?? []).map((form) => settingsTable(form, definitions));
  return [...description, 'One of these forms:', ...forms];
}

function nodeOf(definitions: Definitions, id: string): Node {
  const node = definitions[id];
  if (node === undefined) throw new Error(`the schema has no definition ${id}`);
  return node;
}

function definitionOfKind(definitions: Definitions, kind: string): { id: string; node: Node } {
  for (const [id, node] of Object.entries(definitions))
    if (node.properties?.['kind']?.const === kind) return { id, node };
  throw new Error(`the schema has no definition of kind ${kind}`);
}

function settingsTable(node: Node, definitions: Definitions): string {
  return table(['Setting', 'Type', 'Default', 'Meaning'], rowsOf(node, '', definitions));
}

function rowsOf(node: Node, prefix: string, definitions: Definitions): readonly (readonly string[])[] {
  return Object.entries(node.properties ?? {}).flatMap(([name, member]) => {
    const path = `${prefix}${name}`;
    if (member.properties !== undefined) return rowsOf(member, `${path}.`, definitions);
    const isRequired = node.required?.includes(name) === true;
    const type = isPluginList(path) ? `list of [${path}](#${path})` : typeText(member);
    return [[code(path), type, defaultText(member, isRequired), meaningOf(member, definitions)]];
  });
}

/** Their entries have parts of the page of their own. */
function isPluginList(path: string): boolean {
  return path === 'sources' || path === 'sinks';
}

/** A setting that only refers to a shared one has its meaning there. */
function meaningOf(node: Node, definitions: Definitions): string {
  const shared = node.$ref === undefined ? undefined : definitions[idOf(node.$ref)];
  return node.description ?? shared?.description ?? node.items?.description ?? '';
}

function defaultText(node: Node, isRequired: boolean): string {
  if (isRequired) return 'required';
  const { default: value } = node;
  const isEmpty =
    value === undefined || (typeof value === 'object' && value !== null && Object.keys(value).length === 0);
  return isEmpty ? '' : code(typeof value === 'string' ? value : JSON.stringify(value));
}

function typeText(node: Node): string {
  if (node.$ref !== undefined) return `[${labelOf(idOf(node.$ref))}](#${anchor(headingOf(idOf(node.$ref)))})`;
  if (node.const !== undefined) return code(node.const);
  if (node.enum !== undefined) return node.enum.map((value) => code(String(value))).join(', ');
  const union = node.anyOf ?? node.oneOf;
  if (union !== undefined) return union.map(typeText).join(' or ');
  if (node.items !== undefined) return `list of ${typeText(node.items)}`;
  return plainType(node);
}

function plainType({ type, format, minimum, maximum, additionalProperties }: Node): string {
  if (type === 'object') {
    const inner = typeof additionalProperties === 'object' ? typeText(additionalProperties) : 'anything';
    return `mapping of names to ${inner}`;
  }
  if (type === 'boolean') return '`true`, `false`';
  if (type !== 'integer' && type !== 'number') return format === 'uri' ? 'URL' : 'text';
  const range = minimum === undefined || maximum === undefined ? '' : ` ${String(minimum)} to ${String(maximum)}`;
  return `${type === 'integer' ? 'whole number' : 'number'}${range}`;
}

function idOf(ref: string): string {
  return ref.replace('#/$defs/', '');
}

/** `SecretRef` is told as "Secret reference". */
const headings: Readonly<Record<string, string>> = {
  SecretRef: 'Secret reference',
  Selection: 'Selection of names',
  Tls: 'TLS',
  HttpAuth: 'Authentication',
  SignableAuth: 'Authentication or signature',
  QueueAlarm: 'Alarm of a queue',
  Vpc: 'VPC',
};

function headingOf(id: string): string {
  return headings[id] ?? id.replace(/(?!^)[A-Z]/g, (letter) => ` ${letter.toLowerCase()}`);
}

function labelOf(id: string): string {
  const heading = headingOf(id);
  return /^[A-Z]{2}/.test(heading) ? heading : heading.toLowerCase();
}
