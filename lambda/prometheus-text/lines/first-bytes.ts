/** Recognises bodies that are no page by their first bytes, so that the error can name the reason. */

const beginnings: readonly { readonly bytes: readonly number[]; readonly reason: string }[] = [
  {
    bytes: [0xef, 0xbb, 0xbf],
    reason: 'the page begins with a byte order mark, which Prometheus refuses; write it as UTF-8 without one',
  },
  { bytes: [0xff, 0xfe], reason: 'the page is UTF-16; Prometheus reads UTF-8 only' },
  { bytes: [0xfe, 0xff], reason: 'the page is UTF-16; Prometheus reads UTF-8 only' },
  {
    bytes: [0x1f, 0x8b],
    reason: 'the body is compressed with gzip, and the answer does not say so; it lacks "Content-Encoding: gzip"',
  },
  {
    bytes: [0x28, 0xb5, 0x2f, 0xfd],
    reason: 'the body is compressed with zstd, which was not asked for, and the answer does not say so',
  },
];

/** Why a body with this beginning cannot be a page. */
export function checkBeginning(body: Uint8Array): string | undefined {
  return beginnings.find(({ bytes }) => bytes.every((byte, index) => body[index] === byte))?.reason;
}
