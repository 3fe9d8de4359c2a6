/** Puts the lines of a page together: which samples make a metric, of which type, and which are there twice. */
import { type Cursor, fail, quoteText } from '../lines/cursor.ts';
import {
  type Building,
  completeFamily,
  isDescribed,
  createBuilding,
  findOwnerBySuffix,
  isSampleOf,
} from './building.ts';
import { checkSample, type Format, findOddity } from './family-rules.ts';
import { formatBound, parseValue } from '../numbers.ts';
import type { Page, PageSample, PageType } from '../page.ts';
import type { PageLimits } from '../limits.ts';
import type { Remarks } from '../remarks.ts';
import type { Statement } from '../lines/statement.ts';
import { TooManySeriesError } from '../syntax-error.ts';

/** Whether a sample is wanted, by its name, that of the metric that it belongs to, and all that stands on its line. */
export type Keep = (name: string, family: string, sample: PageSample) => boolean;

/** Puts together what the lines of a page say. */
export interface FamilyCollector {
  /** @throws PageSyntaxError at the line's cursor */
  add(statement: Statement, cursor: Cursor): void;
  page(): Omit<Page, 'remarks'>;
}

export interface CollectorOptions {
  readonly format: Format;
  readonly keep: Keep;
  readonly limits: Pick<PageLimits, 'maxSeries' | 'maxMetrics'>;
  readonly remarks: Remarks;
}

/** About the whole of a line. */
type Tell = (cursor: Cursor, text: string, kind?: 'notice' | 'loss') => void;

export function createFamilyCollector({ format, keep, limits, remarks }: CollectorOptions): FamilyCollector {
  let lines = 0;
  /** Of the last TYPE, whatever its metric: so Prometheus spells bounds. */
  let lastType: PageType | undefined;
  const tell: Tell = ({ line }, text, kind) => {
    remarks.add({ line, column: 1 }, text, kind);
  };
  const register = createRegister(format, limits.maxMetrics, tell);
  const store = createStore(limits.maxSeries, tell);

  const addSample = (sample: PageSample, cursor: Cursor): void => {
    lines += 1;
    const building = register.ensureOwner(sample.name, cursor);
    building.hasSamples = true;
    const isFit = checkFit(format, building, sample, (text) => {
      tell(cursor, text);
    });
    if (!keep(sample.name, building.name, sample)) return;
    const home = isFit ? building : register.ensureUnfit(sample.name, building, cursor);
    store.add(home, normalizeBound(sample, lastType), cursor);
  };

  return {
    add: (statement, cursor) => {
      switch (statement.says) {
        case 'nothing':
        case 'end':
        case 'cut':
          return;
        case 'sample':
          addSample(statement.sample, cursor);
          return;
        case 'type':
          lastType = statement.type;
          describe(register.ensureDescribed(statement.name, cursor), statement, cursor, tell);
          return;
        case 'help':
        case 'unit':
          describe(register.ensureDescribed(statement.name, cursor), statement, cursor, tell);
      }
    },
    page: () => ({
      families: register
        .all()
        .filter(({ samples }) => samples.length > 0)
        .map((one) => completeFamily(one, format)),
      lines,
      duplicates: store.duplicates(),
    }),
  };
}

/** The metrics of a page by name. */
interface Register {
  /** The metric that a line describes. */
  ensureDescribed(name: string, cursor: Cursor): Building;
  /** The metric that a sample of this name belongs to. */
  ensureOwner(sample: string, cursor: Cursor): Building;
  /** An untyped one, for samples that do not fit the type of theirs. */
  ensureUnfit(sample: string, owner: Building, cursor: Cursor): Building;
  all(): readonly Building[];
}

function createRegister(format: Format, maxMetrics: number, tell: Tell): Register {
  const families = new Map<string, Building>();
  const unfit = new Map<string, Building>();
  let current: Building | undefined;

  const create = (name: string, cursor: Cursor, among: Map<string, Building>): Building => {
    // Every one of them is kept until the end of the page, even when it has no sample.
    if (families.size + unfit.size >= maxMetrics)
      fail(cursor, `the page has more than ${String(maxMetrics)} metrics`, 0);
    const building = createBuilding(name);
    among.set(name, building);
    return building;
  };
  const findOwner = (name: string): Building | undefined => {
    if (format === 'openmetrics' && current !== undefined && isSampleOf(format, current, name)) return current;
    const own = families.get(name);
    if (own?.type !== undefined) return own;
    return findOwnerBySuffix(format, families, name) ?? own;
  };
  const enter = (building: Building, cursor: Cursor): Building => {
    if (format === 'openmetrics') tellApart(building, current, cursor, tell);
    current = building;
    return building;
  };

  return {
    ensureDescribed: (name, cursor) => enter(families.get(name) ?? create(name, cursor, families), cursor),
    ensureOwner: (sample, cursor) => enter(findOwner(sample) ?? create(sample, cursor, families), cursor),
    ensureUnfit: (sample, { name: of, help }, cursor) => {
      const building = unfit.get(sample) ?? create(sample, cursor, unfit);
      return Object.assign(building, { of, help });
    },
    all: () => [...families.values(), ...unfit.values()],
  };
}

/** Whether a sample can be one of its metric; what is odd about it is told. */
function checkFit(
  format: Format,
  { name, type = 'untyped' }: Building,
  sample: PageSample,
  tell: (text: string) => void,
): boolean {
  const problem = checkSample(format, { name, type }, sample);
  const oddity = problem === undefined && format === 'openmetrics' ? findOddity({ name, type }, sample) : undefined;
  if (problem !== undefined) tell(`${problem}; ${quoteText(sample.name)} goes on as untyped`);
  if (oddity !== undefined) tell(`${oddity}: ${quoteText(sample.name)}`);
  return problem === undefined;
}

interface Store {
  add(to: Building, sample: PageSample, cursor: Cursor): void;
  duplicates(): number;
}

/** Keeps samples up to a limit, each series once at any time; of two at one time the first, as Prometheus does. */
function createStore(maxSeries: number, tell: Tell): Store {
  // Of the whole page: TYPE may come between two samples of one series, and part them into two metrics.
  const values = new Map<string, number>();
  let duplicates = 0;
  return {
    add: ({ samples }, sample, cursor) => {
      const key = formatSampleKey(sample);
      const before = values.get(key);
      if (before !== undefined) {
        duplicates += 1;
        const isSame = Object.is(before, sample.value);
        const text = `a second sample of one series of ${quoteText(sample.name)}`;
        if (isSame) tell(cursor, `${text} with the same value`);
        else tell(cursor, `${text}; the first one is kept`, 'loss');
        return;
      }
      if (values.size >= maxSeries)
        throw new TooManySeriesError(
          cursor.line,
          1,
          `the page has more than ${String(maxSeries)} series that are wanted`,
        );
      values.set(key, sample.value);
      samples.push(sample);
    },
    duplicates: () => duplicates,
  };
}

/** Bounds and quantiles in the one spelling that Prometheus 3 stores. */
function normalizeBound(sample: PageSample, type: PageType | undefined): PageSample {
  const name = boundLabels.get(type);
  const bound = name === undefined ? undefined : sample.labels.get(name);
  const value = bound === undefined ? undefined : parseValue(bound);
  if (name === undefined || value === undefined) return sample;
  const text = formatBound(value);
  // A map keeps the place of a key that it has: the labels stay sorted.
  return text === bound ? sample : { ...sample, labels: new Map(sample.labels).set(name, text) };
}

const boundLabels: ReadonlyMap<PageType | undefined, 'le' | 'quantile'> = new Map([
  ['histogram', 'le'],
  ['summary', 'quantile'],
]);

type Description = Extract<Statement, { readonly says: 'help' | 'type' | 'unit' }>;

/** Of two descriptions the later one counts, as in Prometheus. */
function describe(building: Building, statement: Description, cursor: Cursor, tell: Tell): void {
  const word = statement.says.toUpperCase();
  if (building[statement.says] !== undefined)
    tell(cursor, `a second ${word} for ${quoteText(statement.name)}; the later one counts`);
  else if (building.hasSamples && statement.says === 'type')
    tell(cursor, `TYPE for ${quoteText(statement.name)} stands after its samples`);
  switch (statement.says) {
    case 'help':
      building.help = statement.text;
      return;
    case 'type':
      building.type = statement.type;
      return;
    case 'unit':
      building.unit = statement.unit;
  }
}

/** OpenMetrics wants the lines of a metric together; this parser needs no such order, so it only remarks on it. */
function tellApart(building: Building, current: Building | undefined, cursor: Cursor, tell: Tell): void {
  if (building === current || (!building.hasSamples && !isDescribed(building))) return;
  tell(cursor, `the lines of ${quoteText(building.name)} do not stand together`);
}

/** One text for one series at one time; lengths keep two label sets apart. */
function formatSampleKey({ name, labels, timestampMs }: PageSample): string {
  let key = timestampMs === undefined ? name : `${name}@${String(timestampMs)}`;
  for (const [label, value] of labels) key += `;${String(label.length)}:${label}=${String(value.length)}:${value}`;
  return key;
}
