/** A file for the person to keep. */
export interface ExportedFile {
  readonly name: string
  readonly type: string
  readonly text: string
}

/** Hands a file to the browser's downloads. */
export const saveFile = ({ name, type, text }: ExportedFile): void => {
  const url = URL.createObjectURL(new Blob([text], { type }))
  const link = document.createElement('a')
  link.href = url
  link.download = name
  link.click()
  URL.revokeObjectURL(url)
}
