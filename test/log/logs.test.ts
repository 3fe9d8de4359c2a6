/** Tests of the log, as JSON lines in Lambda and as text in a terminal. */
import { describe, expect, it, vi } from 'vitest';
import { createLambdaLog, type LogLevel } from '../../lambda/log/lambda-log.ts';
import { createTerminalLog } from '../../lambda/log/terminal-log.ts';
import { createRedactor } from '../../lambda/secrets/redaction/redactor.ts';
import { canaries, expectNoCanary } from '../support/canary.ts';

function redactorOfCanaries(): ReturnType<typeof createRedactor> {
  const redactor = createRedactor();
  for (const value of Object.values(canaries)) redactor.remember(value);
  return redactor;
}

/** What is written to standard output and standard error while `act` runs; the process is the boundary. */
function written(act: () => void): readonly string[] {
  const lines: string[] = [];
  const keep = (chunk: string | Uint8Array): boolean => {
    lines.push(String(chunk));
    return true;
  };
  vi.spyOn(process.stdout, 'write').mockImplementation(keep);
  vi.spyOn(process.stderr, 'write').mockImplementation(keep);
  try {
    act();
  } finally {
    vi.restoreAllMocks();
  }
  return lines;
}

describe('the log in AWS Lambda', () => {
  it('writes one JSON object a line with service, request and fields', () => {
    const log = createLambdaLog({ level: 'info', redactor: createRedactor() });

    const lines = written(() => {
      log.startInvocation('request-1');
      log.info('run finished', { outcome: 'ok', sources: [{ source: 'buildkite/main' }] });
      log.startInvocation('request-2');
      log.warn('run finished');
    });

    expect(lines.map((line) => line.endsWith('\n') && !line.slice(0, -1).includes('\n'))).toEqual([true, true]);
    expect(lines.map((line) => JSON.parse(line) as unknown)).toMatchObject([
      {
        level: 'INFO',
        message: 'run finished',
        service: 'ci-metrics-collector',
        requestId: 'request-1',
        outcome: 'ok',
        sources: [{ source: 'buildkite/main' }],
      },
      { level: 'WARN', requestId: 'request-2' },
    ]);
  });

  it.each<[LogLevel, readonly string[]]>([
    ['debug', ['DEBUG', 'INFO', 'WARN', 'ERROR']],
    ['info', ['INFO', 'WARN', 'ERROR']],
    ['warn', ['WARN', 'ERROR']],
    ['error', ['ERROR']],
  ])('writes at level %s only what is at least that', (level, expected) => {
    const log = createLambdaLog({ level, redactor: createRedactor() });

    const lines = written(() => {
      for (const name of ['debug', 'info', 'warn', 'error'] as const) log[name]('message');
    });

    expect(lines.map((line) => (JSON.parse(line) as { level: string }).level)).toEqual(expected);
  });

  it('shows an error with name, message, stack and its causes', () => {
    const log = createLambdaLog({ level: 'info', redactor: createRedactor() });
    const error = new TypeError('outer', { cause: new Error('middle', { cause: new RangeError('inner') }) });

    const [line = ''] = written(() => {
      log.error('a part failed unexpectedly', { part: 'buildkite/main', error });
    });

    expect(JSON.parse(line)).toMatchObject({
      error: {
        name: 'TypeError',
        message: 'outer',
        stack: expect.stringContaining('logs.test.ts') as string,
        cause: { message: 'middle', cause: { name: 'RangeError', message: 'inner' } },
      },
    });
  });

  it('keeps a field that has the name of a field of its own', () => {
    const log = createLambdaLog({ level: 'info', redactor: createRedactor() });

    const lines = written(() => {
      log.info('text', { message: 'other', level: 3 });
    });

    expect(lines.map((line) => JSON.parse(line) as unknown)).toMatchObject([
      { message: 'text', message_: 'other', level_: 3 },
    ]);
  });

  it('shows a name as text, whatever it holds, and keeps the lines of a stack', () => {
    const log = createLambdaLog({ level: 'info', redactor: createRedactor() });

    const [line = ''] = written(() => {
      log.info('finished run', { queue: 'a\u009b2J\u202eb\u2028', ['c\u2066']: ['d\u200f'], stack: 'at a\n\tat b' });
    });

    expect(line.slice(0, -1)).not.toMatch(/[\p{Cc}\p{Zl}\p{Zp}\p{Bidi_Control}]/u);
    expect(JSON.parse(line)).toMatchObject({ queue: 'a 2J b ', 'c ': ['d '], stack: 'at a\n\tat b' });
  });

  it('lets no secret through', () => {
    const log = createLambdaLog({ level: 'debug', redactor: redactorOfCanaries() });
    const error = new Error(canaries.token, { cause: new Error(canaries.pem, { cause: canaries.json }) });

    const lines = written(() => {
      for (const name of ['debug', 'info', 'warn', 'error'] as const)
        log[name](`token ${canaries.token}`, { error, [canaries.token]: [canaries.json, { pem: canaries.pem }] });
    });

    expect(lines).toHaveLength(4);
    expectNoCanary(lines);
  });
});

describe('the log in a terminal', () => {
  function terminal(colour: 'always' | 'never' = 'never'): {
    lines: string[];
    log: ReturnType<typeof createTerminalLog>;
  } {
    const lines: string[] = [];
    const log = createTerminalLog({
      level: 'info',
      redactor: redactorOfCanaries(),
      clock: () => Date.UTC(2026, 10, 21, 12, 3, 55),
      write: (text) => lines.push(text),
      colour,
    });
    return { lines, log };
  }

  it('shows a name as text, whatever it holds', () => {
    const { lines, log } = terminal();

    log.warn('source failed', { queue: 'a\u202eb', pipeline: 'c\u001b[2Jd\u009b\u2028e', plain: 'f' });

    expect(lines).toEqual(['12:03:55 warn  source failed queue="a b" pipeline="c\\u001b[2Jd e" plain=f\n']);
  });

  it('writes time, level, message and fields in one line', () => {
    const { lines, log } = terminal();

    log.warn('source failed', {
      source: 'buildkite/main',
      count: 2,
      message: 'the "token" is old',
      nothing: undefined,
    });

    expect(lines).toEqual([
      '12:03:55 warn  source failed source=buildkite/main count=2 message="the \\"token\\" is old"\n',
    ]);
  });

  it('leaves out what is below its level', () => {
    const { lines, log } = terminal();

    log.debug('detail');
    log.info('news');
    log.error('failure');

    expect(lines).toEqual(['12:03:55 info  news\n', '12:03:55 error failure\n']);
  });

  it('writes colours only when asked to', () => {
    const { lines, log } = terminal('always');

    log.error('failure');

    expect(lines).toEqual(['12:03:55 \u001b[31merror\u001b[39m failure\n']);
  });

  it('lets no control character of a server move the cursor', () => {
    const { lines, log } = terminal();

    log.info('answer', { text: 'a\u001b[2Jb', lines: ['one\ntwo'] });

    expect(lines).toEqual(['12:03:55 info  answer text="a\\u001b[2Jb" lines=["one\\ntwo"]\n']);
  });

  it('lets no secret through', () => {
    const { lines, log } = terminal();

    log.error(`failed with ${canaries.token}`, { error: new Error(canaries.pem, { cause: canaries.json }) });

    expectNoCanary(lines);
  });
});
