/** Reads the generated Prometheus rule files, and has promtool test them. */
import { execFile } from 'node:child_process';
import { readFileSync } from 'node:fs';
import { mkdtemp, rm, writeFile } from 'node:fs/promises';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { promisify } from 'node:util';
import { parse } from 'yaml';
import * as z from 'zod';

const execute = promisify(execFile);

const dashboards = join(import.meta.dirname, '../../dashboards');

export const ruleFiles = ['prometheus-rules.yaml', 'prometheus-rules-pushgateway.yaml'] as const;

const Rule = z.strictObject({
  alert: z.string(),
  expr: z.string(),
  for: z.string(),
  labels: z.strictObject({ severity: z.enum(['critical', 'warning']) }),
  annotations: z.strictObject({ summary: z.string(), description: z.string(), runbook: z.string() }),
});
export type Rule = z.infer<typeof Rule>;

const RuleFile = z.strictObject({
  groups: z.array(z.strictObject({ name: z.string(), rules: z.array(Rule).min(1) })).min(1),
});

export function pathOf(file: string): string {
  return join(dashboards, file);
}

/** Every alert of the generated files, in their order. */
export const rules: readonly Rule[] = ruleFiles.flatMap((file) =>
  RuleFile.parse(parse(readFileSync(pathOf(file), 'utf8'))).groups.flatMap((group) => group.rules),
);

export function ruleNamed(name: string): Rule {
  const rule = rules.find(({ alert }) => alert === name);
  if (rule === undefined) throw new Error(`there is no alert ${name}`);
  return rule;
}

/** What promtool says, and whether it is content. */
export interface Verdict {
  readonly isContent: boolean;
  readonly output: string;
}

export async function promtool(...args: readonly string[]): Promise<Verdict> {
  return await runPromtool('promtool', args);
}

async function runPromtool(program: string, args: readonly string[]): Promise<Verdict> {
  try {
    const { stdout, stderr } = await execute(program, args);
    return { isContent: true, output: stdout + stderr };
  } catch (error) {
    const { stdout = '', stderr = '' } = z
      .object({ stdout: z.string().optional(), stderr: z.string().optional() })
      .parse(error);
    return { isContent: false, output: stdout + stderr };
  }
}

/** Runs promtool over a file with this content, and has `beside` written next to it by name; JSON is YAML. */
export async function promtoolWith(
  command: readonly string[],
  content: unknown,
  program = 'promtool',
  beside: Readonly<Record<string, unknown>> = {},
): Promise<Verdict> {
  const folder = await mkdtemp(join(tmpdir(), 'ci-metrics-rules-'));
  try {
    const file = join(folder, 'content.yaml');
    await writeFile(file, JSON.stringify(content));
    for (const [name, other] of Object.entries(beside)) await writeFile(join(folder, name), JSON.stringify(other));
    return await runPromtool(program, [...command, file]);
  } finally {
    await rm(folder, { recursive: true, force: true });
  }
}
