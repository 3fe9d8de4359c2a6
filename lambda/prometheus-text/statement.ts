import type { PageSample, PageType } from './page.ts';

/** What one line says. */
export type Statement =
  | { readonly says: 'nothing' }
  | { readonly says: 'end' }
  | { readonly says: 'help'; readonly name: string; readonly text: string }
  | { readonly says: 'type'; readonly name: string; readonly type: PageType }
  | { readonly says: 'unit'; readonly name: string; readonly unit: string }
  | { readonly says: 'sample'; readonly sample: PageSample };

export const nothing: Statement = { says: 'nothing' };
