/** Draws the findings of an examination as an aligned table, with the remedy below what is wrong. */
import { countVerdicts } from '../../doctor/format-findings.ts';
import { findGreatest } from '../../model/lists/extremes.ts';
import type { Finding, Verdict } from '../../model/finding.ts';
import type { Style } from '../render/colour.ts';
import type { Signs } from '../render/signs.ts';
import { type Cell, renderTable } from '../render/table.ts';
import { makePrintable, measureText } from '../render/text-width.ts';
import type { Theme } from '../render/theme.ts';

/** Below it a sentence is no longer read as one. */
const leastTextWidth = 30;

const columns = [{ title: 'RESULT' }, { title: 'SUBJECT' }, { title: 'WHERE', shrinksTo: 12 }, { title: 'FOUND' }];

/** Text for standard output. */
export function renderFindings(findings: readonly Finding[], theme: Theme): string {
  const rows = findings.flatMap((finding) => renderFinding(finding, theme, measureRoom(findings, theme)));
  const table = renderTable(columns, rows, { paint: theme.paint, columns: theme.columns });
  return `${[...table, '', formatSummary(findings)].join('\n')}\n`;
}

function renderFinding(finding: Finding, { signs }: Theme, room: number): readonly (readonly Cell[])[] {
  const { subject, where, verdict, message } = finding;
  const { sign, style } = describeVerdict(verdict, signs);
  const [first = '', ...more] = wrapWords(makePrintable(message), room);
  const remedy = verdict === 'ok' ? [] : wrapWords(`→ ${makePrintable(finding.remedy)}`, room);
  return [
    [{ text: `${sign} ${verdict}`, style }, { text: subject }, { text: where }, { text: first }],
    ...[...more, ...remedy].map((text) => [{ text: '' }, { text: '' }, { text: '' }, { text }]),
  ];
}

/** A state never by colour alone: the sign and the word say the same. */
function describeVerdict(
  verdict: Verdict,
  { good, warning, bad }: Signs,
): { readonly sign: string; readonly style: Style } {
  switch (verdict) {
    case 'ok':
      return { sign: good, style: 'good' };
    case 'unknown':
      return { sign: '?', style: 'faint' };
    case 'warning':
      return { sign: warning, style: 'warning' };
    case 'failed':
      return { sign: bad, style: 'bad' };
  }
}

/** What the other columns leave of the line; a remedy is never cut, so it is wrapped. */
function measureRoom(findings: readonly Finding[], { columns: available }: Theme): number {
  if (available === undefined) return Infinity;
  const widest = (texts: readonly string[]): number => findGreatest(texts.map(measureText)) ?? 0;
  const taken = [
    widest(findings.map(({ verdict }) => `x ${verdict}`)),
    widest(findings.map(({ subject }) => subject)),
    Math.min(widest(findings.map(({ where }) => makePrintable(where))), Math.max(12, available / 3)),
  ].reduce((sum, width) => sum + width + 2, 0);
  return Math.max(leastTextWidth, available - taken);
}

function wrapWords(text: string, room: number): readonly string[] {
  const lines: string[] = [];
  let line = '';
  for (const word of text.split(' ')) {
    const longer = line === '' ? word : `${line} ${word}`;
    if (line !== '' && measureText(longer) > room) {
      lines.push(line);
      line = word;
    } else line = longer;
  }
  return [...lines, line];
}

/** `14 findings: 12 ok, 1 warning, 1 failed` */
function formatSummary(findings: readonly Finding[]): string {
  const counts = Object.entries(countVerdicts(findings)).filter(([, count]) => count > 0);
  return `${String(findings.length)} findings: ${counts.map(([verdict, count]) => `${String(count)} ${verdict}`).join(', ')}`;
}
