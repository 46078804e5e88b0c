import { z } from 'zod'
import type { NodeTextKey } from './en/node'
import type { TextValues } from './texts'

/**
 * The items of a list in a sentence, and how they are joined: `and` by the language's rules, the others by that mark.
 */
export interface ListValue {
  readonly list: readonly (string | CodedText)[]
  readonly join: 'and' | 'comma' | 'semicolon'
}

/** A value of a sentence. Sizes are numbers of bytes, so that each language formats them in its own way. */
export type CodedValue = string | number | { readonly bytes: number } | ListValue

/**
 * A sentence of the node, as a key of the catalogue in `texts` with its values. Outside the node it is accompanied by
 * its English text, for programs and for versions that do not know the key.
 */
export interface CodedText {
  readonly code: string
  readonly values?: Readonly<Record<string, CodedValue>> | undefined
}

/**
 * Maximum nesting of sentences. The deepest in use is three: a refusal contains a pair of machines, which contains a
 * reason.
 */
const MOST_NESTED = 5

const nested = (inner: z.ZodType<CodedText> | undefined): z.ZodType<CodedText> => {
  const item = inner ? z.union([z.string(), inner]) : z.string()
  const list = z.object({ list: z.array(item), join: z.enum(['and', 'comma', 'semicolon']) })
  const value = z.union([z.string(), z.number(), z.object({ bytes: z.number() }), list])
  return z.object({ code: z.string().max(100), values: z.record(z.string(), value).optional() })
}

/** Schemas by depth, the last one the deepest. The depth is bounded because sentences come from other machines. */
const LEVELS = Array.from({ length: MOST_NESTED }).reduce<readonly z.ZodType<CodedText>[]>(
  (levels) => [...levels, nested(levels.at(-1))],
  [nested(undefined)],
)

/** Whether a schema is that of a nested sentence; a schema document describes nesting only once. */
export const isNestedText = (schema: unknown): boolean => LEVELS.slice(0, -1).some((level) => level === schema)

/** As a field beside its English text. A value that this version cannot parse is dropped. */
export const CodedText = (LEVELS.at(-1) ?? nested(undefined)).optional().catch(undefined)

type Loosened<Value> = string extends Value ? Value | Exclude<CodedValue, number> : Value

/** The values that the message of a key takes. */
export type CodedValues<Key extends NodeTextKey> = {
  readonly [Name in keyof TextValues<Key>]: Loosened<TextValues<Key>[Name]>
}
type ValuesArgument<Key extends NodeTextKey> = keyof TextValues<Key> extends never ? [] : [values: CodedValues<Key>]

/** Builds a sentence with its values, which are checked against the English message. */
export const coded = <Key extends NodeTextKey>(code: Key, ...[values]: ValuesArgument<Key>): CodedText => ({
  code,
  ...(values !== undefined && { values: values as Readonly<Record<string, CodedValue>> }),
})

/** `A, B, and C`. */
export const allOf = (list: ListValue['list']): ListValue => ({ list, join: 'and' })
/** `A, B, C`. */
export const commas = (list: ListValue['list']): ListValue => ({ list, join: 'comma' })
/** `A; B; C`: clauses, or a single one. */
export const clauses = (...list: ListValue['list']): ListValue => ({ list, join: 'semicolon' })
