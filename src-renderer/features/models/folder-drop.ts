import type { DesktopApi, DroppedFolderAnswer } from '@core/protocols/desktop'
import { ApiError } from '../../api/problem'
import { t } from '../../state/texts.svelte'

/** Whether a folder is being dropped. Readable only during the drop event. */
export const hasFolder = ({ items }: Pick<DataTransfer, 'items'>): boolean =>
  [...items].some((item) => item.kind === 'file' && item.webkitGetAsEntry()?.isDirectory === true)

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
      throw new ApiError('folder_refused', answer.reason, { hint: answer.hint })
    case 'none':
      throw new ApiError('no_folder', t('models.folder.one'), { hint: t('models.folder.oneHint') })
  }
}
