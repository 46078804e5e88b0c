import { readFile } from 'node:fs/promises'
import { isAbsolute, join } from 'node:path'
import { z } from 'zod'
import { undefinedUnlessShort } from '../shortage'

const Settings = z.looseObject({ downloadsFolder: z.string() })

const text = async (path: string): Promise<string> => (await readFile(path, 'utf8').catch(undefinedUnlessShort)) ?? ''

const downloadsFolder = async (lmStudio: string): Promise<string | undefined> => {
  const settings = await text(join(lmStudio, 'settings.json'))
  try {
    const { downloadsFolder: folder } = Settings.parse(JSON.parse(settings))
    return isAbsolute(folder) ? folder : undefined
  } catch {
    return undefined
  }
}

/**
 * LM Studio's model folders: from its settings, and the defaults of its versions. `~/.lmstudio-home-pointer` holds its
 * home folder if that was moved.
 */
export const lmStudioFolders = async (home: string): Promise<string[]> => {
  const pointer = (await text(join(home, '.lmstudio-home-pointer'))).trim()
  const homes = [...(isAbsolute(pointer) ? [pointer] : []), join(home, '.lmstudio'), join(home, '.cache', 'lm-studio')]
  const chosen = await Promise.all(homes.map(downloadsFolder))
  const folders = [...chosen.filter((folder) => folder !== undefined), ...homes.map((one) => join(one, 'models'))]
  return [...new Set(folders)]
}
