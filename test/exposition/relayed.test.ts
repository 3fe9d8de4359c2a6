/** What a page shows of relayed series that no page can show as they are. */
import { describe, expect, it } from 'vitest';
import { writePrometheusText } from '../../lambda/exposition/write-prometheus-text.ts';
import type { RelayedFamily, RelayedSample } from '../../lambda/model/relayed.ts';

function family(name: string, type: RelayedFamily['type'], samples: readonly RelayedSample[]): RelayedFamily {
  return { name, type, help: 'Help.', about: 'target', samples };
}

describe('a page of relayed series', () => {
  it('shows a metric as untyped of which a part does not fit its type', async () => {
    const { text, omissions } = await writePrometheusText(
      [],
      [
        family('h', 'histogram', [
          { name: 'h_bucket', labels: { le: '+Inf' }, value: 1 },
          { name: 'h_count', labels: {}, value: 1 },
        ]),
        family('h_bucket', 'untyped', [{ name: 'h_bucket', labels: { door: '2' }, value: 2 }]),
        family('h', 'untyped', [{ name: 'h', labels: {}, value: 3 }]),
        family('other', 'histogram', [{ name: 'other_bucket', labels: { le: '+Inf' }, value: 4 }]),
      ],
    );

    expect(omissions).toEqual([]);
    expect(text.split('\n').filter((line) => line !== '' && !line.startsWith('# HELP'))).toEqual([
      '# TYPE h untyped',
      'h 3',
      '# TYPE h_bucket untyped',
      'h_bucket{le="+Inf"} 1',
      'h_bucket{door="2"} 2',
      '# TYPE h_count untyped',
      'h_count 1',
      '# TYPE other histogram',
      'other_bucket{le="+Inf"} 4',
    ]);
  });

  it('shows the newest of two samples of a series, and says that there was an older one', async () => {
    const { text, omissions } = await writePrometheusText(
      [],
      [
        family('a', 'gauge', [
          { name: 'a', labels: {}, value: 2, timestampMs: 2000 },
          { name: 'a', labels: {}, value: 1, timestampMs: 1000 },
        ]),
        family('b', 'gauge', [
          { name: 'b', labels: {}, value: 1, timestampMs: 1000 },
          { name: 'b', labels: {}, value: 3 },
        ]),
      ],
    );

    expect(text).toContain('\na 2\n');
    expect(text).toContain('\nb 3\n');
    expect(text).not.toMatch(/ 1$/m);
    expect(omissions).toEqual([{ metric: 'relayed series', samples: 2, reason: 'older' }]);
  });
});
