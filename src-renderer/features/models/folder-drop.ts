import type { DesktopApi, DroppedFolderAnswer } from '@core/protocols/desktop'
import { ApiError } from '../../api/problem'
import { t } from '../../state/texts.svelte'

/** Whether a folder is among what is dropped. Known only while the drop is being told. */
export const hasFolder = ({ items }: Pick<DataTransfer, 'items'>): boolean =>
  [...items].some((item) => item.kind === 'file' && item.webkitGetAsEntry()?.isDirectory === true)

/**
 * Has the app add what was dropped on its window last. Throws ApiError with what is wrong of it; in a browser, which
 * tells no page where a folder lies, with where to put it.
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
