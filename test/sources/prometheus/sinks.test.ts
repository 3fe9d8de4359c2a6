/** Tests that every sink gets of a page what the README of the source says. */
import { tmpdir } from 'node:os';
import { describe, expect, it } from 'vitest';
import { type SinkKind, sinks } from '../../../lambda/sinks/index.ts';
import { sinkSubjects, sourceSubjects } from '../../contracts/subjects.ts';
import { contractPipeline } from '../../contracts/pipeline.ts';
import { textOf } from '../../repository/files.ts';
import { startLoopbackServer } from '../../support/network/loopback-server.ts';

/** The sinks of a row of the table, in its order. */
function rowsOfReadme(): readonly { readonly sinks: readonly string[]; readonly text: string }[] {
  const [, table = ''] = textOf('lambda/sources/prometheus/README.md').split('## What goes where');
  return [...table.matchAll(/^\| (`[^|]+) \| ([^|]+) \|$/gm)].slice(0, 3).map(([, names = '', text = '']) => ({
    sinks: [...names.matchAll(/`([^`]+)`/g)].map(([, name = '']) => name),
    text,
  }));
}

const nowhere = 'http://127.0.0.1:1';

/** What a sink would send of the page of the contract tests: its series, of which one has a label of the target. */
async function previewLines(kind: SinkKind, settings: Readonly<Record<string, unknown>> = {}) {
  await using server = await startLoopbackServer(sourceSubjects.prometheus.healthy);
  await using pipeline = await contractPipeline({
    sources: [sourceSubjects.prometheus.config(server.url)],
    sinks: [{ ...sinkSubjects[kind].config(nowhere, tmpdir()), ...settings }],
  });
  const { batch } = await pipeline.collect(30_000);
  const preview = await pipeline.built.pipeline.sinks[0]?.sink.preview(batch);
  return preview?.lines ?? [];
}

function showsPage(lines: readonly unknown[]): boolean {
  return JSON.stringify(lines).includes('scrape_samples_scraped');
}

describe('the README of the source prometheus', () => {
  const [kept, measured] = rowsOfReadme();

  it('names every sink once', () => {
    expect([...(kept?.sinks ?? []), ...(measured?.sinks ?? [])].toSorted()).toEqual(
      sinks.map(({ kind }) => kind).toSorted(),
    );
    expect(measured?.text).toContain('`measures` only');
  });

  it.each(sinks.map(({ kind }) => kind))('says what %s gets', async (kind) => {
    expect(showsPage(await previewLines(kind))).toBe(kept?.sinks.includes(kind));
  });

  it('says what otlp gets with increases', async () => {
    const lines = await previewLines('otlp', { temporality: 'delta' });

    expect(showsPage(lines)).toBe(false);
    expect(JSON.stringify(lines)).toContain('jobs');
  });
});
