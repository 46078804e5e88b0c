import { join } from 'node:path'
import { ModelId } from '@core/ids'
import type { Home } from './hugging-face-cache'
import type { Candidate } from './candidate'
import { modelsByOwner } from './own-store'

/** Where ModelScope's tools keep models: `OWNER/NAME` in one of these, by version. */
export const modelScopeFolders = ({ env, home }: Home): string[] => {
  const base = env['MODELSCOPE_CACHE'] || join(home, '.cache', 'modelscope')
  return [join(base, 'hub', 'models'), join(base, 'models'), join(base, 'hub')]
}

/** Models in such a folder. Its names have `___` for each dot: `Qwen2___5-0___5B-Instruct`. */
export const modelScopeModels = async (folder: string): Promise<Candidate[]> => {
  const found = await modelsByOwner(folder, 'modelscope')
  return found.flatMap((one) => {
    const modelId = ModelId.safeParse(one.modelId.replaceAll('___', '.'))
    return modelId.success && !one.modelId.startsWith('models/') ? [{ ...one, modelId: modelId.data }] : []
  })
}
