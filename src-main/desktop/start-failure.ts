import { release } from 'node:os'
import { clipboard, dialog } from 'electron'
import type { Translator } from '@core/texts/translator'
import { version } from '../version'
import { startFailureText } from './start-failure-text'

const [TRY_AGAIN, COPY, QUIT] = [0, 1, 2]

const runsOn = (): string =>
  `Muster ${version}, Electron ${process.versions.electron ?? '?'}, ${process.platform} ${release()} ${process.arch}`

export interface StartFailureOptions {
  readonly dataDir: string
  readonly signal: AbortSignal
  readonly translator: Translator
}

/**
 * Shows why the node did not start and what to do. Resolves with whether to try again. Aborting the signal closes the
 * dialog, which counts as no.
 */
export const explainStartFailure = async (
  error: unknown,
  { dataDir, signal, translator }: StartFailureOptions,
): Promise<boolean> => {
  const { what, whyAndWhatToDo, details } = startFailureText(error, { dataDir, runsOn: runsOn(), translator })
  const { text } = translator
  for (;;) {
    const { response } = await dialog.showMessageBox({
      type: 'error',
      title: 'Muster',
      message: what,
      detail: whyAndWhatToDo,
      buttons: [text('desktop.tryAgain'), text('app.copyDetails'), text('desktop.quitIt')],
      defaultId: TRY_AGAIN,
      cancelId: QUIT,
      noLink: true,
      signal,
    })
    if (signal.aborted) return false
    if (response !== COPY) return response === TRY_AGAIN
    void clipboard.writeText(details)
  }
}
