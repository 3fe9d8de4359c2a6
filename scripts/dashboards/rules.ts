/** Writes a rule file of Prometheus, with the reason for each threshold. */
import { Document, isMap, isSeq, type Node } from 'yaml';
import type { Alert, AlertGroup } from './alert.ts';
import { durationOf } from './promql.ts';
import type { RecordingGroup } from './recording-rules.ts';

/** As wide as the lines of the code. */
const commentWidth = 110;

/** A rule file of Prometheus; the reason for each threshold stands beside it. `above` stands before the groups. */
export function rulesFile(
  introduction: readonly string[],
  groups: readonly AlertGroup[],
  above: Readonly<Record<string, string>> = {},
): string {
  const document = new Document({
    ...above,
    groups: groups.map(({ name, alerts }) => ({ name, rules: alerts.map(ruleOf) })),
  });
  document.commentBefore = introduction.map((line) => ` ${line}`).join('\n');
  for (const [index, { alerts }] of groups.entries()) {
    const rules = document.getIn(['groups', index, 'rules']);
    if (isSeq<Node>(rules)) explain(rules.items, alerts);
  }
  return document.toString({ lineWidth: 0 });
}

/** A file of series that Prometheus computes and keeps. */
export function recordingFile(introduction: readonly string[], groups: readonly RecordingGroup[]): string {
  const document = new Document({
    groups: groups.map(({ name, interval, recordings }) => ({
      name,
      interval,
      rules: recordings.map(({ record, expr }) => ({ record, expr: expr.includes('\n') ? `${expr}\n` : expr })),
    })),
  });
  document.commentBefore = introduction.map((line) => ` ${line}`).join('\n');
  for (const [index, { recordings }] of groups.entries()) {
    const rules = document.getIn(['groups', index, 'rules']);
    if (isSeq<Node>(rules)) explain(rules.items, recordings);
  }
  return document.toString({ lineWidth: 0 });
}

function ruleOf({ name, expr, forMinutes, severity, summary, description, runbook }: Alert): object {
  return {
    alert: name,
    expr: expr.includes('\n') ? `${expr}\n` : expr,
    for: durationOf(forMinutes),
    labels: { severity },
    annotations: { summary, description, runbook: `docs/operating.md#${runbook}` },
  };
}

function explain(rules: readonly Node[], written: readonly { readonly reason: string }[]): void {
  for (const [index, { reason }] of written.entries()) {
    const rule = rules[index];
    if (!isMap(rule)) continue;
    rule.commentBefore = wrapped(reason, commentWidth)
      .map((line) => ` ${line}`)
      .join('\n');
    rule.spaceBefore = index > 0;
  }
}

function wrapped(text: string, width: number): readonly string[] {
  const lines: string[] = [];
  for (const word of text.split(' ')) {
    const last = lines.at(-1);
    if (last === undefined || last.length + 1 + word.length > width) lines.push(word);
    else lines[lines.length - 1] = `${last} ${word}`;
  }
  return lines;
}
