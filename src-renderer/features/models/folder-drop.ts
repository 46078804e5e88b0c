import type { DesktopApi, DroppedFolderAnswer, FolderRefusal } from '@core/protocols/desktop'
import { ApiError } from '../../api/problem'
import { t } from '../../state/texts.svelte'
import { modelProblem } from './model-problem'

/** Whether a folder is being dropped. Readable only during the drop event. */
export const hasFolder = ({ items }: Pick<DataTransfer, 'items'>): boolean =>
  [...items].some((item) => item.kind === 'file' && item.webkitGetAsEntry()?.isDirectory === true)

const refusalOf = (refusal: FolderRefusal): ApiError => {
  const refused = (why: string, hint: string): ApiError => new ApiError('folder_refused', why, { hint })
  switch (refusal.why) {
    case 'problem': {
      const { text, details } = modelProblem(refusal) ?? { text: refusal.problem }
      return new ApiError('folder_refused', text, { hint: t('models.folder.nothingAdded'), details })
    }
    case 'unreadable':
    case 'file':
    case 'no_model':
    case 'bad_id':
    case 'taken': {
      const { why, place } = refusal
      return refused(t(`models.folder.refused.${why}`, { place }), t(`models.folder.todo.${why}`))
    }
  }
}

/**
 * Adds the last dropped folder through the desktop app. Throws ApiError with the reason; in a browser, which hides
 * paths from pages, the error says where to put the folder.
 */
export const addDropped = async (
  desktop: Pick<DesktopApi, 'addDroppedFolder'> | undefined,
): Promise<Exclude<DroppedFolderAnswer, { status: 'refused' | 'none' }>> => {
  if (!desktop) throw new ApiError('no_folders', t('models.folder.browser'), { hint: t('models.folder.browserHint') })
  const answer = await desktop.addDroppedFolder()
  switch (answer.status) {
    case 'added':
    case 'known':
      return answer
    case 'refused':
      throw refusalOf(answer.refusal)
    case 'none':
      throw new ApiError('no_folder', t('models.folder.one'), { hint: t('models.folder.oneHint') })
  }
}
