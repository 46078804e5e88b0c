import { ModelId } from '@core/ids'
import { readFile, stat } from 'node:fs/promises'
import { join } from 'node:path'
import { undefinedUnlessShort } from '../shortage'
import type { Candidate } from './candidate'
import { directoriesIn } from './own-store'

export interface Home {
  readonly env: Readonly<Record<string, string | undefined>>
  readonly home: string
}

const expand = (path: string, home: string): string =>
  path === '~' || path.startsWith('~/') ? home + path.slice(1) : path

/** Home folder of Hugging Face's tools, by the rules of `huggingface_hub`. */
export const huggingFaceHome = ({ env, home }: Home): string =>
  expand(env['HF_HOME'] || join(env['XDG_CACHE_HOME'] || join(home, '.cache'), 'huggingface'), home)

/** Their download cache. */
export const huggingFaceCache = ({ env, home }: Home): string => {
  const given = env['HF_HUB_CACHE'] || env['HUGGINGFACE_HUB_CACHE']
  if (given) return expand(given, home)
  return join(huggingFaceHome({ env, home }), 'hub')
}

const PREFIX = 'models--'

/** `models--owner--name` → `owner/name`; the oldest models have no owner. */
const modelIdOf = (folder: string): ModelId | undefined => {
  const name = folder.slice(PREFIX.length)
  const cut = name.indexOf('--')
  const parsed = ModelId.safeParse(cut < 0 ? name : `${name.slice(0, cut)}/${name.slice(cut + 2)}`)
  return parsed.success ? parsed.data : undefined
}

/** The snapshot of `main`, or the newest one if only other revisions were downloaded. */
const snapshotOf = async (repository: string): Promise<string | undefined> => {
  const snapshots = join(repository, 'snapshots')
  const revisions = await directoriesIn(snapshots)
  const main = (await readFile(join(repository, 'refs', 'main'), 'utf8').catch(undefinedUnlessShort))?.trim() ?? ''
  if (revisions.includes(main)) return join(snapshots, main)
  let newest: { readonly path: string; readonly changed: number } | undefined
  for (const revision of revisions) {
    const path = join(snapshots, revision)
    const changed = (await stat(path).catch(() => undefined))?.mtimeMs ?? 0
    if (!newest || changed > newest.changed) newest = { path, changed }
  }
  return newest?.path
}

/** Lists the models in the cache, one folder each. */
export const huggingFaceModels = async (cache: string): Promise<Candidate[]> => {
  const repositories = (await directoriesIn(cache)).filter((name) => name.startsWith(PREFIX))
  const models = repositories.map(async (repository): Promise<Candidate[]> => {
    const modelId = modelIdOf(repository)
    const path = await snapshotOf(join(cache, repository))
    return modelId !== undefined && path !== undefined ? [{ modelId, path, source: 'huggingface' }] : []
  })
  return (await Promise.all(models)).flat()
}
