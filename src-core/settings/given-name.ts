import { z } from 'zod'

/** Line and paragraph separators break a line as control characters do; embeddings turn the text around them. */
const UNPRINTABLE = /[\p{Cc}\p{Zl}\p{Zp}\u202a-\u202e\u2066-\u2069]/u
const INVISIBLE = /[\p{Default_Ignorable_Code_Point}\p{Zs}]/gu

/**
 * A name that a person gives, as it stands in lists and sentences, of at most so many characters. For requests: logs of
 * earlier versions hold names that were not held to this.
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
