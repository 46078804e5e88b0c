import { nameKey } from '@core/declarations/names'
import type { ModelId, NodeId } from '@core/ids'
import type { MetaInstance } from '@core/state/meta-instances'
import type { State } from '@core/state/state'
import { CommandError, NOT_FOUND, WRONG_USE } from './exit-codes'

/** What people type for a declaration or a model, and what it stands for. */

/** Fewer characters of an id are no abbreviation of it. */
const LEAST_OF_ID = 4

/** `SmolLM2` of `HuggingFaceTB/SmolLM2`. */
const withoutOwner = (modelId: string): string => modelId.slice(modelId.lastIndexOf('/') + 1)

/** The candidates of the first rule by which there are any. */
const firstOf = <One>(all: readonly One[], rules: readonly ((one: One) => boolean)[]): readonly One[] => {
  for (const rule of rules) {
    const found = all.filter(rule)
    if (found.length > 0) return found
  }
  return []
}

/**
 * The declarations that a text may stand for: by id or name as it is, then as it looks (case makes no difference), by
 * its model, by the beginning of its id, and by its model without the owner. The first rule that finds any decides.
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
    ({ metaInstanceId }) => text.length >= LEAST_OF_ID && metaInstanceId.startsWith(text),
    ({ modelId }) => nameKey(withoutOwner(modelId)) === key,
  ])
}

/** The names that a text may stand for: as it is, as it looks, and, of models, without the owner. */
export const modelsBy = <Name extends string>(all: readonly Name[], text: string): readonly Name[] => {
  const key = nameKey(text)
  return firstOf(all, [
    (modelId) => modelId === text,
    (modelId) => nameKey(modelId) === key,
    (modelId) => nameKey(withoutOwner(modelId)) === key,
  ])
}

/** The one that is meant. Throws CommandError for none and for several. */
const theOne = <One>(
  found: readonly One[],
  { text, noun, hint, label }: { text: string; noun: string; hint: string; label: (one: One) => string },
): One => {
  const [one, ...others] = found
  if (one === undefined) throw new CommandError(`There is no ${noun} called ${text}`, { hint, exitCode: NOT_FOUND })
  if (others.length > 0)
    throw new CommandError(`${text} may be any of ${found.length}: ${found.map(label).join(', ')}`, {
      hint: 'Say which, by its name or its id.',
      exitCode: WRONG_USE,
    })
  return one
}

/** `chat (3f2a…)`: what tells a declaration from others of the same model. */
const declarationLabel = ({
  name,
  modelId,
  metaInstanceId,
}: Pick<MetaInstance, 'name' | 'modelId' | 'metaInstanceId'>) => `${name ?? modelId} (${metaInstanceId})`

/** The declaration that is meant. Throws CommandError for none, and for several with the candidates. */
export const declarationBy = <One extends Pick<MetaInstance, 'metaInstanceId' | 'name' | 'modelId'>>(
  all: readonly One[],
  text: string,
): One =>
  theOne(declarationsBy(all, text), {
    text,
    noun: 'declaration',
    hint: '`muster ps` lists them.',
    label: declarationLabel,
  })

/** The model that is meant. Throws CommandError for none, and for several with the candidates. */
export const modelBy = (all: readonly ModelId[], text: string): ModelId =>
  theOne(modelsBy(all, text), {
    text,
    noun: 'model on the disks of this cluster',
    hint: '`muster ls` lists them; `muster pull OWNER/NAME` fetches one.',
    label: String,
  })

/** The member that is meant, by its name or the beginning of its id. Throws CommandError for none and for several. */
export const nodeBy = ({ members }: Pick<State, 'members'>, text: string): NodeId => {
  const key = nameKey(text)
  const found = firstOf(Object.values(members), [
    ({ nodeId }) => nodeId === text,
    ({ friendlyName }) => nameKey(friendlyName) === key,
    ({ nodeId }) => text.length >= LEAST_OF_ID && nodeId.startsWith(text),
  ])
  return theOne(found, {
    text,
    noun: 'machine',
    hint: '`muster nodes` lists them.',
    label: ({ nodeId, friendlyName }) => `${friendlyName} (${nodeId.slice(0, 8)})`,
  }).nodeId
}

/** The API key that is meant, by its name or its id. Throws CommandError for none and for several. */
export const apiKeyBy = <One extends { readonly apiKeyId: string; readonly name: string }>(
  all: readonly One[],
  text: string,
): One =>
  theOne(
    firstOf(all, [
      ({ apiKeyId, name }) => apiKeyId === text || name === text,
      ({ apiKeyId }) => text.length >= LEAST_OF_ID && apiKeyId.startsWith(text),
    ]),
    {
      text,
      noun: 'API key',
      hint: '`muster key list` lists them.',
      label: ({ name, apiKeyId }) => `${name} (${apiKeyId})`,
    },
  )

/** The name that is meant, of those that a request can ask for. Throws CommandError for none and for several. */
export const nameBy = (all: readonly string[], text: string): string =>
  theOne(modelsBy(all, text), {
    text,
    noun: 'model or declaration',
    hint: all.length === 0 ? '`muster run --keep MODEL` declares one.' : `There are ${all.join(', ')}.`,
    label: String,
  })
