/** Tests of the scripts beside agents: no agent runs while its instance or task may be ended. */
import { spawnSync } from 'node:child_process';
import { chmodSync, mkdtempSync, readFileSync, rmSync, writeFileSync } from 'node:fs';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { afterAll, describe, expect, it } from 'vitest';

const scripts = join(import.meta.dirname, '../../../examples/scaling');
const folders: string[] = [];
afterAll(() => {
  for (const folder of folders) rmSync(folder, { recursive: true, force: true });
});

/** Commands that write down how they are called; `count` is how often this one was. */
function runWith(
  script: string,
  commands: Readonly<Record<string, string>>,
  args: readonly string[] = [],
): readonly string[] {
  const folder = mkdtempSync(join(tmpdir(), 'ci-metrics-scripts-'));
  folders.push(folder);
  const log = join(folder, 'log');
  for (const [name, body] of Object.entries({ sleep: '', ...commands })) {
    const file = join(folder, name);
    writeFileSync(file, `#!/bin/sh\necho "${name} $*" >>${log}\ncount=$(grep -c "^${name} " ${log})\n${body}\n`);
    chmodSync(file, 0o755);
  }
  spawnSync('/bin/sh', [join(scripts, script), ...args], {
    env: { PATH: `${folder}:/usr/bin:/bin`, ECS_AGENT_URI: 'http://169.254.170.2/v4/abc' },
  });
  return readFileSync(log, 'utf8').trim().split('\n');
}

/** The second agent is the last: the script is ended as AWS would end it. */
const agent = '[ "$count" -lt 2 ] || kill "$PPID"';
const metadata =
  'case "$*" in *token*PUT*|*PUT*) echo TOKEN;; *instance-id) echo i-1;; *region) echo eu-west-1;; *target*) echo Terminated;; esac';

describe('protect-instance.sh', () => {
  const instances =
    'case "$*" in *GroupName*--query*|*AutoScalingGroupName) echo agents;; *LifecycleState) echo InService;; esac';
  const protection = (which: string): string =>
    `aws autoscaling set-instance-protection --instance-ids i-1 --auto-scaling-group-name agents --${which}protected-from-scale-in`;

  it('runs agents under protection alone', () => {
    const calls = runWith('protect-instance.sh', { 'buildkite-agent': agent, aws: instances, curl: metadata });
    const told = calls.filter((call) => /protection|^buildkite|^sleep/.test(call));

    const start = 'buildkite-agent start --spawn 2 --disconnect-after-idle-timeout 600';
    expect(told).toEqual([protection(''), start, protection('no-'), 'sleep 60', protection(''), start]);
  });

  it('runs none where the protection cannot be had', () => {
    const refusing = `${instances}\ncase "$*" in *--protected*) exit 1;; esac`;
    const calls = runWith('protect-instance.sh', { 'buildkite-agent': agent, aws: refusing, curl: metadata });

    expect(calls.filter((call) => call.startsWith('buildkite'))).toEqual([]);
  });
});

describe('drain-instance.sh', () => {
  it('holds the instance until the agents have ended, and then lets it go', () => {
    const systemctl =
      'case "$*" in is-active*) if [ "$count" -lt 4 ]; then echo deactivating; else echo inactive; exit 3; fi;; esac';
    const calls = runWith('drain-instance.sh', { systemctl, aws: '', curl: metadata }, ['agents', 'drain']);
    const own = '--instance-id i-1 --auto-scaling-group-name agents --lifecycle-hook-name drain';

    expect(calls.filter((call) => /^aws|stop/.test(call))).toEqual([
      'systemctl stop --no-block buildkite-agent',
      `aws autoscaling record-lifecycle-action-heartbeat ${own}`,
      `aws autoscaling record-lifecycle-action-heartbeat ${own}`,
      `aws autoscaling complete-lifecycle-action ${own} --lifecycle-action-result CONTINUE`,
    ]);
  });
});

describe('protect-task.sh', () => {
  const protection = (state: string): string =>
    `curl -sSfX PUT --max-time 60 http://169.254.170.2/v4/abc/task-protection/v1/state -H Content-Type: application/json -d ${state}`;
  const on = protection('{"ProtectionEnabled":true,"ExpiresInMinutes":2880}');
  const off = protection('{"ProtectionEnabled":false}');
  const start = 'buildkite-agent start --disconnect-after-idle-timeout 600';
  /** Answers of the agent of ECS; both come with status 200. */
  const granted = `echo '{"protection":{"ProtectionEnabled":true,"TaskArn":"arn"}}'`;
  const refused = `echo '{"failure":{"Arn":"arn","Reason":"DEPLOYMENT_BLOCKED","Detail":null}}'`;

  const pipe = (name: string): string => `"$(dirname "$0")/${name}"`;

  /** Calls of one job, which ends after its first renewal; pipes hold the order. The next protection is refused. */
  const runOneJob = (renewal: string): readonly string[] => {
    const begin = `mkfifo ${pipe('started')} ${pipe('renewed')}; ${granted}`;
    const calls = runWith('protect-task.sh', {
      curl: `case "$count" in 1) ${begin};; 2) ${renewal};; 3) ${granted};; *) ${refused};; esac`,
      sleep: `case "$1 $count" in
        '3600 1') read -r _ <${pipe('started')};;
        '3600 2') echo >${pipe('renewed')}; exec /bin/sleep 20;;
      esac`,
      'buildkite-agent': `echo >${pipe('started')}; read -r _ <${pipe('renewed')}`,
    });
    return calls.filter((call) => call !== 'sleep 3600');
  };

  it.each([
    ['given', granted],
    ['refused', refused],
  ])('asks again each hour while the agent runs, and lets it finish where the renewal is %s', (_, renewal) => {
    expect(runOneJob(renewal)).toEqual([on, start, on, off, 'sleep 60', on]);
  });

  it.each([
    ['refused with status 200', refused],
    ['an error with status 200', `echo '{"error":{"Code":"AccessDeniedException"}}'`],
    ['without a word', ''],
    ['an error', 'exit 22'],
  ])('runs no agent where the answer is %s', (_, curl) => {
    expect(runWith('protect-task.sh', { 'buildkite-agent': agent, curl })).toEqual([on]);
  });
});
