/** Pages of metrics with what a parser must read from them, or why it must refuse them. */

/** A page and what its only interesting line says: `value [@ms] {label: value}`. Escapes are those of the source text. */
export interface Accepted {
  readonly page: string;
  readonly samples: readonly {
    readonly name: string;
    readonly value: number;
    readonly labels?: Readonly<Record<string, string>>;
    readonly emptyLabels?: readonly string[];
    readonly timestampMs?: number;
  }[];
  readonly type?: string;
  readonly help?: string;
}

const histogram = '# TYPE h histogram\n';

function one(page: string, value: number, more: Partial<Accepted['samples'][number]> = {}): Accepted {
  return { page, samples: [{ name: 'm', value, ...more }] };
}

export const accepted: readonly Accepted[] = [
  { page: '', samples: [] },
  { page: '\n\n', samples: [] },
  { page: '  \n', samples: [] },
  one('m 1\n', 1),
  one('m{} 1\n', 1),
  one('m{a="1"}2\n', 2, { labels: { a: '1' } }),
  one('m{a="1",} 1\n', 1, { labels: { a: '1' } }),
  one('m { a = "1" , } -Inf 5000\n', -Infinity, { labels: { a: '1' }, timestampMs: 5000 }),
  one('m{a="1"}\t2\t3\n', 2, { labels: { a: '1' }, timestampMs: 3 }),
  one('m 1 \n', 1),
  one('m\t1\t2\t\n', 1, { timestampMs: 2 }),
  one('m NaN\n', NaN),
  one('m nan\n', NaN),
  one('m +iNf\n', Infinity),
  one('m Infinity\n', Infinity),
  one('m -inf\n', -Infinity),
  one('m 08\n', 8),
  one('m .5\n', 0.5),
  one('m 5.\n', 5),
  one('m +1\n', 1),
  one('m 1E+5\n', 100_000),
  one('m 1e-999\n', 0),
  one('m -0\n', -0),
  { page: 'm:x:y 1\n', samples: [{ name: 'm:x:y', value: 1 }] },
  one('m{a=""} 1\n', 1, { emptyLabels: ['a'] }),
  one('m{a="é{},#"} 1\n', 1, { labels: { a: 'é{},#' } }),
  one('m{a="x\\\\y\\"z\\nw"} 1\n', 1, { labels: { a: 'x\\y"z\nw' } }),
  one('m{le="1"} 1\n', 1, { labels: { le: '1' } }),
  { ...one('#TYPE m gauge\nm 1\n', 1), type: 'untyped' },
  one('# HELP\nm 1\n', 1),
  one('# HELP m\nm 1\n', 1),
  one('#\nm 1\n', 1),
  one('#nospace comment\nm 1\n', 1),
  { ...one('# type m gauge\nm 1\n', 1), type: 'untyped' },
  one('# EOF\nm 1\n', 1),
  one('# UNIT m seconds\nm 1\n', 1),
  { ...one('# HELP m a\\\\b\\nc\nm 1\n', 1), help: 'a\\b\nc' },
  { ...one('# HELP m a\\"b\nm 1\n', 1), help: 'a"b' },
  {
    page: `${histogram}h_bucket{a="x",le="1"} 1\nh_bucket{a="x",le="+Inf"} 2\nh_sum{a="x"} 3\nh_count{a="x"} 2\n`,
    samples: [
      { name: 'h_bucket', value: 1, labels: { a: 'x', le: '1.0' } },
      { name: 'h_bucket', value: 2, labels: { a: 'x', le: '+Inf' } },
      { name: 'h_sum', value: 3, labels: { a: 'x' } },
      { name: 'h_count', value: 2, labels: { a: 'x' } },
    ],
    type: 'histogram',
  },
  {
    page: '# TYPE s summary\ns{quantile="0.5"} NaN\ns_sum 1\ns_count 1\n',
    samples: [
      { name: 's', value: NaN, labels: { quantile: '0.5' } },
      { name: 's_sum', value: 1 },
      { name: 's_count', value: 1 },
    ],
    type: 'summary',
  },
  { page: '{"m.x",a="1"} 1\n', samples: [{ name: 'm.x', value: 1, labels: { a: '1' } }] },
  { page: '{a="1","m.x"} 1\n', samples: [{ name: 'm.x', value: 1, labels: { a: '1' } }] },
  one('m{"a"="1"} 1\n', 1, { labels: { a: '1' } }),
  { page: '# TYPE "m.x" counter\n{"m.x"} 1\n', samples: [{ name: 'm.x', value: 1 }], type: 'counter' },
  // The names that break plain objects.
  { page: '__proto__{constructor="1"} 1\n', samples: [{ name: '__proto__', value: 1, labels: { constructor: '1' } }] },
  // No histogram is declared, so the name is its own.
  { page: 'decoy_sum 1\n', samples: [{ name: 'decoy_sum', value: 1 }], type: 'untyped' },
  // Metadata without a sample gives nothing.
  { page: '# HELP m a\n# TYPE m gauge\n', samples: [] },
];

/** Pages and where they are wrong, as line:column. */
export const rejected: readonly (readonly [page: string, place: string, reason: RegExp])[] = [
  ['m\n', '1:2', /expected a number, found ""/],
  ['m \n', '1:3', /expected a number, found ""/],
  ...['abc', '1d', '--1', '1,5', '.', '1e', 'in', 'infinit', '+nan', '0x1', '0x1p-3', '1_0', '1e999'].map(
    (value): readonly [string, string, RegExp] => [`m ${value}\n`, '1:3', /expected a number/],
  ),
  ['m 1 2.5\n', '1:5', /timestamp/],
  ['m 1 1e3\n', '1:5', /timestamp/],
  ['m 1 9223372036854775808\n', '1:5', /timestamp/],
  ['m 1 # {trace_id="a"} 1\n', '1:5', /timestamp/],
  ['m 1 2 3\n', '1:7', /end of the line/],
  ['m{a="1\n', '1:5', /does not end on its line/],
  ['m{a="\\"} 1\n', '1:5', /does not end on its line/],
  ['m{a=x} 1\n', '1:5', /double quotes/],
  ["m{a='x'} 1\n", '1:5', /double quotes/],
  ['m{,} 1\n', '1:3', /label name/],
  ['m{a="1",,} 1\n', '1:9', /label name/],
  ['m{9a="1"} 1\n', '1:3', /label name/],
  ['m{a.b="1"} 1\n', '1:4', /"="/],
  ['m{a:b="1"} 1\n', '1:4', /"="/],
  ['m{__name__="x"} 1\n', '1:3', /reserved/],
  ['m{a="1",a="1"} 1\n', '1:9', /twice/],
  ['{a="1"} 1\n', '1:1', /metric name/],
  ['{"m","n"} 1\n', '1:6', /second metric name/],
  ['m{"n"} 1\n', '1:3', /second metric name/],
  ['1m 1\n', '1:1', /metric name/],
  ['m 1\r\n', '1:3', /expected a number, found "1\\r"/],
  ['m 1 -2\n', '1:5', /timestamp/],
  ['m 1 +2\n', '1:5', /timestamp/],
  ['# TYPE m GAUGE\nm 1\n', '1:10', /no metric type/],
  ['# TYPE m\nm 1\n', '1:10', /no metric type/],
  ['# TYPE m gauge \nm 1\n', '1:10', /no metric type/],
  ['# TYPE m  gauge\nm 1\n', '1:10', /no metric type/],
  ['# HELP \nm 1\n', '1:8', /metric name/],
  ['# HELP 9a x\n', '1:8', /metric name/],
  ['m{a="x\\\ny"} 1\n', '1:7', /backslash/],
  ['m{a="1\nn 2\n', '1:5', /does not end/],
  ['<html><body>Sign in</body></html>\n', '1:1', /metric name/],
  ['\u{feff}m 1\n', '1:1', /byte order mark/],
  ['m-x 1\n', '1:2', /expected a number/],
  ['m{a="1"} {b="2"} 1\n', '1:10', /expected a number/],
  ['m 1\nError encoding metrics\n', '2:7', /expected a number, found "encoding"/],
  ['# TYPE m unknown\n', '1:10', /no metric type/],
  ['# TYPE m info\n', '1:10', /no metric type/],
  ['# TYPE m gauge # note\n', '1:10', /no metric type/],
  ['# TYPE m-x gauge\n', '1:10', /no metric type/],
];

/** A sample that does not fit the type above it. */
function unfit(page: string, sample: Accepted['samples'][number], remark: RegExp): (typeof odd)[number] {
  return [{ page, samples: [sample], type: 'untyped' }, '2:1', remark];
}

/** Pages that a current Prometheus scrapes although something is odd, what they say, and where the oddity stands. */
export const odd: readonly (readonly [accepted: Accepted, place: string, remark: RegExp])[] = [
  [one('m 1', 1), '1:4', /does not end with a line feed/],
  [{ page: '# comment', samples: [] }, '1:10', /does not end with a line feed/],
  [one('m 1\n   ', 1), '2:4', /does not end with a line feed/],
  [one(' m 1\n', 1), '1:1', /blanks stand before/],
  [one('m{a="\\t"} 1\n', 1, { labels: { a: '\\t' } }), '1:6', /no escape sequence; it is kept/],
  [one('m{a="C:\\jobs\\u003c"} 1\n', 1, { labels: { a: 'C:\\jobs\\u003c' } }), '1:8', /no escape sequence/],
  [{ ...one('# HELP m a\\tb\nm 1\n', 1), help: 'a\\tb' }, '1:11', /no escape sequence/],
  [one('m{a="x\ny"} 1\n', 1, { labels: { a: 'x\ny' } }), '1:7', /line feed inside of quotes/],
  [one('m{a="1" b="2"} 1\n', 1, { labels: { a: '1', b: '2' } }), '1:9', /no comma/],
  [one('m{a="",a="1"} 1\n', 1, { emptyLabels: ['a'] }), '1:8', /twice/],
  [{ ...one('# HELP m a\n# HELP m b\nm 1\n', 1), help: 'b' }, '2:1', /second HELP for "m"; the later one counts/],
  [{ ...one('# HELP Jobs done\n# HELP Jobs lost\nm 1\n', 1) }, '2:1', /second HELP for "Jobs"/],
  [{ ...one('# HELP m-x y\nm 1\n', 1) }, '1:9', /name in HELP is read as "m"/],
  [{ ...one('# TYPE m gauge\n# TYPE m counter\nm 1\n', 1), type: 'counter' }, '2:1', /second TYPE/],
  [{ ...one('m 1\n# TYPE m gauge\n', 1), type: 'gauge' }, '2:1', /after its samples/],
  [one('m 1\nm 1\n', 1), '2:1', /second sample of one series of "m" with the same value/],
  unfit(`${histogram}h_bucket{le="x"} 1\n`, { name: 'h_bucket', value: 1, labels: { le: 'x' } }, /"le" is no number/),
  unfit(`${histogram}h_bucket 5\n`, { name: 'h_bucket', value: 5 }, /label "le"/),
  unfit(`${histogram}h_count -1\n`, { name: 'h_count', value: -1 }, /negative/),
  unfit(`${histogram}h 5\n`, { name: 'h', value: 5 }, /own name/),
  unfit('# TYPE s summary\ns{quantile="a"} 1\n', { name: 's', value: 1, labels: { quantile: 'a' } }, /is no number/),
  unfit('# TYPE s summary\ns 1\n', { name: 's', value: 1 }, /label "quantile"/),
];
