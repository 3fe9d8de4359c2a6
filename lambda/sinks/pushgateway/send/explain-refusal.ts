/** Reads why a Pushgateway refuses a push, and says what to do about it. */
import { HttpStatusError } from '../../../http/errors/errors.ts';
import { describeHttpProblem } from '../../../http/errors/problem.ts';
import type { Problem } from '../../../model/problem.ts';
import { shortenText } from '../../../model/text/wording.ts';
import { isNotTaken } from '../../../series/delivery/fate.ts';
import { mayBeMissing, notStored } from '../../../series/losses/stored-words.ts';
import { maxGatewayText } from '../limits.ts';

/** Texts of the Pushgateway (handler/push.go) and of the check of client_golang (prometheus/registry.go) behind it. */
const remedies: readonly (readonly [RegExp, string])[] = [
  [
    /is not a [A-Z]+|has type [A-Z_]+ but should have/,
    'another group of this gateway has a metric of this name with another type: rename it there, delete that group, or leave the metric out here with `metrics.exclude`',
  ],
  [
    /was collected before with the same name and label values/,
    'another group gives the same series: choose `job` or `grouping` so that no other job has them',
  ],
  [/must not have timestamps/, 'something on the way adds timestamps; push to the gateway itself'],
  [
    /odd number of components|improper label name|invalid label/,
    'the path is not that of a group: check the path prefix in `url` and the names in `grouping`',
  ],
  [
    /text format parsing error|gzip|flate|unexpected EOF/,
    'the gateway cannot read the page: one before 1.5.0 does not know gzip, so update it, or look for a proxy that changes the body',
  ],
];

const hints = {
  404: 'there is no Pushgateway at this path; set `url` to its base URL, with the prefix that it was started with (--web.route-prefix) and without /metrics',
  405: 'no group can be pushed at this path; set `url` to the base URL of the gateway, without /metrics',
  413: 'the page is too large for the gateway or a proxy before it; raise the limit there (client_max_body_size in nginx) or publish fewer metrics with `metrics`',
};

/** The gateway has judged the page; everything else says nothing of the data. */
export function isRefusal(error: unknown): error is HttpStatusError {
  return error instanceof HttpStatusError && (error.status === 400 || error.status === 413);
}

/**
 * The metrics that the gateway names as the reason of its refusal: `collected metric "a" { … } is not a GAUGE`,
 * `gathered metric family a has type …`.
 */
export function parseBlamedMetrics({ status, excerpt }: HttpStatusError): ReadonlySet<string> {
  if (status !== 400) return new Set();
  const named = excerpt.matchAll(/(?:collected metric|metric family) "?([a-zA-Z_:][a-zA-Z0-9_:]*)/g);
  return new Set([...named].map(([, name = '']) => name));
}

/** What a failed request means. @throws what is not an expected failure: a bug. */
export function describeRequestProblem(error: unknown, where: string): Problem {
  const problem = describeHttpProblem(error, where, hints, 'quote');
  if (problem === undefined) throw error;
  const became = isNotTaken(error, undoneStatuses) ? notStored : mayBeMissing;
  const isAboutPage = error instanceof HttpStatusError && error.status === 400;
  const message = isAboutPage ? `answered 400${explainRefusal(error)}` : problem.message;
  return { ...problem, message: `${became}: ${message}` };
}

/** Faults of the gateway, or of a proxy before it, that has done nothing (RFC 9110, RFC 6585). */
const undoneStatuses: readonly number[] = [429, 503];

/** The gateway's own words, behind a blank, where there are any, and what to do about them. */
export function explainRefusal({ excerpt }: HttpStatusError): string {
  const said = excerpt.trim();
  const remedy =
    remedies.find(([says]) => says.test(said))?.[1] ??
    'the gateway refuses the whole group; leave the metric that it means out with `metrics.exclude`, and report it';
  const quoted = said === '' ? '' : ` "${shortenText(said, maxGatewayText)}"`;
  return `${quoted}: ${remedy}`;
}
