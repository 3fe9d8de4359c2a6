/** Finds the relabelling patterns that cannot be used; not in the schema, which would load their engine in every function. */
import { PrometheusConfig } from '../config.ts';
import { compilePattern, PatternError } from './pattern.ts';

/** A pattern by its place below the source, and what is wrong with it. */
export interface PatternFinding {
  readonly path: readonly (string | number)[];
  readonly message: string;
}

/** Nothing for a source of another kind. */
export function checkPatterns(source: unknown): readonly PatternFinding[] {
  const { data } = PrometheusConfig.safeParse(source);
  return (data?.relabel ?? []).flatMap(({ regex }, index) => {
    const reason = reasonAgainst(regex);
    if (reason === undefined) return [];
    return [{ path: ['relabel', index, 'regex'], message: `is no pattern that can be used: ${reason}` }];
  });
}

function reasonAgainst(pattern: string): string | undefined {
  try {
    compilePattern(pattern);
    return undefined;
  } catch (error) {
    if (!(error instanceof PatternError)) throw error;
    return error.message;
  }
}
