/** Writes a page of the text format 1.0.0, whose names may be of any script and then stand in quotes. */
import type { MetricFamily } from '../model/metric.ts';
import { compareText } from '../model/families/order.ts';
import type { RelayedFamily } from '../model/relayed.ts';
import { generateLines, type PageLine, pageTypes, generateRelayedLines } from './lines/page-lines.ts';
import { selectShowableRelayed } from './showable/showable-relayed.ts';
import { selectShowable, utf8Names } from './showable/showable.ts';
import { escapeHelp, writeLine, writeName } from './lines/write-lines.ts';

interface Described {
  readonly name: string;
  readonly type: string;
  readonly help: string;
  readonly lines: Iterable<PageLine>;
}

/** The page of `writePrometheusText`, and beside it the series whose names that one cannot show. */
export function writeQuotedText(given: readonly MetricFamily[], givenRelayed: readonly RelayedFamily[] = []): string {
  const own = selectShowable(given).families;
  const relayed = selectShowableRelayed(givenRelayed, own, utf8Names).families;
  const metrics = [...own.map(describeOwn), ...relayed.map(describeRelayed)];
  return metrics
    .sort((a, b) => compareText(a.name, b.name))
    .map(writeMetric)
    .join('');
}

function describeOwn(family: MetricFamily): Described {
  const { name, help } = family.definition;
  return { name, help, type: pageTypes[family.type], lines: generateLines(family) };
}

function describeRelayed(family: RelayedFamily): Described {
  const { name, help, type } = family;
  return { name, help, type, lines: generateRelayedLines(family) };
}

function writeMetric({ name, type, help, lines }: Described): string {
  const written = writeName(name);
  let text = `# HELP ${written} ${escapeHelp(help)}\n# TYPE ${written} ${type}\n`;
  for (const { metricName = name, labels, value } of lines) text += writeLine({ name: metricName, labels, value });
  return text;
}
