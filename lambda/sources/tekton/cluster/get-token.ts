/** The user of a kubeconfig that `aws eks get-token` makes; its token is signed here instead of starting a program. */
import * as z from 'zod';

/** The command of such a user. */
export const Exec = z.object({
  command: z.string(),
  args: z.array(z.string()).nullish(),
  env: z.array(z.object({ name: z.string(), value: z.string() })).nullish(),
});
export type Exec = z.infer<typeof Exec>;

/** Who signs the token, for which cluster. */
export interface EksUser {
  readonly name: string;
  readonly region: string;
  /** A role that is taken on for it. */
  readonly roleArn?: string | undefined;
  /** A profile of the AWS CLI; it is not read here, where the process has one identity of its own. */
  readonly profile?: string | undefined;
}

/**
 * What the command would sign.
 * @param region That of the process, where the command names none.
 * @returns undefined for every other command
 */
export function parseEksUser({ command, args, env }: Exec, region: string | undefined): EksUser | undefined {
  const given = args ?? [];
  const findVariable = (name: string): string | undefined => env?.find((entry) => entry.name === name)?.value;
  const name = findOption(given, '--cluster-name');
  const where =
    findOption(given, '--region') ?? findVariable('AWS_REGION') ?? findVariable('AWS_DEFAULT_REGION') ?? region;
  const isGetToken = /(^|[\\/])aws(\.exe)?$/.test(command) && given.includes('get-token');
  if (!isGetToken || name === undefined || where === undefined) return undefined;
  const roleArn = findOption(given, '--role-arn');
  return { name, region: where, roleArn, profile: findOption(given, '--profile') ?? findVariable('AWS_PROFILE') };
}

/** The AWS CLI takes `--name value` and `--name=value`. */
function findOption(args: readonly string[], name: string): string | undefined {
  const at = args.indexOf(name);
  if (at !== -1) return args[at + 1];
  return args.find((arg) => arg.startsWith(`${name}=`))?.slice(name.length + 1);
}
