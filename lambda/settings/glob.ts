/** Names with wildcards, and lists of names to include and to exclude. */
import * as z from 'zod';

/** A name with `*` for any text and `?` for one character; everything else stands for itself. */
export const Glob = z.string().min(1).meta({ description: '`*` stands for any text, `?` for one character.' });

export type Matcher = (name: string) => boolean;

function compileGlob(glob: string): Matcher {
  const pattern = glob
    .replace(/[.+^${}()|[\]\\]/g, '\\$&')
    .replace(/\*+/g, '.*')
    .replace(/\?/g, '.');
  const expression = new RegExp(`^${pattern}$`, 'su');
  return (name) => expression.test(name);
}

/** True for names that match any of the globs. */
export function matchAny(globs: readonly string[]): Matcher {
  const matchers = globs.map(compileGlob);
  return (name) => matchers.some((matches) => matches(name));
}

/** Allow and deny list; without `include` everything is allowed, and `exclude` wins. */
export const Selection = z
  .strictObject({
    include: z.array(Glob).min(1).optional().meta({ description: 'Only names that match one of these.' }),
    exclude: z.array(Glob).min(1).optional().meta({ description: 'Never names that match one of these.' }),
  })
  .meta({ id: 'Selection', description: 'Allow and deny list of names.' });
export type Selection = z.infer<typeof Selection>;

export function matchSelection({ include, exclude }: Selection): Matcher {
  const isIncluded = include === undefined ? (): boolean => true : matchAny(include);
  const isExcluded = matchAny(exclude ?? []);
  return (name) => isIncluded(name) && !isExcluded(name);
}
