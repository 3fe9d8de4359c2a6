/** The checksum of a stored document, by which one that was changed by hand is found and refused. */
import { createHash } from 'node:crypto';

/** Of all that a document is, so that a body that stands under another name or version does not fit either. */
export function sealDocument(id: string, version: number, body: string): string {
  return createHash('sha256')
    .update(`${JSON.stringify([id, version])}\n`)
    .update(body)
    .digest('base64url');
}
