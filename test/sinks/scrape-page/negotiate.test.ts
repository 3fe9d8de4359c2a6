/** Tests of choosing the format of the page by the `Accept` header of a scraper. */
import { describe, expect, it } from 'vitest';
import { doesAcceptGzip, chooseForm } from '../../../lambda/sinks/scrape-page/serve/negotiate.ts';

/** As Debian's Prometheus 2.42 and Prometheus 3 send it. */
const prometheus2 =
  'application/openmetrics-text;version=1.0.0,application/openmetrics-text;version=0.0.1;q=0.75,text/plain;version=0.0.4;q=0.5,*/*;q=0.1';
const prometheus3 =
  'application/openmetrics-text;version=1.0.0;escaping=allow-utf-8;q=0.6,application/openmetrics-text;version=0.0.1;q=0.5,text/plain;version=1.0.0;escaping=allow-utf-8;q=0.4,text/plain;version=0.0.4;q=0.3,*/*;q=0.2';

describe('the form of a page', () => {
  it.each([
    [undefined, 'text', undefined],
    ['', 'text', undefined],
    ['*/*', 'text', undefined],
    ['text/*', 'text', undefined],
    ['text/html,application/xhtml+xml,application/xml;q=0.9,*/*;q=0.8', 'text', undefined],
    ['text/plain', 'text', undefined],
    ['application/openmetrics-text', 'openmetrics', undefined],
    ['application/*', 'openmetrics', undefined],
    [prometheus2, 'openmetrics', undefined],
    [prometheus3, 'openmetrics', 'allow-utf-8'],
    ['application/openmetrics-text;version=1.0.0;q=0.2,text/plain;version=0.0.4;q=0.9', 'text', undefined],
    ['text/plain;version=0.0.4;q=0.5,application/openmetrics-text;version=1.0.0;q=0.5', 'text', undefined],
    ['application/openmetrics-text;version=1.0.0;q=0,text/plain;q=0.1', 'text', undefined],
    ['application/openmetrics-text;version=1.0.0;q=0', 'text', undefined],
    ['application/openmetrics-text;version=2.0.0,text/plain;version=0.0.4;q=0.1', 'text', undefined],
    ['application/vnd.google.protobuf;proto=io.prometheus.client.MetricFamily', 'text', undefined],
    ['text/plain;version=1.0.0;escaping=allow-utf-8', 'text', 'allow-utf-8'],
    ['text/plain;version=0.0.4;escaping=allow-utf-8', 'text', undefined],
    ['text/plain; Version="0.0.4"; escaping=Dots', 'text', 'dots'],
    ['application/openmetrics-text;version=1.0.0;escaping=unheard-of', 'openmetrics', undefined],
    ['text/plain;q=nonsense,application/openmetrics-text;q=0.5', 'text', undefined],
  ])('for %j is %s with the names of %s', (accept, format, escaping) => {
    expect(chooseForm(accept)).toEqual({ format, escaping });
  });

  it.each([
    [undefined, false],
    ['gzip', true],
    ['deflate, GZIP;q=0.5', true],
    ['gzip;q=0', false],
    ['gzip;q=0, *', false],
    ['*', true],
    ['*;q=0', false],
    ['identity', false],
    ['br', false],
  ])('is compressed for %j: %s', (header, is) => {
    expect(doesAcceptGzip(header)).toBe(is);
  });
});
