import { nameKey } from '@core/declarations/names'
import { ModelId, type NodeId } from '@core/ids'
import type { MetaInstance } from '@core/state/meta-instances'
import type { State } from '@core/state/state'
import { CommandError, NOT_FOUND, WRONG_USE } from './exit-codes'
import { similarNames } from './text/similar'

/** Resolves names typed by users to declarations, models, machines and keys. */

/** Minimum length of an abbreviated id. */
const MIN_ID_LENGTH = 4

/** `SmolLM2` of `HuggingFaceTB/SmolLM2`. */
const withoutOwner = (modelId: string): string => modelId.slice(modelId.lastIndexOf('/') + 1)

/** Candidates of the first rule that matches any. */
const firstOf = <One>(all: readonly One[], rules: readonly ((one: One) => boolean)[]): readonly One[] => {
  for (const rule of rules) {
    const found = all.filter(rule)
    if (found.length > 0) return found
  }
  return []
}

/**
 * Declarations that a text may mean, by the first rule that matches: exact id or name, name ignoring case, model, id
 * prefix, model without its owner.
 */
export const declarationsBy = <One extends Pick<MetaInstance, 'metaInstanceId' | 'name' | 'modelId'>>(
  all: readonly One[],
  text: string,
): readonly One[] => {
  const key = nameKey(text)
  return firstOf(all, [
    ({ metaInstanceId, name }) => metaInstanceId === text || name === text,
    ({ name }) => name !== undefined && nameKey(name) === key,
    ({ modelId }) => modelId === text,
    ({ modelId }) => nameKey(modelId) === key,
    ({ metaInstanceId }) => text.length >= MIN_ID_LENGTH && metaInstanceId.startsWith(text),
    ({ modelId }) => nameKey(withoutOwner(modelId)) === key,
  ])
}

/** Names that a text may mean: exact, ignoring case, or a model without its owner. */
export const modelsBy = <Name extends string>(all: readonly Name[], text: string): readonly Name[] => {
  const key = nameKey(text)
  return firstOf(all, [
    (modelId) => modelId === text,
    (modelId) => nameKey(modelId) === key,
    (modelId) => nameKey(withoutOwner(modelId)) === key,
  ])
}

/** The id of a model that nobody has to know yet. Throws CommandError for what cannot be one. */
export const modelIdOf = (text: string): ModelId => {
  const { data, error } = ModelId.safeParse(text)
  if (error === undefined) return data
  throw new CommandError(`"${text.slice(0, 100)}" is not the name of a model`, {
    hint: 'Expected OWNER/NAME.',
    exitCode: WRONG_USE,
    cause: error,
  })
}

interface Lookup<One> {
  readonly text: string
  readonly noun: string
  readonly hint: string
  readonly label: (one: One) => string
  /** All existing names, to suggest similar ones. */
  readonly known: readonly (string | undefined)[]
}

/** Error for a name that does not exist, with suggestions of similar names. */
export const notFound = ({ text, noun, hint, known }: Omit<Lookup<never>, 'label'>): CommandError => {
  const names = known.filter((name) => name !== undefined)
  const similar = similarNames(names, text)
  const meant = similar.length === 0 ? '' : `Did you mean ${similar.join(' or ')}? `
  return new CommandError(`There is no ${noun} called ${text}`, { hint: `${meant}${hint}`, exitCode: NOT_FOUND })
}

/** The only match. Throws CommandError for none or several. */
const onlyMatch = <One>(found: readonly One[], { label, ...lookup }: Lookup<One>): One => {
  const { text } = lookup
  const [one, ...others] = found
  if (one === undefined) throw notFound(lookup)
  if (others.length > 0)
    throw new CommandError(`${text} is ambiguous, ${found.length} matches: ${found.map(label).join(', ')}`, {
      hint: 'Give a longer name or the id.',
      exitCode: WRONG_USE,
    })
  return one
}

/** `chat (3f2a…)`, to tell declarations of the same model apart. */
const declarationLabel = ({
  name,
  modelId,
  metaInstanceId,
}: Pick<MetaInstance, 'name' | 'modelId' | 'metaInstanceId'>) => `${name ?? modelId} (${metaInstanceId})`

/** Resolves a declaration. Throws CommandError for none or several, listing the candidates. */
export const declarationBy = <One extends Pick<MetaInstance, 'metaInstanceId' | 'name' | 'modelId'>>(
  all: readonly One[],
  text: string,
): One =>
  onlyMatch(declarationsBy(all, text), {
    text,
    noun: 'declaration',
    hint: '`muster ps` lists them.',
    label: declarationLabel,
    known: all.flatMap(({ name, modelId }) => [name, modelId]),
  })

/** Resolves a model. Throws CommandError for none or several, listing the candidates. */
export const modelBy = (all: readonly ModelId[], text: string): ModelId =>
  onlyMatch(modelsBy(all, text), {
    text,
    noun: 'model on the disks of this cluster',
    hint: '`muster ls` lists them; `muster pull OWNER/NAME` downloads one.',
    label: String,
    known: all,
  })

/** Resolves a member by name or id prefix. Throws CommandError for none or several. */
export const nodeBy = ({ members }: Pick<State, 'members'>, text: string): NodeId => {
  const key = nameKey(text)
  const all = Object.values(members)
  const found = firstOf(all, [
    ({ nodeId }) => nodeId === text,
    ({ friendlyName }) => nameKey(friendlyName) === key,
    ({ nodeId }) => text.length >= MIN_ID_LENGTH && nodeId.startsWith(text),
  ])
  return onlyMatch(found, {
    text,
    noun: 'machine',
    hint: '`muster nodes` lists them.',
    label: ({ nodeId, friendlyName }) => `${friendlyName} (${nodeId.slice(0, 8)})`,
    known: all.map(({ friendlyName }) => friendlyName),
  }).nodeId
}

/** Resolves an API key by name or id. Throws CommandError for none or several. */
export const apiKeyBy = <One extends { readonly apiKeyId: string; readonly name: string }>(
  all: readonly One[],
  text: string,
): One =>
  onlyMatch(
    firstOf(all, [
      ({ apiKeyId, name }) => apiKeyId === text || name === text,
      ({ apiKeyId }) => text.length >= MIN_ID_LENGTH && apiKeyId.startsWith(text),
    ]),
    {
      text,
      noun: 'API key',
      hint: '`muster key list` lists them.',
      label: ({ name, apiKeyId }) => `${name} (${apiKeyId})`,
      known: all.map(({ name }) => name),
    },
  )

/** Resolves a name that requests can use. Throws CommandError for none or several. */
export const nameBy = (all: readonly string[], text: string): string =>
  onlyMatch(modelsBy(all, text), {
    text,
    noun: 'model or declaration',
    hint: all.length === 0 ? '`muster run --keep MODEL` declares one.' : `There are ${all.join(', ')}.`,
    label: String,
    known: all,
  })
