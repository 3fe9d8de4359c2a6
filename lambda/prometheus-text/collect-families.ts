import { type Cursor, fail, quoted } from './cursor.ts';
import { allSuffixes, faultOfSample, type Format, suffixesOf } from './family-rules.ts';
import { boundText, valueOf } from './numbers.ts';
import type { Page, PageFamily, PageSample, PageType } from './page.ts';
import type { Statement } from './statement.ts';

/** Whether a sample is wanted; `family` is the metric that it belongs to. */
export type Keep = (sample: string, family: string) => boolean;

/** Puts together what the lines of a page say. */
export interface FamilyCollector {
  /** @throws PageSyntaxError at the line's cursor */
  add(statement: Statement, cursor: Cursor): void;
  page(): Page;
}

interface Building {
  readonly name: string;
  type: PageType | undefined;
  help: string | undefined;
  unit: string | undefined;
  /** Also true for samples that were turned away. */
  hasSamples: boolean;
  /** By series; a later line replaces an earlier one in its place. */
  readonly samples: Map<string, PageSample>;
}

export function createFamilyCollector(format: Format, keep: Keep, maxSeries: number): FamilyCollector {
  const families = new Map<string, Building>();
  let current: Building | undefined;
  let lines = 0;
  const store = createStore(maxSeries);

  const create = (name: string, cursor: Cursor): Building => {
    // Every one of them is kept until the end of the page, even when it has no sample.
    if (families.size >= maxSeries) fail(cursor, `the page has more than ${String(maxSeries)} metrics`, 0);
    const building = newBuilding(name);
    families.set(name, building);
    return building;
  };

  /** The metric that has samples of this name. */
  const owner = (name: string): Building | undefined => {
    if (format === 'openmetrics' && current !== undefined && owns(format, current, name)) return current;
    return families.get(name) ?? ownerBySuffix(format, families, name);
  };

  const described = (name: string, cursor: Cursor): Building => {
    const known = format === 'text' ? owner(name) : families.get(name);
    const building = known ?? create(name, cursor);
    if (format === 'openmetrics') assertTogether(building, current, cursor);
    current = building;
    return building;
  };

  const addSample = (sample: PageSample, cursor: Cursor): void => {
    lines += 1;
    const building = owner(sample.name) ?? create(sample.name, cursor);
    if (format === 'openmetrics') {
      assertTogether(building, current, cursor);
      assertMember(building, sample.name, cursor);
    }
    current = building;
    building.hasSamples = true;
    const fault = faultOfSample(format, { name: building.name, type: building.type ?? 'untyped' }, sample);
    if (fault !== undefined) fail(cursor, fault, 0);
    if (keep(sample.name, building.name)) store.add(building, withBoundText(sample, building.type), cursor);
  };

  return {
    add: (statement, cursor) => {
      switch (statement.says) {
        case 'nothing':
        case 'end':
          return;
        case 'sample':
          addSample(statement.sample, cursor);
          return;
        case 'help':
        case 'type':
        case 'unit':
          describe(described(statement.name, cursor), statement, cursor, format);
      }
    },
    page: () => ({
      families: [...families.values()].filter(({ samples }) => samples.size > 0).map((one) => finished(one, format)),
      duplicates: store.duplicates(),
      lines,
    }),
  };
}

interface Store {
  add(to: Building, sample: PageSample, cursor: Cursor): void;
  duplicates(): number;
}

/** Keeps samples up to a limit, each series once. */
function createStore(maxSeries: number): Store {
  let kept = 0;
  let duplicates = 0;
  return {
    add: ({ samples }, sample, cursor) => {
      const key = keyOf(sample);
      if (samples.has(key)) duplicates += 1;
      else kept += 1;
      if (kept > maxSeries) fail(cursor, `the page has more than ${String(maxSeries)} series that are wanted`, 0);
      samples.set(key, sample);
    },
    duplicates: () => duplicates,
  };
}

function newBuilding(name: string): Building {
  return { name, type: undefined, help: undefined, unit: undefined, hasSamples: false, samples: new Map() };
}

/** Bounds and quantiles in the one spelling that Prometheus 3 stores. */
function withBoundText(sample: PageSample, type: PageType | undefined): PageSample {
  const name = boundLabels.get(type);
  const bound = name === undefined ? undefined : sample.labels.get(name);
  const value = bound === undefined ? undefined : valueOf(bound);
  if (name === undefined || value === undefined) return sample;
  const text = boundText(value);
  // A map keeps the place of a key that it has: the labels stay sorted.
  return text === bound ? sample : { ...sample, labels: new Map(sample.labels).set(name, text) };
}

const boundLabels: ReadonlyMap<PageType | undefined, 'le' | 'quantile'> = new Map([
  ['histogram', 'le'],
  ['summary', 'quantile'],
]);

type Description = Extract<Statement, { readonly says: 'help' | 'type' | 'unit' }>;

function describe(building: Building, statement: Description, cursor: Cursor, format: Format): void {
  const name = quoted(statement.name);
  if (format === 'openmetrics' && building.hasSamples) fail(cursor, `a description of ${name} after its samples`, 0);
  switch (statement.says) {
    case 'help':
      if (building.help !== undefined) fail(cursor, `a second HELP for ${name}`, 0);
      building.help = statement.text;
      return;
    case 'type':
      if (building.type !== undefined || building.hasSamples)
        fail(cursor, `a second TYPE for ${name}, or TYPE after its samples`, 0);
      building.type = statement.type;
      break;
    case 'unit':
      if (building.unit !== undefined) fail(cursor, `a second UNIT for ${name}`, 0);
      building.unit = statement.unit;
  }
  assertUnit(building, cursor);
}

function assertUnit({ name, type, unit }: Building, cursor: Cursor): void {
  if (unit === undefined || unit === '') return;
  if (!name.endsWith(`_${unit}`)) fail(cursor, `the name ${quoted(name)} does not end with its unit`, 0);
  if (type === 'info' || type === 'stateset') fail(cursor, `${quoted(name)} cannot have a unit`, 0);
}

function isDescribed({ type, help, unit }: Building): boolean {
  return type !== undefined || help !== undefined || unit !== undefined;
}

function owns(format: Format, { name, type }: Building, sample: string): boolean {
  if (!sample.startsWith(name)) return false;
  return suffixesOf(format, type ?? 'unknown').includes(sample.slice(name.length));
}

function ownerBySuffix(format: Format, families: ReadonlyMap<string, Building>, name: string): Building | undefined {
  for (const suffix of allSuffixes) {
    if (!name.endsWith(suffix)) continue;
    const base = families.get(name.slice(0, -suffix.length));
    if (base !== undefined && owns(format, base, name)) return base;
  }
  return undefined;
}

/** OpenMetrics: the lines of a metric stand together. */
function assertTogether(building: Building, current: Building | undefined, cursor: Cursor): void {
  if (building === current || (!building.hasSamples && !isDescribed(building))) return;
  fail(cursor, `the lines of ${quoted(building.name)} do not stand together`, 0);
}

function assertMember(building: Building, sample: string, cursor: Cursor): void {
  if (owns('openmetrics', building, sample)) return;
  fail(cursor, `${quoted(sample)} is no sample of the ${building.type ?? 'unknown'} ${quoted(building.name)}`, 0);
}

/** One text for one series; lengths keep two label sets apart. */
function keyOf({ name, labels }: PageSample): string {
  let key = name;
  for (const [label, value] of labels) key += `;${String(label.length)}:${label}=${String(value.length)}:${value}`;
  return key;
}

function finished({ name, type, help, unit, samples }: Building, format: Format): PageFamily {
  return {
    name,
    type: type ?? (format === 'text' ? 'untyped' : 'unknown'),
    ...(help === undefined ? {} : { help }),
    ...(unit === undefined ? {} : { unit }),
    samples: [...samples.values()],
  };
}
