/** A finding: what an examination has to say of one promise of the configuration, with a remedy where it does not hold. */
import type { Problem, ProblemKind } from './problem.ts';

/** What can be asked of a configuration, in the order in which a person mends it. */
export const subjects = [
  'Node',
  'clock',
  'DNS',
  'proxy',
  'TLS',
  'secret',
  'credential',
  'scopes',
  'expiry',
  'quota',
  'read',
  'write',
  'identity',
  'stack',
  'role',
  'last run',
  'dead letters',
  'cost',
] as const;

export type Subject = (typeof subjects)[number];

/** Whose promise it is. */
interface Promised {
  readonly subject: Subject;
  /** `<kind>/<name in config>`, a host, or a reference to a secret: never a value. */
  readonly where: string;
  /** What was found, in one sentence. */
  readonly message: string;
}

/** The promise holds. */
export interface Kept extends Promised {
  readonly verdict: 'ok';
}

/**
 * The promise does not hold. `warning`: the collector works all the same; `unknown`: it cannot be found out from here.
 */
export interface Broken extends Promised {
  readonly verdict: 'unknown' | 'warning' | 'failed';
  /** What to do about it. */
  readonly remedy: string;
  /** Present where a part of the pipeline told it as a problem. */
  readonly kind?: ProblemKind;
}

export type Finding = Kept | Broken;
export type Verdict = Finding['verdict'];

/** A problem of a part of the pipeline, as a finding. */
export function describeAsFinding(
  { kind, where, message }: Problem,
  subject: Subject,
  verdict: Broken['verdict'] = 'failed',
): Finding {
  return { subject, where, verdict, kind, ...splitRemedy(message) };
}

/** Where a remedy begins in the text of a problem: behind its last semicolon, else its last sentence, else its last colon. */
const seams = [/;\s+(?=[^;]*$)/, /\.\s+(?=[A-Z][^.]*\.?$)/, /:\s+(?=[^:]*$)/];

/** A problem that was met several times says so at its end. */
const repetition = /[;,] \d[\d,]* more such problems? in this run$/;

const noRemedy = 'see what was found';

/** A problem tells what happened and what to do in one text; nothing of it is lost. */
function splitRemedy(text: string): { readonly message: string; readonly remedy: string } {
  const end = repetition.exec(text)?.index ?? text.length;
  const [first, repeated] = [text.slice(0, end), text.slice(end)];
  for (const seam of seams) {
    const found = seam.exec(first);
    if (found === null) continue;
    return { message: first.slice(0, found.index) + repeated, remedy: first.slice(found.index + found[0].length) };
  }
  return { message: text, remedy: noRemedy };
}
