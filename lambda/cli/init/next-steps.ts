/** Says what comes after a configuration was written: the commands, one by one. */
import type { SecretRef } from '../../secrets/secret-ref.ts';
import type { Program } from '../program.ts';
import type { Gathered } from './gather-answers.ts';

/** Each step a line that says why, and the command below it. */
export function describeNextSteps(gathered: Gathered, file: string, program: Program): string {
  const { place, source, sink } = gathered;
  const refs = [source, sink].flatMap(({ answers }) => (answers.token === undefined ? [] : [answers.token]));
  const config = `--config ${file}`;
  const steps =
    place === 'aws'
      ? [
          ['Deploy it; in an app of your own, give CiMetricsCollector this file as configFile', 'npx cdk deploy'],
          ...refs.flatMap(describeDeployed),
          ['Open the dashboard that the stack has printed; look at its log for the first run', ''],
        ]
      : [
          ...refs.flatMap(describeLocal),
          ['See what would be sent, and send nothing', program.call('collect', `${config} --dry-run`)],
          ['Collect every minute', program.call('collect', `${config} --every 1m`)],
        ];
  const lines = steps.map(([why = '', command = ''], index) =>
    [`${String(index + 1)}. ${why}`, ...(command === '' ? [] : [`   ${command}`])].join('\n'),
  );
  return `${lines.join('\n')}\n`;
}

function describeDeployed(ref: SecretRef): readonly (readonly [string, string])[] {
  if ('secret' in ref) {
    const value = ref.key === undefined ? 'file://token' : `file://secret.json`;
    const holding = ref.key === undefined ? 'token holds the value' : `secret.json holds {"${ref.key}": "…"}`;
    return [
      [
        `Fill the secret; the file ${holding}`,
        `aws secretsmanager put-secret-value --secret-id ${ref.secret} --secret-string ${value}`,
      ],
    ];
  }
  if (!('parameter' in ref)) return [];
  return [
    [
      'Fill the parameter; the file token holds the value',
      `aws ssm put-parameter --type SecureString --name ${ref.parameter} --value file://token`,
    ],
  ];
}

function describeLocal(ref: SecretRef): readonly (readonly [string, string])[] {
  if ('env' in ref) return [['Put the token into the environment, unseen', `read -rs ${ref.env} && export ${ref.env}`]];
  if ('file' in ref)
    return [[`Put the token into ${ref.file}, readable by you alone`, `install -m 600 /dev/stdin ${ref.file}`]];
  return describeDeployed(ref);
}
