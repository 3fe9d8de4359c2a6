/** A metric while its page is parsed, and the search for the metric that a sample belongs to. */
import { allSuffixes, type Format, chooseSuffixes } from './family-rules.ts';
import type { PageFamily, PageSample, PageType } from '../page.ts';

export interface Building {
  readonly name: string;
  /** See `PageFamily`. */
  of?: string;
  type: PageType | undefined;
  help: string | undefined;
  unit: string | undefined;
  /** Also true for samples that were turned away. */
  hasSamples: boolean;
  readonly samples: PageSample[];
}

export function createBuilding(name: string): Building {
  return { name, type: undefined, help: undefined, unit: undefined, hasSamples: false, samples: [] };
}

export function isDescribed({ type, help, unit }: Building): boolean {
  return type !== undefined || help !== undefined || unit !== undefined;
}

/** Whether a metric of this type has samples of this name. */
export function isSampleOf(format: Format, { name, type }: Building, sample: string): boolean {
  if (!sample.startsWith(name)) return false;
  return chooseSuffixes(format, type ?? 'unknown').includes(sample.slice(name.length));
}

/** A sample with an ending such as `_bucket` may be one of a metric without it. */
export function findOwnerBySuffix(
  format: Format,
  families: ReadonlyMap<string, Building>,
  name: string,
): Building | undefined {
  for (const suffix of allSuffixes) {
    if (!name.endsWith(suffix)) continue;
    const base = families.get(name.slice(0, -suffix.length));
    if (base !== undefined && isSampleOf(format, base, name)) return base;
  }
  return undefined;
}

export function completeFamily({ name, of, type, help, unit, samples }: Building, format: Format): PageFamily {
  return {
    name,
    type: type ?? (format === 'text' ? 'untyped' : 'unknown'),
    ...(of === undefined ? {} : { of }),
    ...(help === undefined ? {} : { help }),
    ...(unit === undefined ? {} : { unit }),
    samples,
  };
}
