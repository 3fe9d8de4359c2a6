/** What one line of a page can say. */
import type { PageSample, PageType } from '../page.ts';

/** What one line says. */
export type Statement =
  | { readonly says: 'nothing' }
  /** OpenMetrics: the page is complete. */
  | { readonly says: 'end' }
  /** Text format: a NUL byte, at which Prometheus stops reading. */
  | { readonly says: 'cut' }
  | { readonly says: 'help'; readonly name: string; readonly text: string }
  | { readonly says: 'type'; readonly name: string; readonly type: PageType }
  | { readonly says: 'unit'; readonly name: string; readonly unit: string }
  | { readonly says: 'sample'; readonly sample: PageSample };

export const nothing: Statement = { says: 'nothing' };
