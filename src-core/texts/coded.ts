import { z } from 'zod'
import type { NodeTextKey } from './en/node'
import type { TextValues } from './texts'

/** What a sentence lists, and how it joins it: `and` as the language lists things, the others by that mark. */
export interface ListValue {
  readonly list: readonly (string | CodedText)[]
  readonly join: 'and' | 'comma' | 'semicolon'
}

/** A value of a sentence. Sizes stay numbers of bytes, so that each language writes them in its own way. */
export type CodedValue = string | number | { readonly bytes: number } | ListValue

/**
 * A sentence of the node's as a code with its values: a key of the catalogue in `texts`. English text goes with it
 * wherever it leaves the node, for programs and for readers whose version does not know the code.
 */
export interface CodedText {
  readonly code: string
  readonly values?: Readonly<Record<string, CodedValue>> | undefined
}

/** Sentences in sentences, no deeper than this: a reason of a pair of machines in a refusal is the third. */
const MOST_NESTED = 5

const nested = (inner: z.ZodType<CodedText> | undefined): z.ZodType<CodedText> => {
  const item = inner ? z.union([z.string(), inner]) : z.string()
  const list = z.object({ list: z.array(item), join: z.enum(['and', 'comma', 'semicolon']) })
  const value = z.union([z.string(), z.number(), z.object({ bytes: z.number() }), list])
  return z.object({ code: z.string().max(100), values: z.record(z.string(), value).optional() })
}

/** Of a bounded depth, for it comes from other machines: the last has all others in it. */
const LEVELS = Array.from({ length: MOST_NESTED }).reduce<readonly z.ZodType<CodedText>[]>(
  (levels) => [...levels, nested(levels.at(-1))],
  [nested(undefined)],
)

/** Whether a schema is that of a sentence in a sentence; a document of schemas says that of all depths at once. */
export const isNestedText = (schema: unknown): boolean => LEVELS.slice(0, -1).some((level) => level === schema)

/** As a field beside its English text. One of a form that this version does not know is left out. */
export const CodedText = (LEVELS.at(-1) ?? nested(undefined)).optional().catch(undefined)

type Loosened<Value> = string extends Value ? Value | Exclude<CodedValue, number> : Value

/** What the message of that key has in braces. */
export type CodedValues<Key extends NodeTextKey> = {
  readonly [Name in keyof TextValues<Key>]: Loosened<TextValues<Key>[Name]>
}
type ValuesArgument<Key extends NodeTextKey> = keyof TextValues<Key> extends never ? [] : [values: CodedValues<Key>]

/** A sentence with its values, checked against the English message. */
export const coded = <Key extends NodeTextKey>(code: Key, ...[values]: ValuesArgument<Key>): CodedText => ({
  code,
  ...(values !== undefined && { values: values as Readonly<Record<string, CodedValue>> }),
})

/** `A, B, and C`. */
export const allOf = (list: ListValue['list']): ListValue => ({ list, join: 'and' })
/** `A, B, C`. */
export const commas = (list: ListValue['list']): ListValue => ({ list, join: 'comma' })
/** `A; B; C`: clauses, or one of them. */
export const clauses = (...list: ListValue['list']): ListValue => ({ list, join: 'semicolon' })
