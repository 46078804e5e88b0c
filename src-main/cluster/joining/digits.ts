import { createHash, randomBytes, X509Certificate } from 'node:crypto'

export const drawNonce = (): string => randomBytes(32).toString('hex')

/** The commitment that a side sends before it sees the other's nonce, so that it cannot choose its own to match. */
export const commitmentTo = (nonce: string): string =>
  createHash('sha256').update(`muster nonce ${nonce}`).digest('hex')

export interface DigitsInput {
  /** Certificate (PEM) and revealed nonce of that side. */
  readonly joiner: { readonly certificate: string; readonly nonce: string }
  readonly member: { readonly certificate: string; readonly nonce: string }
}

/** Six digits for people to compare. A man in the middle has other certificates and so other digits. */
export const digitsOf = ({ joiner, member }: DigitsInput): string => {
  const hash = createHash('sha256').update('muster join')
  for (const { certificate, nonce } of [joiner, member])
    hash.update(new X509Certificate(certificate).raw).update(Buffer.from(nonce, 'hex'))
  // 48 bits: the modulo bias is negligible.
  return String(hash.digest().readUIntBE(0, 6) % 1_000_000).padStart(6, '0')
}
