/** A file to download. */
export interface ExportedFile {
  readonly name: string
  readonly type: string
  readonly text: string
}

const READ_WITHIN_MS = 10_000

/** Starts a browser download. */
export const saveFile = ({ name, type, text }: ExportedFile): void => {
  const url = URL.createObjectURL(new Blob([text], { type }))
  const link = document.createElement('a')
  link.href = url
  link.download = name
  link.click()
  // Some browsers read the URL only after this task.
  setTimeout(() => URL.revokeObjectURL(url), READ_WITHIN_MS)
}
