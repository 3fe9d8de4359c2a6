/** Reads Stryker's report of the sample and counts what the tests noticed. */
import * as z from 'zod';

/** Counted from 1. */
const Position = z.object({ line: z.int(), column: z.int() });

const MutantReport = z.object({
  mutatorName: z.string(),
  replacement: z.string().optional(),
  status: z.enum(['Killed', 'Survived', 'NoCoverage', 'Timeout', 'RuntimeError', 'CompileError', 'Ignored', 'Pending']),
  location: z.object({ start: Position, end: Position }),
});

/** The part of mutation-testing-report-schema that is needed. */
const Report = z.object({
  files: z.record(z.string(), z.object({ source: z.string(), mutants: z.array(MutantReport) })),
});

/** A change that no test noticed. */
export interface Survivor {
  readonly file: string;
  readonly line: number;
  readonly before: string;
  readonly after: string;
  /** No test runs the place at all. */
  readonly isCovered: boolean;
}

export interface Outcome {
  readonly place: string;
  readonly seed: number;
  readonly mutants: number;
  /** With those that could not even be loaded. */
  readonly killed: number;
  readonly timedOut: number;
  readonly survivors: readonly Survivor[];
  /** Of those that are in the code: all that type-check or not. */
  readonly population: number;
}

export function readOutcome(text: string, { place, seed }: Pick<Outcome, 'place' | 'seed'>): Outcome {
  const { files } = Report.parse(JSON.parse(text));
  const all = Object.entries(files).flatMap(([file, { source, mutants }]) =>
    mutants.map((mutant) => ({ file, source, ...mutant })),
  );
  const sample = all.filter(({ status }) => status !== 'CompileError' && status !== 'Ignored');
  const unfinished = sample.filter(({ status }) => status === 'Pending').length;
  if (unfinished > 0) throw new Error(`Stryker did not run ${String(unfinished)} mutants of its sample`);
  const survivors = sample
    .filter(({ status }) => status === 'Survived' || status === 'NoCoverage')
    .map(({ file, source, status, location, replacement = '' }) => ({
      file,
      line: location.start.line,
      before: oneLine(textAt(source, location)),
      after: oneLine(replacement),
      isCovered: status === 'Survived',
    }));
  const timedOut = sample.filter(({ status }) => status === 'Timeout').length;
  const killed = sample.length - timedOut - survivors.length;
  return { place, seed, mutants: sample.length, killed, timedOut, survivors, population: all.length };
}

function textAt(source: string, { start, end }: z.output<typeof MutantReport>['location']): string {
  const lines = source.split('\n').slice(start.line - 1, end.line);
  const last = lines.pop() ?? '';
  const whole = [...lines, last.slice(0, end.column - 1)];
  const [first = '', ...others] = whole;
  return [first.slice(start.column - 1), ...others].join('\n');
}

/** As much as fits beside the place and the other side of the arrow. */
const longestText = 100;

function oneLine(text: string): string {
  const line = text.replace(/\s+/g, ' ');
  return line.length > longestText ? `${line.slice(0, longestText)}…` : line;
}
