/** A file for the person to keep. */
export interface ExportedFile {
  readonly name: string
  readonly type: string
  readonly text: string
}

const READ_WITHIN_MS = 10_000

/** Hands a file to the browser's downloads. */
export const saveFile = ({ name, type, text }: ExportedFile): void => {
  const url = URL.createObjectURL(new Blob([text], { type }))
  const link = document.createElement('a')
  link.href = url
  link.download = name
  link.click()
  // Some browsers read it only after this turn.
  setTimeout(() => URL.revokeObjectURL(url), READ_WITHIN_MS)
}
