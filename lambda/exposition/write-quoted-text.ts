/** Writes a page of the text format 1.0.0, whose names may be of any script and then stand in quotes. */
import type { MetricFamily } from '../model/metric.ts';
import { compareText } from '../model/families/order.ts';
import type { RelayedFamily } from '../model/relayed.ts';
import { linesOf, type PageLine, pageTypes, relayedLines } from './lines/page-lines.ts';
import { showableRelayed } from './showable/showable-relayed.ts';
import { showable, utf8Names } from './showable/showable.ts';
import { escapeHelp, writeLine, writeName } from './lines/write-lines.ts';

interface Described {
  readonly name: string;
  readonly type: string;
  readonly help: string;
  readonly lines: Iterable<PageLine>;
}

/** The page of `prometheusText`, and beside it the series whose names that one cannot show. */
export function quotedText(given: readonly MetricFamily[], givenRelayed: readonly RelayedFamily[] = []): string {
  const own = showable(given).families;
  const relayed = showableRelayed(givenRelayed, own, utf8Names).families;
  const metrics = [...own.map(describeOwn), ...relayed.map(describeRelayed)];
  return metrics
    .sort((a, b) => compareText(a.name, b.name))
    .map(writeMetric)
    .join('');
}

function describeOwn(family: MetricFamily): Described {
  const { name, help } = family.definition;
  return { name, help, type: pageTypes[family.type], lines: linesOf(family) };
}

function describeRelayed(family: RelayedFamily): Described {
  const { name, help, type } = family;
  return { name, help, type, lines: relayedLines(family) };
}

function writeMetric({ name, type, help, lines }: Described): string {
  const written = writeName(name);
  let text = `# HELP ${written} ${escapeHelp(help)}\n# TYPE ${written} ${type}\n`;
  for (const { metricName = name, labels, value } of lines) text += writeLine({ name: metricName, labels, value });
  return text;
}
