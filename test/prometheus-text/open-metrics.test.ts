/** Tests of reading metrics pages in OpenMetrics. */
import { describe, expect, it } from 'vitest';
import { buildHistograms } from '../../lambda/prometheus-text/histograms.ts';
import { parsePage } from '../../lambda/prometheus-text/parser.ts';
import { PageSyntaxError } from '../../lambda/prometheus-text/syntax-error.ts';

function read(lines: string) {
  return parsePage(`${lines}# EOF\n`, { format: 'openmetrics' }).families;
}

describe('OpenMetrics', () => {
  it('reads a counter with its creation time and an exemplar', () => {
    const [family] = read(
      '# HELP a Things.\n# TYPE a counter\na_total{x="1"} 5 1.5 # {trace_id="abc"} 0.25 1520879607.789\na_created{x="1"} 1520430000.123\n',
    );

    expect(family).toEqual({
      name: 'a',
      type: 'counter',
      help: 'Things.',
      samples: [
        {
          name: 'a_total',
          labels: new Map([['x', '1']]),
          value: 5,
          timestampMs: 1500,
          exemplar: { labels: new Map([['trace_id', 'abc']]), value: 0.25, timestampMs: 1_520_879_607_789 },
        },
        { name: 'a_created', labels: new Map([['x', '1']]), value: 1_520_430_000.123 },
      ],
    });
  });

  it('puts a histogram together with its exemplars and its start', () => {
    const [family] = read(
      '# TYPE h histogram\nh_bucket{le="1.0"} 1 # {} 0.5\nh_bucket{le="+Inf"} 3 # {a="b"} 9 2\nh_count 3\nh_sum 10.5\nh_created 100\n',
    );

    expect(family && buildHistograms(family).histograms).toEqual([
      {
        labels: new Map(),
        bounds: [1],
        counts: [1, 2],
        sum: 10.5,
        startMs: 100_000,
        exemplars: [
          { labels: new Map(), value: 0.5 },
          { labels: new Map([['a', 'b']]), value: 9, timestampMs: 2000 },
        ],
      },
    ]);
  });

  it.each([
    ['a unit', '# TYPE a_seconds gauge\n# UNIT a_seconds seconds\na_seconds 1\n', 'gauge'],
    ['an empty unit', '# TYPE a gauge\n# UNIT a \na 1\n', 'gauge'],
    ['info', '# TYPE a info\na_info{v="1"} 1\n', 'info'],
    ['a state set', '# TYPE a stateset\na{a="on"} 1\na{a="off"} 0\n', 'stateset'],
    ['a gauge histogram', '# TYPE a gaugehistogram\na_bucket{le="+Inf"} 3\na_gcount 3\na_gsum -2\n', 'gaugehistogram'],
    ['a summary', '# TYPE a summary\na{quantile="0.5"} NaN\na_sum 1\na_count 2\na_created 3\n', 'summary'],
    ['no type', 'a 1\n', 'unknown'],
    ['an infinite counter', '# TYPE a counter\na_total +Inf\n', 'counter'],
    ['an unknown escape', '# HELP a x\\y\na{b="x\\y"} 1\n', 'unknown'],
    ['a timestamp before 1970', 'a 1 -0.001\n', 'unknown'],
    ['a quoted name', '# TYPE "a.b" counter\n{"a.b_total",c="d"} 1\n', 'counter'],
    ['an empty label set', 'a{} 1\n', 'unknown'],
  ])('reads %s', (_, lines, type) => {
    expect(read(lines).map((family) => family.type)).toEqual([type]);
  });

  it.each([
    ['a comma after the last label', 'a{b="1",} 1\n', '1:8', 'unknown', /comma stands after/],
    ['a description after samples', 'a 1\n# TYPE a gauge\n', '2:1', 'gauge', /after its samples/],
    ['a second type', '# TYPE a gauge\n# TYPE a gauge\na 1\n', '2:1', 'gauge', /second TYPE/],
    ['lines of a metric that stand apart', 'a{x="1"} 1\nb 1\na{x="2"} 1\n', '3:1', 'unknown', /not stand together/],
    ['a counter without _total', '# TYPE a counter\na 1\n', '2:1', 'counter', /does not end with _total/],
    ['a type that names _total', '# TYPE a_total counter\na_total 1\n', '2:1', 'counter', /TYPE names a counter/],
    [
      'a negative counter',
      '# TYPE a counter\na_total -1\n',
      '2:1',
      'unknown',
      /negative; "a_total" goes on as untyped/,
    ],
    ['a counter that is NaN', '# TYPE a counter\na_total NaN\n', '2:1', 'unknown', /NaN/],
    ['a bucket without a bound', '# TYPE a histogram\na_bucket 1\n', '2:1', 'unknown', /label "le"/],
    ['an info that is not 1', '# TYPE a info\na_info 0\n', '2:1', 'unknown', /value 1/],
    ['a state that is not 0 or 1', '# TYPE a stateset\na{a="x"} 2\n', '2:1', 'unknown', /0 or 1/],
    ['a state without its label', '# TYPE a stateset\na 1\n', '2:1', 'unknown', /label with its own name/],
    ['an exemplar on a gauge', '# TYPE a gauge\na 1 # {} 1\n', '2:1', 'gauge', /neither a bucket nor a counter/],
    [
      'an exemplar that is too long',
      `# TYPE a counter\na_total 1 # {a="${'x'.repeat(128)}"} 1\n`,
      '2:13',
      'counter',
      /more than 128 characters; it is left out, and the sample is kept/,
    ],
    ['an exemplar with an impossible time', '# TYPE a counter\na_total 1 # {} 1 1e30\n', '2:13', 'counter', /time/],
    ['a label of an exemplar twice', '# TYPE a counter\na_total 1 # {b="1",b="2"} 1\n', '2:20', 'counter', /twice/],
  ])('reads %s and tells it', (_, lines, place, type, text) => {
    const { families, remarks } = parsePage(`${lines}# EOF\n`, { format: 'openmetrics' });

    expect(families[0]).toMatchObject({ type });
    expect(remarks).toMatchObject([{ text: expect.stringMatching(text) as string, isLoss: false, times: 1 }]);
    expect(`${String(remarks[0]?.line)}:${String(remarks[0]?.column)}`).toBe(place);
  });

  it('tells nothing of a page without a fault', () => {
    const page = '# HELP a x\\y\n# TYPE a counter\na_total{b="x\\y"} 1 # {c="d"} 1\na_created 2\n# EOF\n';

    expect(parsePage(page, { format: 'openmetrics' }).remarks).toEqual([]);
  });

  it('accepts a last line without a line feed', () => {
    expect(parsePage('a 1\n# EOF', { format: 'openmetrics' }).families).toHaveLength(1);
  });

  it.each([
    ['no end', 'a 1\n', '2:1'],
    ['an empty page', '', '1:1'],
    ['something after the end', 'a 1\n# EOF\na 2\n', '3:1'],
    ['an empty line', 'a 1\n\n# EOF\n', '2:1'],
    ['another comment', '# hello\n# EOF\n', '1:1'],
    ['two blanks', 'a  1\n# EOF\n', '1:3'],
    ['a trailing blank', 'a 1 \n# EOF\n', '1:5'],
    ['a leading blank', ' a 1\n# EOF\n', '1:1'],
    ['a tab', 'a\t1\n# EOF\n', '1:2'],
    ['a line feed of Windows', 'a 1\r\n# EOF\n', '1:3'],
    ['a blank in braces', 'a{b="1", c="2"} 1\n# EOF\n', '1:9'],
    ['a blank before the brace', 'a {b="1"} 1\n# EOF\n', '1:3'],
    ['a missing value', 'a\n# EOF\n', '1:2'],
    ['a help without a text', '# HELP a\n# EOF\n', '1:9'],
    ['a type in capitals', '# TYPE a GAUGE\n# EOF\n', '1:10'],
    ['a type with a blank', '# TYPE a gauge \n# EOF\n', '1:10'],
    ['the type untyped', '# TYPE a untyped\n# EOF\n', '1:10'],
    ['a unit that is not in the name', '# UNIT a seconds\n# EOF\n', '1:1'],
    ['an infinite timestamp', 'a 1 Inf\n# EOF\n', '1:5'],
    ['an exemplar without a value', '# TYPE a counter\na_total 1 # {}\n# EOF\n', '2:15'],
    ['an exemplar without a blank', '# TYPE a counter\na_total 1 #{} 1\n# EOF\n', '2:11'],
    ['an exemplar with a name', '# TYPE a counter\na_total 1 # {"x"} 1\n# EOF\n', '2:14'],
  ])('refuses %s', (_, page, place) => {
    let found: unknown;
    try {
      parsePage(page, { format: 'openmetrics' });
    } catch (error) {
      found = error;
    }

    expect(found).toBeInstanceOf(PageSyntaxError);
    expect(found instanceof PageSyntaxError && `${String(found.line)}:${String(found.column)}`).toBe(place);
  });
});
