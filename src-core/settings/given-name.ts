import { z } from 'zod'

/**
 * Control characters, line and paragraph separators, and bidirectional embeddings, which would reorder the text around.
 */
const UNPRINTABLE = /[\p{Cc}\p{Zl}\p{Zp}\u202a-\u202e\u2066-\u2069]/u
const INVISIBLE = /[\p{Default_Ignorable_Code_Point}\p{Zs}]/gu

/**
 * Schema of a name given by a person, with a maximum length. For requests only: logs of earlier versions contain names
 * that it would reject.
 */
export const givenName = (most: number) =>
  z
    .string()
    .trim()
    .min(1, 'a name has at least one character')
    .max(most, `a name has at most ${most} characters`)
    .refine((name) => !UNPRINTABLE.test(name), 'a name has no control characters')
    .refine((name) => name.replaceAll(INVISIBLE, '') !== '', 'a name has a character that can be seen')

/** The name of a machine or a cluster. */
export const GivenName = givenName(60)
