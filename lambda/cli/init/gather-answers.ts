/** Gathers the answers that `init` needs: from options, and in a terminal by asking. */
import { type Arguments, UsageError } from '../commands/parse-arguments.ts';
import { findNearest } from '../../config/explain/nearest.ts';
import type { Terminal } from '../terminal.ts';
import { parsePlace, placeForms } from './parse-place.ts';
import { type Answers, type Kind, type Place, type Question, sinkKinds, sourceKinds } from './questions.ts';

export interface Choice {
  readonly kind: Kind;
  readonly answers: Answers;
}

export interface Gathered {
  readonly place: Place;
  readonly source: Choice;
  readonly sink: Choice;
  /** Who is told of alarms. */
  readonly email: string | undefined;
}

type Ask = Terminal['ask'];

/** An answer that leaves a question open. */
const none = 'none';

/** @throws UsageError for an answer that does not fit, and for one that is missing where nobody can be asked. */
export async function gatherAnswers(args: Arguments, { ask }: Terminal): Promise<Gathered> {
  const forPlace = await resolve(ask, args.text('for'), {
    option: 'for',
    text: 'Where will the collector run: aws or terminal?',
    byDefault: 'aws',
  });
  if (forPlace !== 'aws' && forPlace !== 'terminal') throw new UsageError('--for must be aws or terminal');
  const source = await gatherChoice(args, ask, forPlace, 'source', sourceKinds);
  const sink = await gatherChoice(args, ask, forPlace, 'sink', sinkKinds);
  const email =
    forPlace === 'aws'
      ? await resolve(ask, args.text('email'), {
          option: 'email',
          text: 'Who gets a mail when an alarm goes off?',
          byDefault: none,
        })
      : none;
  return { place: forPlace, source, sink, email: email === none ? undefined : email };
}

async function gatherChoice(
  args: Arguments,
  ask: Ask,
  place: Place,
  what: 'source' | 'sink',
  kinds: readonly Kind[],
): Promise<Choice> {
  const listed = kinds.map(({ kind, summary }) => `  ${kind}: ${summary}`).join('\n');
  const names = kinds.map(({ kind }) => kind);
  const name = await resolve(ask, args.text(what), {
    option: what,
    text: `${what === 'source' ? 'Which CI system is read?' : 'Where do the metrics go?'}\n${listed}\n`,
    byDefault: names[0] ?? '',
  });
  const kind = kinds.find((each) => each.kind === name);
  if (kind === undefined) {
    const meant = findNearest(name, names);
    throw new UsageError(
      `--${what} must be one of ${names.join(', ')}${meant === undefined ? '' : `; did you mean ${meant}?`}`,
    );
  }
  return { kind, answers: await gatherOf(args, ask, kind.questions(place), what === 'source' ? '' : 'sink-') };
}

async function gatherOf(args: Arguments, ask: Ask, questions: readonly Question[], prefix: string): Promise<Answers> {
  const answers: Record<string, unknown> = {};
  for (const { about, text, byDefault } of questions) {
    const option = `${prefix}${about}`;
    const answer = await resolve(ask, args.text(option), {
      option,
      text: about === 'token' ? `${text} (${placeForms})` : text,
      ...(byDefault === undefined ? {} : { byDefault }),
    });
    if (answer !== none) answers[about] = about === 'token' ? readPlace(option, answer) : answer;
  }
  return answers;
}

function readPlace(option: string, text: string): unknown {
  const place = parsePlace(text);
  if (place !== undefined) return place;
  // What was written may be the token itself, so it is not repeated.
  throw new UsageError(`--${option} says where the token will lie, never what it is: ${placeForms}`);
}

interface Asked {
  readonly option: string;
  readonly text: string;
  readonly byDefault?: string;
}

/** What was given, or the answer, or the default. */
async function resolve(ask: Ask, given: string | undefined, { option, text, byDefault }: Asked): Promise<string> {
  if (given !== undefined) return given;
  if (ask === undefined) {
    if (byDefault !== undefined) return byDefault;
    throw new UsageError(`--${option} is needed where nobody can be asked: ${text}`);
  }
  const hint = byDefault === undefined ? '' : ` [${byDefault}]`;
  for (;;) {
    const answer = (await ask(`${text}${hint} `)).trim();
    if (answer !== '') return answer;
    if (byDefault !== undefined) return byDefault;
  }
}
