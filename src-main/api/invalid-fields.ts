import type { z } from 'zod'
import { sentName } from './sent-names'

type Issue = z.core.$ZodIssue

/** One invalid field of a body: its path, and what was expected. */
export interface InvalidField {
  readonly path: readonly PropertyKey[]
  readonly message: string
}

/** zod's default message for unions, which says nothing about the cause. */
const UNION_MESSAGE = 'Invalid input'
const MAX_SHOWN_TEXT = 40

/**
 * The offending value, where zod's message omits it and it is short: a number, an enum value, or a count. Never free
 * text, which may be secret.
 */
const received = ({ code, input }: Issue): string => {
  const shown = (value: number | string | boolean): string => `, not ${JSON.stringify(value)}`
  // What is no number in a query string, or too large for one; zod's message says so.
  if (typeof input === 'number') return Number.isFinite(input) ? shown(input) : ''
  if (code === 'too_big' || code === 'too_small')
    return typeof input === 'string' || Array.isArray(input) ? shown(input.length) : ''
  const choice = code === 'invalid_value' && (typeof input === 'string' || typeof input === 'boolean')
  return choice && String(input).length <= MAX_SHOWN_TEXT ? shown(input) : ''
}

/** zod's message for unknown fields, with the names that were sent. */
const unknownFields = (keys: readonly string[], input: unknown): string =>
  `Unrecognized key${keys.length > 1 ? 's' : ''}: ${keys.map((key) => JSON.stringify(sentName(input, key))).join(', ')}`

const plain = (issue: Issue): string => {
  if (issue.code === 'unrecognized_keys') return unknownFields(issue.keys, issue.input)
  const rest = issue.message.replace(/^Invalid input: /, '')
  // Our own messages are whole sentences; zod's begin with a fixed word.
  return /^(expected|Too |Invalid )/.test(rest) ? rest + received(issue) : rest
}

const typeOf = (value: unknown): string => (Array.isArray(value) ? 'array' : value === null ? 'null' : typeof value)

/** Whether a branch of a union does not accept this type of value at all. */
const isForeign = (branch: readonly Issue[]): boolean =>
  branch.some(({ code, path }) => path.length === 0 && (code === 'invalid_type' || code === 'invalid_value'))

/** Of branches discriminated by `type`, those that match the given one, if any do. */
const ofTheType = (branches: readonly (readonly Issue[])[]): readonly (readonly Issue[])[] => {
  const same = branches.filter((branch) => !branch.some(({ path }) => path.length === 1 && path[0] === 'type'))
  return same.length > 0 ? same : branches
}

const foreignMessage = (branches: readonly (readonly Issue[])[], input: unknown): string => {
  const expected = branches.flatMap(([first]) => {
    if (!first) return []
    return [/^Invalid input: expected (\w+), received /.exec(first.message)?.[1] ?? plain(first)]
  })
  const own = expected.filter((text) => text.includes(' '))
  return own.length > 0
    ? [...new Set(own)].join(', or ')
    : `expected ${expected.join(' or ')}, received ${typeOf(input)}`
}

const inUnion = (
  branches: readonly (readonly Issue[])[],
  path: readonly PropertyKey[],
  input: unknown,
): InvalidField[] => {
  const near = ofTheType(branches.filter((branch) => !isForeign(branch)))
  const [only, ...others] = near
  if (!only) return [{ path, message: foreignMessage(branches, input) }]
  if (others.length === 0) return only.flatMap((issue) => invalidFields(issue, path))
  const each = near.map((branch) =>
    branch
      .flatMap((issue) => invalidFields(issue, []))
      .map(sentence)
      .join(', '),
  )
  return [{ path, message: `either ${each.join('; or ')}` }]
}

/**
 * Describes an issue for people. A union has no message of its own: uses the branch that accepts this type of value, or
 * lists what each branch expected if none or several do.
 */
export const invalidFields = (issue: Issue, under: readonly PropertyKey[] = []): InvalidField[] => {
  const path = [...under, ...issue.path]
  return issue.code === 'invalid_union' && issue.errors.length > 0 && issue.message === UNION_MESSAGE
    ? inUnion(issue.errors, path, issue.input)
    : [{ path, message: plain(issue) }]
}

/** `stop.3: expected string, received number` */
export const sentence = ({ path, message }: InvalidField): string =>
  path.length > 0 ? `${path.join('.')}: ${message}` : message
