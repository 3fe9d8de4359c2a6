/** The guide to sinks works when it is followed word for word: its own steps make a sink of the template, in a copy. */
import { afterAll, beforeAll, describe, expect, it } from 'vitest';
import { example } from '../../../docs/template-sink/index.ts';
import { sinks } from '../../../lambda/sinks/index.ts';
import { followGuide, type GuideCopy } from './guide-copy.ts';

/** What stands before the place where each block of the guide is added, in the order of the guide. */
const places = ['export const sinks = [', 'Readonly<Record<SinkKind, SinkSubject>> = {'];

let copy: GuideCopy | undefined;

beforeAll(async () => {
  copy = await followGuide('docs/adding-a-sink.md', places);
});

afterAll(async () => {
  await copy?.remove();
});

describe('the template of a sink', () => {
  it('is registered nowhere', () => {
    expect(sinks.map(({ kind }): string => kind)).not.toContain(example.kind);
  });

  it('compiles where the guide puts it', async () => {
    expect(await copy?.compile(['lambda', 'test/contracts/subjects.ts'])).toBe('');
  });

  it('keeps the contract of sinks and survives the table of faults, by the command of the guide', async () => {
    const report = await copy?.test(/`npx vitest (run test\/contracts -t acme)`/);

    expect(report).toMatchObject({ success: true, numFailedTests: 0 });
    expect(report?.numPassedTests).toBeGreaterThan(30);
  });
});
