import type { AppliedChange } from '@core/protocols/apply'
import type { Labels } from '@core/state/labels'
import { type DeclarationFile, yamlOf } from '../../declaration-files/index'
import type { NodeApi } from '../api/node-api'
import { applyDocuments } from '../api/apply'
import { CommandError } from '../exit-codes'
import type { Output, Piece } from '../terminal/output'

export interface ApplyOptions {
  readonly prune: Labels | undefined
  readonly dryRun: boolean
}

const named = (file: string, error: unknown): unknown =>
  error instanceof CommandError
    ? new CommandError(`${file}: ${error.message}`, {
        hint: error.hint,
        exitCode: error.exitCode,
        code: error.code,
        cause: error,
      })
    : error

/**
 * Applies files in order, each atomically. Stops at the first file the node refuses; earlier ones stay applied. Pruning
 * comes last, and only if all files were applied.
 */
export async function* applyFiles(
  api: NodeApi,
  files: readonly DeclarationFile[],
  { prune, dryRun }: ApplyOptions,
): AsyncGenerator<AppliedChange> {
  for (const { file, documents } of files) {
    try {
      const { changes } = await applyDocuments(api, { documents: [...documents], dryRun })
      yield* changes
    } catch (error) {
      throw named(file, error)
    }
  }
  if (!prune) return
  const keep = files.flatMap(({ documents }) => documents.map(({ name }) => name))
  const { changes } = await applyDocuments(api, { documents: [], prune: { labels: prune, keep }, dryRun })
  yield* changes
}

type Document = NonNullable<AppliedChange['before']>

/** Formats one field as lines of YAML; empty if absent. */
const fieldLines = (document: Document | undefined, field: keyof Document): string[] => {
  const value = document?.[field]
  return value === undefined
    ? []
    : yamlOf([{ [field]: value }])
        .trimEnd()
        .split('\n')
}

const fieldsOf = (...documents: readonly (Document | undefined)[]): (keyof Document)[] => [
  ...new Set(documents.flatMap((document) => Object.keys(document ?? {}) as (keyof Document)[])),
]

/** Prints a declaration's changes by field: `-` current, `+` new. */
export const printDifference = async (out: Output, { kind, name, before, after }: AppliedChange): Promise<void> => {
  if (kind === 'unchanged') return
  const head: Piece[][] = [[{ text: `${kind} ${name}`, style: 'bold' }]]
  const lines = fieldsOf(before, after).flatMap((field): Piece[][] => {
    const [old, young] = [fieldLines(before, field), fieldLines(after, field)]
    if (old.join('\n') === young.join('\n')) return old.map((line) => [`  ${line}`])
    return [
      ...old.map((line): Piece[] => [{ text: `- ${line}`, style: 'red' }]),
      ...young.map((line): Piece[] => [{ text: `+ ${line}`, style: 'green' }]),
    ]
  })
  await out.lines([...head, ...lines])
}
