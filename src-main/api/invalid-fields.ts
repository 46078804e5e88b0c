import type { z } from 'zod'

type Issue = z.core.$ZodIssue

/** One thing that is wrong with a body: where, and what was expected there. */
export interface InvalidField {
  readonly path: readonly PropertyKey[]
  readonly message: string
}

/** What zod says where it has nothing to say. */
const UNION_MESSAGE = 'Invalid input'
const MAX_SHOWN_TEXT = 40

/**
 * The offending value, where zod's own message leaves it out and where it is short: a number, a choice, or how many
 * there are. Never free text, which may be secret.
 */
const received = ({ code, input }: Issue): string => {
  const shown = (value: number | string | boolean): string => `, not ${JSON.stringify(value)}`
  if (typeof input === 'number') return shown(input)
  if (code === 'too_big' || code === 'too_small')
    return typeof input === 'string' || Array.isArray(input) ? shown(input.length) : ''
  const choice = code === 'invalid_value' && (typeof input === 'string' || typeof input === 'boolean')
  return choice && String(input).length <= MAX_SHOWN_TEXT ? shown(input) : ''
}

const plain = (issue: Issue): string => {
  const rest = issue.message.replace(/^Invalid input: /, '')
  // A message of our own is a whole sentence; zod's begin with a fixed word.
  return /^(expected|Too |Invalid )/.test(rest) ? rest + received(issue) : rest
}

const typeOf = (value: unknown): string => (Array.isArray(value) ? 'array' : value === null ? 'null' : typeof value)

/** A branch of a union that does not even take this kind of value. */
const isForeign = (branch: readonly Issue[]): boolean =>
  branch.some(({ code, path }) => path.length === 0 && (code === 'invalid_type' || code === 'invalid_value'))

/** Of branches that tell their objects apart by `type`, those that take the type that was given, where any does. */
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
 * What an issue says to a person. A union says nothing itself: the branch that takes this kind of value does, and
 * where no branch or several do, what each of them expected.
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
