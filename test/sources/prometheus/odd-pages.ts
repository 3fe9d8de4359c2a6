/** Pages as they are found in the wild, each with one fault or oddity, and whether Prometheus 3 scrapes them. */

export interface OddPage {
  readonly name: string;
  /** `seconds`: the time at which it is read, for pages with times of their own. */
  readonly body: string | Uint8Array | ((seconds: number) => string);
  readonly up: 0 | 1;
  /** Default: the text format. */
  readonly contentType?: string;
  /** Settings of the collector's source, and the same for a job of Prometheus. */
  readonly source?: Readonly<Record<string, unknown>>;
  readonly job?: Readonly<Record<string, unknown>>;
}

export const textType = 'text/plain; version=0.0.4; charset=utf-8';
const openType = 'application/openmetrics-text; version=1.0.0; charset=utf-8';

function text(name: string, up: 0 | 1, body: OddPage['body'], more: Partial<OddPage> = {}): OddPage {
  return { name, body, up, ...more };
}

function open(name: string, up: 0 | 1, lines: string | ((seconds: number) => string)): OddPage {
  const body = typeof lines === 'string' ? `${lines}# EOF\n` : (seconds: number) => `${lines(seconds)}# EOF\n`;
  return { name, body, up, contentType: openType };
}

/** As with `contentType`, and the setting that says what it is all the same. */
function sentAs(contentType: string, fallback?: 'text' | 'openmetrics'): OddPage {
  const protocol = fallback === 'text' ? 'PrometheusText0.0.4' : 'OpenMetricsText1.0.0';
  return {
    name: `sent as ${contentType === '' ? 'nothing' : contentType}${fallback === undefined ? '' : `, taken for ${fallback}`}`,
    body: fallback === 'openmetrics' ? 'lifts 1\n# EOF\n' : 'lifts 1\n',
    up: fallback === undefined ? 0 : 1,
    contentType,
    ...(fallback === undefined
      ? {}
      : { source: { fallbackFormat: fallback }, job: { fallback_scrape_protocol: protocol } }),
  };
}

const histogram = [
  '# TYPE door_wait_seconds histogram',
  'door_wait_seconds_bucket{le="1"} 4',
  'door_wait_seconds_bucket{le="+Inf"} 6',
  'door_wait_seconds_sum 9.5',
  'door_wait_seconds_count 6',
  '',
].join('\n');

const keepNames = { source: { utf8Names: 'keep' } };

export const oddPages: readonly OddPage[] = [
  // Descriptions.
  text('HELP and TYPE twice', 1, '# HELP lifts a\n# TYPE lifts gauge\n# HELP lifts a\n# TYPE lifts gauge\nlifts 1\n'),
  text('two types', 1, '# TYPE lifts gauge\n# TYPE lifts counter\nlifts 1\n'),
  text('TYPE after its sample', 1, 'lifts 1\n# TYPE lifts gauge\nlifts{floor="2"} 2\n'),
  text('TYPE of a histogram after its buckets', 1, 'w_bucket{le="1"} 1\nw_count 1\n# TYPE w histogram\nw_sum 3\n'),
  text('HELP without a name, twice', 1, '# HELP Doors that opened\n# HELP Doors that closed\ndoors 3\n'),
  text('HELP with a hyphen in its name', 1, '# HELP lift-doors open\n# TYPE lifts gauge\nlifts 1\n'),
  text('TYPE with a hyphen in its name', 0, '# TYPE lift-doors gauge\nlifts 1\n'),
  text('HELP with nothing behind it', 1, '# HELP\nlifts 1\n'),
  text('HELP with a blank behind it', 0, '# HELP \nlifts 1\n'),
  text('a type in capitals', 0, '# TYPE lifts GAUGE\nlifts 1\n'),
  text('a type of OpenMetrics in the text format', 0, '# TYPE lifts unknown\nlifts 1\n'),
  text('a type with a blank behind it', 0, '# TYPE lifts gauge \nlifts 1\n'),
  text('a type behind two blanks', 0, '# TYPE lifts  gauge\nlifts 1\n'),
  text('TYPE without a type', 0, '# TYPE lifts\nlifts 1\n'),
  text('TYPE without a blank before it', 1, '#TYPE lifts counter\nlifts 1\n'),
  text('TYPE of a series of a histogram', 1, `${histogram}# TYPE door_wait_seconds_count counter\n`),
  text('unknown escapes in HELP', 1, '# HELP lifts C:\\jobs \\u003c\nlifts 1\n'),
  text('an EOF of OpenMetrics in the middle', 1, 'lifts 1\n# EOF\ndoors 2\n'),
  text('a comment that is not UTF-8', 1, Buffer.from('# caf\xe9\nlifts 1\n', 'latin1')),
  text('HELP that is not UTF-8', 0, Buffer.from('# HELP lifts caf\xe9\nlifts 1\n', 'latin1')),
  // Labels.
  text('unknown escapes in a label', 1, 'lifts{path="C:\\jobs",tag="\\u003cb\\u003e"} 1\n'),
  text('a line feed in a label', 1, 'lifts{note="up\nand down"} 1\ndoors 2\n'),
  text('a quote that is not closed', 0, 'lifts{note="up} 1\ndoors 2\n'),
  text('no comma between labels', 1, 'lifts{a="1" b="2"} 1\n'),
  text('a comma after the last label', 1, 'lifts{a="1",} 1\n'),
  text('two commas', 0, 'lifts{a="1",,b="2"} 1\n'),
  text('single quotes', 0, "lifts{a='1'} 1\n"),
  text('a label without a value', 1, 'lifts{a="",b="2"} 1\n'),
  text('a label twice', 0, 'lifts{a="1",a="2"} 1\n'),
  text('a label with a hyphen', 0, 'lifts{a-b="1"} 1\n'),
  text('a label that is not UTF-8', 0, Buffer.from('lifts{a="caf\xe9"} 1\n', 'latin1')),
  text('a long value', 1, `lifts{command="${'x'.repeat(4478)}"} 1\n`),
  text(
    'seventy labels',
    1,
    `lifts{${Array.from({ length: 70 }, (_, index) => `l${String(index)}="1"`).join(',')}} 1\n`,
  ),
  text('labels that the target has too', 1, 'lifts{job="theirs",instance="there",exported_job="x"} 1\n'),
  text('honoured labels', 1, 'lifts{job="honoured labels",instance=""} 1\n', {
    source: { honorLabels: true },
    job: { honor_labels: true },
  }),
  text('quoted names', 1, '# TYPE "lift.doors" gauge\n{"lift.doors","is open"="yes"} 1\n', keepNames),
  text('a name in the middle of the braces', 1, '{a="1","lift.doors",b="2"} 1\n', keepNames),
  text('two names', 0, '{"lifts","doors"} 1\n'),
  text('no name', 0, '{a="1"} 1\n'),
  // Values and times.
  text('special values', 1, 'a NaN\nb +Inf\nc -inf\nd -0\ne 1e-999\nf 08\ng .5\nh 5.\n'),
  text('a value of hexadecimal digits', 0, 'lifts 0x1F\n'),
  text('a value with a comma', 0, 'lifts 1,5\n'),
  text('a value that is too large', 0, 'lifts 1e999\n'),
  text('no value', 0, 'lifts\n'),
  text('a text as value', 0, 'lifts ok\n'),
  text('a time of half a minute ago', 1, (s) => `lifts 1 ${String((s - 30) * 1000)}\ndoors 2\n`),
  text('a time five minutes ahead', 1, (s) => `lifts 1 ${String((s + 300) * 1000)}\ndoors 2\n`),
  text('a time an hour ahead', 1, (s) => `lifts 1 ${String((s + 3600) * 1000)}\ndoors 2\n`),
  text('a time in microseconds', 1, (s) => `lifts 1 ${String(s * 1_000_000)}\ndoors 2\n`),
  text('the largest time', 1, 'lifts 1 9223372036854775807\ndoors 2\n'),
  text('a time that is larger than any', 0, 'lifts 1 9223372036854775808\ndoors 2\n'),
  text('a negative time', 0, 'lifts 1 -5\n'),
  text('a time with a fraction', 0, (s) => `lifts 1 ${String(s)}.5\n`),
  text('one series at two times', 1, (s) => `lifts 1 ${String((s - 60) * 1000)}\nlifts 2 ${String((s - 30) * 1000)}\n`),
  text('times that are not honoured', 1, 'lifts 1 5000\n', {
    source: { honorTimestamps: false },
    job: { honor_timestamps: false },
  }),
  // Series and types.
  text('one series twice', 1, 'lifts 1\nlifts 2\ndoors 3\n'),
  text('one series twice, its labels in another order', 1, 'lifts{a="1",b="2"} 1\nlifts{b="2",a="1"} 2\n'),
  text('one series twice with the same value', 1, 'lifts 1\nlifts 1\n'),
  text('a bare sample of a histogram', 1, `${histogram}door_wait_seconds 3\n`),
  text('a bucket without a bound', 1, `${histogram}door_wait_seconds_bucket{door="2"} 3\n`),
  text('a bucket with a word for a bound', 1, `${histogram}door_wait_seconds_bucket{le="all"} 3\n`),
  text('a negative count', 1, `${histogram}door_wait_seconds_count{door="2"} -3\n`),
  text('buckets that fall', 1, `${histogram}door_wait_seconds_bucket{door="2",le="1"} 9\n`),
  text('a histogram whose count does not fit', 1, histogram.replace('count 6', 'count 7')),
  text('two spellings of a bound', 1, `${histogram}door_wait_seconds_bucket{le="1.0"} 4\n`),
  text(
    'an average among the quantiles',
    1,
    '# TYPE q summary\nq{quantile="0.5"} 1\nq{quantile="avg"} 2\nq_sum 3\nq_count 4\n',
  ),
  text('a summary without quantiles', 1, '# TYPE q summary\nq 5\nq_sum 3\nq_count 4\n'),
  text('a bound of another type', 1, 'fits{le="1"} 1\n# TYPE lifts gauge\nlifts{quantile="1"} 1\n'),
  text('a negative counter', 1, '# TYPE lifts_total counter\nlifts_total -1\n'),
  // The page as a whole.
  text('nothing', 1, '\n'),
  text('no line feed at the end', 1, 'lifts 1\ndoors 2'),
  text('blanks at the end', 1, 'lifts 1\n   '),
  text('empty lines and blanks', 1, '\n\n  \nlifts\t1\t\n'),
  text('a NUL byte', 1, 'lifts 1\n\0\ndoors 2\n'),
  text('line feeds of Windows', 0, '# TYPE lifts gauge\r\nlifts 1\r\n'),
  text('a byte order mark', 0, '\u{feff}lifts 1\n'),
  text('an error below the page', 0, 'lifts 1\nAn error has occurred while serving metrics\n'),
  text('a login page', 0, '<!doctype html><title>Sign in</title>\n'),
  sentAs('text/html'),
  sentAs('text/html', 'text'),
  sentAs('application/json'),
  sentAs('application/json', 'text'),
  sentAs('application/octet-stream', 'text'),
  sentAs('application/octet-stream', 'openmetrics'),
  sentAs(''),
  sentAs('', 'text'),
  sentAs('application/openmetrics-text; version=2.0.0'),
  // Limits, which are counted after relabelling.
  text('more series than the limit', 0, 'lifts{a="1"} 1\nlifts{a="2"} 1\n', {
    source: { limits: { samples: 1 } },
    job: { sample_limit: 1 },
  }),
  text('more series than the limit, of which one is dropped', 1, 'lifts{a="1"} 1\nlifts{a="2"} 1\n', {
    source: { limits: { samples: 1 }, relabel: [{ action: 'drop', sourceLabels: ['a'], regex: '2' }] },
    job: { sample_limit: 1, metric_relabel_configs: [{ action: 'drop', source_labels: ['a'], regex: '2' }] },
  }),
  text('more labels than the limit', 0, 'lifts{a="1",b="2"} 1\n', {
    source: { limits: { labels: 4 } },
    job: { label_limit: 4 },
  }),
  text('as many labels as the limit, after one is dropped', 1, 'lifts{a="1",b="2"} 1\n', {
    source: { limits: { labels: 4 }, relabel: [{ action: 'labeldrop', regex: 'b' }] },
    job: { label_limit: 4, metric_relabel_configs: [{ action: 'labeldrop', regex: 'b' }] },
  }),
  text('a value longer than the limit', 0, `lifts{a="${'x'.repeat(60)}"} 1\n`, {
    source: { limits: { labelValueLength: 50 } },
    job: { label_value_length_limit: 50 },
  }),
  // OpenMetrics.
  open('a whole page', 1, '# TYPE runs counter\n# HELP runs Runs.\nruns_total 5 # {id="a"} 1\nruns_created 100\n'),
  open('TYPE with _total', 1, '# TYPE runs_total counter\nruns_total 5\n'),
  open('a counter without _total', 1, '# TYPE runs counter\nruns 5\n'),
  open('a counter below zero', 1, '# TYPE runs counter\nruns_total -5\n'),
  open('families that are not together', 1, 'a{x="1"} 1\nb 1\na{x="2"} 1\n'),
  open('a description after its sample', 1, 'a 1\n# TYPE a gauge\n# HELP a x\n'),
  open('descriptions twice', 1, '# TYPE a gauge\n# TYPE a gauge\na 1\n'),
  open('an info of 0', 1, '# TYPE app info\napp_info{version="1"} 0\n'),
  open('a state of 2', 1, '# TYPE s stateset\ns{s="a"} 2\n'),
  open('an exemplar that is too long', 1, `# TYPE runs counter\nruns_total 5 # {id="${'x'.repeat(200)}"} 1\n`),
  open('an exemplar at a gauge', 1, '# TYPE a gauge\na 1 # {id="a"} 1\n'),
  open('a time of 1e19', 1, 'a 1 1e19\nb 2\n'),
  open('a time of a minute ago', 1, (s) => `a 1 ${String(s - 60)}.5\nb 2\n`),
  open('a time in milliseconds', 1, (s) => `a 1 ${String(s * 1000)}\nb 2\n`),
  open('a unit that is not in the name', 0, '# TYPE a gauge\n# UNIT a seconds\na 1\n'),
  open('a comma after the last label of OpenMetrics', 1, 'a{b="1",} 1\n'),
  open('a blank in the braces', 0, 'a{b="1", c="2"} 1\n'),
  open('an empty line', 0, 'a 1\n\n'),
  open('another comment', 0, '# made by hand\na 1\n'),
  open(
    'bounds of a histogram',
    1,
    '# TYPE w histogram\nw_bucket{le="1"} 1\nw_bucket{le="+Inf"} 2\nw_count 2\nw_sum 3\n',
  ),
  { name: 'no EOF', body: 'a 1\n', up: 0, contentType: openType },
  { name: 'EOF without a line feed', body: 'a 1\n# EOF', up: 1, contentType: openType },
  { name: 'something behind EOF', body: 'a 1\n# EOF\nb 2\n', up: 0, contentType: openType },
];
