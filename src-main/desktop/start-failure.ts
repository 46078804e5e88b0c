import { clipboard, dialog } from 'electron'

interface Explained extends Error {
  readonly hint: string
}

const isExplained = (error: unknown): error is Explained =>
  error instanceof Error && 'hint' in error && typeof error.hint === 'string'

const BUTTONS = ['Try again', 'Copy details', 'Quit']

/** Says why the node did not start and what to do; resolves with whether to try again. */
export const explainStartFailure = async (error: unknown): Promise<boolean> => {
  const why = error instanceof Error ? error.message : String(error)
  const detail = isExplained(error) ? `${why}.\n\n${error.hint}` : why
  for (;;) {
    const { response } = await dialog.showMessageBox({
      type: 'error',
      message: 'Muster can’t start',
      detail,
      buttons: BUTTONS,
      defaultId: 0,
      cancelId: 2,
    })
    if (response !== 1) return response === 0
    void clipboard.writeText(`Muster can’t start\n${detail}`)
  }
}
