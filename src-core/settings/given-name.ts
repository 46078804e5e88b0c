import { z } from 'zod'

/** Line and paragraph separators break a line as control characters do. */
const UNPRINTABLE = /[\p{Cc}\p{Zl}\p{Zp}]/u

/** A name that a person gives a machine or a cluster, as it stands in lists and sentences. */
export const GivenName = z
  .string()
  .trim()
  .min(1, 'a name has at least one character')
  .max(60, 'a name has at most 60 characters')
  .refine((name) => !UNPRINTABLE.test(name), 'a name has no control characters')
