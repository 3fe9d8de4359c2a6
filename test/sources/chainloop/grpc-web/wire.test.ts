/** Tests of reading and writing gRPC-Web and protobuf, byte by byte. */
import { BinaryWriter, WireType } from '@bufbuild/protobuf/wire';
import fc from 'fast-check';
import { describe, expect, it } from 'vitest';
import { encodeRunList, encodeWorkflowList } from '../../../../lambda/demo/simulators/chainloop/encode-answers.ts';
import {
  policyNumbers,
  type RunRecord,
  runnerNumbers,
  statusNumbers,
} from '../../../../lambda/demo/simulators/chainloop/records.ts';
import {
  encodeRunListRequest,
  encodeWorkflowListRequest,
} from '../../../../lambda/sources/chainloop/grpc-web/encode-request.ts';
import { decodeRunList, decodeWorkflowList } from '../../../../lambda/sources/chainloop/grpc-web/decode-answer.ts';
import { FrameError, encodeFrame, decodeFrames } from '../../../../lambda/sources/chainloop/grpc-web/frames.ts';
import { WireError } from '../../../../lambda/sources/chainloop/grpc-web/wire.ts';

function hex(bytes: Uint8Array): string {
  return Buffer.from(bytes).toString('hex');
}

function bytes(text: string): Uint8Array {
  return Buffer.from(text.replaceAll(' ', ''), 'hex');
}

const oneRun =
  '000000003c0a330a027231120608a5ebdcca061a0608e1ebdcca0632110a02773112056275696c641a0473686f70400160027a0608021003180312050a03616263';

describe('requests', () => {
  it('are the bytes that the protocol says', () => {
    expect(hex(encodeFrame(encodeRunListRequest({ status: 'initialized' })))).toBe('0000000006120218641801');
    expect(hex(encodeRunListRequest({ status: 'initialized', cursor: 'abc' }))).toBe('12070a0361626318641801');
    expect(hex(encodeWorkflowListRequest(2))).toBe('4a0408021064');
    expect(hex(encodeRunListRequest({ limit: 10, of: { project: 'shop', name: 'build', version: 'v1' } }))).toBe(
      '0a056275696c641202180a220473686f704a027631',
    );
  });
});

describe('answers', () => {
  it('of the protocol are read field by field', () => {
    const { message } = decodeFrames(bytes(oneRun));

    expect(decodeRunList(message)).toEqual({
      runs: [
        {
          id: 'r1',
          createdMs: Date.UTC(2026, 0, 2, 3, 4, 5),
          finishedMs: Date.UTC(2026, 0, 2, 3, 5, 5),
          workflow: { name: 'build', project: 'shop' },
          runner: 'GITHUB_ACTION',
          status: 'succeeded',
          policy: { status: 'passed', violated: 0 },
        },
      ],
      nextCursor: 'abc',
      unreadable: 0,
    });
  });

  it('of a server before the enum are read by its text', () => {
    const states = ['initialized', 'success', 'error', 'expired', 'canceled', 'cancelled', 'novel', ''];

    const { runs } = decodeRunList(
      messageOf(
        states.map((state) =>
          runItem((item) => {
            field(item, 4, state);
          }),
        ),
      ),
    );

    expect(runs.map(({ status }) => status)).toEqual([
      'initialized',
      'succeeded',
      'failed',
      'expired',
      'cancelled',
      'cancelled',
      'unknown',
      'unspecified',
    ]);
  });

  it('with an element that cannot be read keep the others', () => {
    const good = runItem(() => undefined);
    const wrongType = runItem((item) => item.tag(12, WireType.LengthDelimited).string('text'));
    const cutOff = good.subarray(0, good.byteLength - 2);
    const withoutId = new BinaryWriter().tag(12, WireType.Varint).int32(2).finish();
    const farFuture = runItem((item) => {
      item.tag(3, WireType.LengthDelimited).fork().tag(1, WireType.Varint).int64('9000000000000000').join();
    });

    const page = decodeRunList(messageOf([good, wrongType, cutOff, withoutId, farFuture]));

    expect(page.runs.map(({ id }) => id)).toEqual(['r1']);
    expect(page.unreadable).toBe(4);
  });

  it('that are no messages are an error of their own', () => {
    expect(() => decodeRunList(Buffer.from('<!doctype html>'))).toThrow(WireError);
  });

  it('come back as they were written, whatever else a newer server adds', () => {
    fc.assert(
      fc.property(fc.array(runArbitrary, { maxLength: 5 }), unknownFields, (runs, more) => {
        const answer = Buffer.concat([encodeRunList({ runs, nextCursor: 'next' }), more]);

        const read = decodeRunList(answer);

        expect(read.nextCursor).toBe('next');
        expect(read.runs.map(seen)).toEqual(runs.map(written));
      }),
    );
  });

  it('about workflows come back as they were written', () => {
    fc.assert(
      fc.property(runArbitrary, fc.boolean(), (run, hasRun) => {
        const { workflow } = run;
        const lastRun = hasRun ? run : undefined;
        const answer = encodeWorkflowList({ workflows: [{ workflow, lastRun }], page: 1, pageSize: 100, total: 101 });

        const { workflows, totalPages } = decodeWorkflowList(answer);

        expect(totalPages).toBe(2);
        expect(workflows.map(({ name, project }) => [name, project])).toEqual([[workflow.name, workflow.project]]);
        expect(workflows[0]?.lastRun?.id).toBe(lastRun?.id);
      }),
    );
  });

  it('of any bytes are read or refused, and nothing else', () => {
    fc.assert(
      fc.property(fc.uint8Array({ maxLength: 200 }), (garbage) => {
        for (const read of [decodeRunList, decodeWorkflowList]) {
          try {
            read(garbage);
          } catch (error) {
            expect(error).toBeInstanceOf(WireError);
          }
        }
      }),
      { numRuns: 500 },
    );
  });
});

describe('frames', () => {
  it('end in trailers, whose names may have capitals', () => {
    const whole = decodeFrames(bytes(`${oneRun} 8000000010677270632d7374617475733a20300d0a`));
    const refused = decodeFrames(
      bytes(
        '8000000035677270632d7374617475733a20370d0a677270632d6d6573736167653a206f7065726174696f6e206e6f7420616c6c6f7765640d0a',
      ),
    );
    const capitals = decodeFrames(Buffer.concat([bytes('80 0000000e'), Buffer.from('Grpc-Status:0\n')]));

    expect(whole.trailers).toEqual(new Map([['grpc-status', '0']]));
    expect(refused.trailers?.get('grpc-status')).toBe('7');
    expect(refused.trailers?.get('grpc-message')).toBe('operation not allowed');
    expect(capitals.trailers?.get('grpc-status')).toBe('0');
  });

  it('may be several: their messages merge', () => {
    const { message } = decodeFrames(Buffer.concat([bytes(oneRun), bytes(oneRun)]));

    expect(decodeRunList(message).runs).toHaveLength(2);
  });

  it.each([
    ['cut off in its header', '000000', /cut off/],
    ['cut off in its payload', oneRun.slice(0, 40), /cut off/],
    ['compressed', '01 00000000', /compressed/],
    ['too large', '00 ffffffff', /larger than the limit/],
  ])('that are %s are refused', (_, frame, reason) => {
    expect(() => decodeFrames(bytes(frame))).toThrow(reason);
  });

  it('come back as they were written, and of any bytes are read or refused', () => {
    fc.assert(
      fc.property(fc.uint8Array({ maxLength: 300 }), (payload) => {
        expect(hex(decodeFrames(encodeFrame(payload)).message)).toBe(hex(payload));
        try {
          decodeFrames(payload);
        } catch (error) {
          expect(error).toBeInstanceOf(FrameError);
        }
      }),
    );
  });
});

function field(writer: BinaryWriter, number: number, text: string): void {
  writer.tag(number, WireType.LengthDelimited).string(text);
}

/** A run with what it cannot be without. */
function runItem(more: (item: BinaryWriter) => unknown): Uint8Array {
  const item = new BinaryWriter();
  field(item, 1, 'r1');
  item.tag(2, WireType.LengthDelimited).fork().tag(1, WireType.Varint).int64(1_767_323_045).join();
  item.tag(6, WireType.LengthDelimited).fork();
  field(item, 2, 'build');
  item.join();
  more(item);
  return item.finish();
}

function messageOf(items: readonly Uint8Array[]): Uint8Array {
  const writer = new BinaryWriter();
  for (const item of items) writer.tag(1, WireType.LengthDelimited).bytes(item);
  return writer.finish();
}

function keysOf<Key extends string>(record: Readonly<Record<Key, number>>): fc.Arbitrary<Key> {
  const keys: Key[] = [];
  for (const key in record) keys.push(key);
  return fc.constantFrom(...keys);
}

const text = fc.string({ minLength: 1, maxLength: 20, unit: 'grapheme' });
/** The years 1970 to 2100. */
const time = fc.integer({ min: 0, max: 4_102_444_800_000 });

const runArbitrary: fc.Arbitrary<RunRecord> = fc.record(
  {
    id: text,
    workflow: fc.record({ id: text, name: text, project: fc.string({ maxLength: 10 }) }),
    createdMs: time,
    finishedMs: time,
    status: keysOf(statusNumbers),
    runner: keysOf(runnerNumbers),
    policy: fc.record({ status: keysOf(policyNumbers), total: fc.constant(2000), violated: fc.nat(1000) }),
  },
  { requiredKeys: ['id', 'workflow', 'createdMs', 'status', 'runner'] },
);

const policyNames: Readonly<Record<string, string>> = { notApplicable: 'not_applicable' };

/** What must survive, in the words of the source. */
function written({ id, workflow, createdMs, finishedMs, status, runner, policy }: RunRecord) {
  const { name, project } = workflow;
  return {
    id,
    workflow: { name, project },
    createdMs,
    finishedMs,
    status,
    runner,
    policy: policy && { status: policyNames[policy.status] ?? policy.status, violated: policy.violated },
  };
}

function seen(run: ReturnType<typeof decodeRunList>['runs'][number]) {
  const { id, workflow, createdMs, finishedMs, status, runner, policy } = run;
  return { id, workflow, createdMs, finishedMs, status, runner, policy };
}

/** Fields that no version has yet, of every wire type. */
const unknownFields = fc
  .array(fc.tuple(fc.integer({ min: 100, max: 5000 }), fc.nat(3), fc.nat(1_000_000)), { maxLength: 5 })
  .map((fields) => {
    const writer = new BinaryWriter();
    for (const [number, kind, value] of fields) {
      if (kind === 0) writer.tag(number, WireType.Varint).int64(value);
      else if (kind === 1) writer.tag(number, WireType.Bit64).double(value);
      else if (kind === 2) writer.tag(number, WireType.LengthDelimited).string(String(value));
      else writer.tag(number, WireType.Bit32).fixed32(value);
    }
    return writer.finish();
  });
