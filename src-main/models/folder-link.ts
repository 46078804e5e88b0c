import { realpath, stat, symlink } from 'node:fs/promises'
import { basename, dirname, isAbsolute, join } from 'node:path'
import { ModelId } from '@core/ids'
import type { FolderRefusal } from '@core/protocols/desktop'
import { makeBelow } from '../disk/below'
import type { Catalogue } from './catalogue'
import { inspectModelDirectory } from './inspection/model-directory'
import { listModelFiles } from './inspection/model-files'
import { ownPlace } from './stores/own-store'
import { ownModels } from './stores/stores'

/** Result of adding a folder: `known` means that the catalogue has it already. */
export type LinkedFolder =
  | { readonly status: 'added' | 'known'; readonly modelId: ModelId }
  | { readonly status: 'refused'; readonly refusal: FolderRefusal }

export interface LinkOptions {
  readonly dataDir: string
  readonly catalogue: Pick<Catalogue, 'list' | 'adapters' | 'unreadable' | 'refresh'>
}

/** Owner part of the id if the folder does not reveal one. */
const OWNER = 'local'

const refused = (why: Exclude<FolderRefusal['why'], 'problem'>, place: string): LinkedFolder => ({
  status: 'refused',
  refusal: { why, place },
})

/** Derives the model id from the folder; paths in the Hugging Face cache contain the hub's id. */
const idOf = (folder: string): ModelId => {
  const [, owner, name] = /^models--([^/]+?)--([^/]+)$/.exec(basename(dirname(dirname(folder)))) ?? []
  if (basename(dirname(folder)) === 'snapshots' && owner !== undefined && name !== undefined)
    return ModelId.parse(`${owner}/${name}`)
  const plain = basename(folder)
    .replace(/[^\w.-]+/g, '-')
    .replace(/\.{2,}/g, '.')
    .replace(/^[.-]+/, '')
    .replace(/\.partial(-\d+)?$/, '')
    .slice(0, 96)
  return ModelId.parse(`${OWNER}/${plain || 'model'}`)
}

/**
 * Adds a model folder by a symbolic link in our own store, without a copy. Inspects it first like the catalogue. Deleting
 * the model removes the link only.
 *
 * @param given absolute path from the user. Rejects with the file system's error if the store cannot be written
 */
export const linkModelFolder = async (given: string, { dataDir, catalogue }: LinkOptions): Promise<LinkedFolder> => {
  const folder = isAbsolute(given) ? await realpath(given).catch(() => undefined) : undefined
  const found = folder === undefined ? undefined : await stat(folder).catch(() => undefined)
  if (folder === undefined || !found) return refused('unreadable', given)
  if (!found.isDirectory()) return refused('file', basename(given))
  await catalogue.refresh()
  for (const { path, modelId } of [...catalogue.list(), ...catalogue.adapters(), ...catalogue.unreadable()])
    if ((await realpath(path).catch(() => undefined)) === folder) return { status: 'known', modelId }
  const files = await listModelFiles(folder)
  if (!files) return refused('unreadable', given)
  const modelId = idOf(folder)
  const inspection = await inspectModelDirectory({ modelId, path: folder, source: 'muster' }, files, { starter: false })
  if (inspection.status === 'none') return refused('no_model', basename(given))
  const { problem, problemCode } = inspection.model
  if (problem !== undefined)
    return { status: 'refused', refusal: { why: 'problem', problem, ...(problemCode && { problemCode }) } }
  return link({ folder, modelId, dataDir, catalogue })
}

interface Link extends LinkOptions {
  /** Real path, symbolic links resolved. */
  readonly folder: string
  readonly modelId: ModelId
}

const link = async ({ folder, modelId, dataDir, catalogue }: Link): Promise<LinkedFolder> => {
  const place = ownPlace(ownModels(dataDir), modelId)
  if (!place) return refused('bad_id', modelId)
  const owner = await makeBelow(dataDir, ['models', place.owner])
  try {
    await symlink(folder, join(owner, place.name))
  } catch (error) {
    if (!(error instanceof Error && 'code' in error && error.code === 'EEXIST')) throw error
    return refused('taken', modelId)
  }
  await catalogue.refresh()
  return { status: 'added', modelId }
}
