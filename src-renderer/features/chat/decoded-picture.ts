/** Output format of a picture; sides in pixels, `quality` from 0 to 1. */
export interface PictureForm {
  readonly type: 'image/png' | 'image/jpeg'
  readonly quality?: number
  readonly width: number
  readonly height: number
}

/** A decoded picture: orientation applied, first frame only. */
export interface DecodedPicture {
  readonly width: number
  readonly height: number
  /** Rejects if the picture exceeds the browser's canvas limits. */
  encode(form: PictureForm): Promise<Blob>
  /** Frees its memory. */
  close(): void
}

/** Rejects if the file is not a picture or damaged. */
export const decodeInBrowser = async (file: Blob): Promise<DecodedPicture> => {
  const bitmap = await createImageBitmap(file)
  const { width, height } = bitmap
  return {
    width,
    height,
    encode: (form) => {
      const canvas = new OffscreenCanvas(form.width, form.height)
      const context = canvas.getContext('2d', { alpha: form.type === 'image/png' })
      if (!context) throw new Error('this browser provides no canvas context')
      if (form.type === 'image/jpeg') {
        // JPEG has no transparency: use a white background.
        context.fillStyle = 'white'
        context.fillRect(0, 0, form.width, form.height)
      }
      context.imageSmoothingQuality = 'high'
      context.drawImage(bitmap, 0, 0, form.width, form.height)
      return canvas.convertToBlob(form)
    },
    close: () => bitmap.close(),
  }
}
