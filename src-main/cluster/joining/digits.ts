import { createHash, randomBytes, X509Certificate } from 'node:crypto'

export const drawNonce = (): string => randomBytes(32).toString('hex')

/** What a side says before it has heard the other's nonce, so that it cannot choose its own by it. */
export const commitmentTo = (nonce: string): string =>
  createHash('sha256').update(`muster nonce ${nonce}`).digest('hex')

export interface DigitsInput {
  /** PEM, and what that side revealed. */
  readonly joiner: { readonly certificate: string; readonly nonce: string }
  readonly member: { readonly certificate: string; readonly nonce: string }
}

/** Six digits that only the two ends of one connection can both come to: one in the middle has other certificates. */
export const digitsOf = ({ joiner, member }: DigitsInput): string => {
  const hash = createHash('sha256').update('muster join')
  for (const { certificate, nonce } of [joiner, member])
    hash.update(new X509Certificate(certificate).raw).update(Buffer.from(nonce, 'hex'))
  // 48 bits: what is left over by the division favours no digits to speak of.
  return String(hash.digest().readUIntBE(0, 6) % 1_000_000).padStart(6, '0')
}
