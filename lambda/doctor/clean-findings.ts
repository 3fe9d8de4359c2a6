/** Takes secrets out of findings, and what would act on a screen. */
import type { Finding } from '../model/finding.ts';
import type { Cleaner } from '../model/text/admit.ts';
import { maskUnseen } from '../model/text/outside-text.ts';

/** Servers repeat what they were sent, so that no text of theirs is shown as it came. */
export function cleanFindings(findings: readonly Finding[], { own }: Cleaner): readonly Finding[] {
  const clean = (text: string): string => maskUnseen(own.redactText(text));
  return findings.map((finding) => {
    const told = { where: clean(finding.where), message: clean(finding.message) };
    return finding.verdict === 'ok' ? { ...finding, ...told } : { ...finding, ...told, remedy: clean(finding.remedy) };
  });
}
