import { base64Of } from './base64'
import { decodeInBrowser, type DecodedPicture } from './decoded-picture'
import { MOST_PICTURE_BYTES, PICTURE_BEGINNINGS, type ChatPicture } from './records'
import { t } from '../../state/texts.svelte'

/** The longest side of a picture that goes with a question, in pixels; larger ones are scaled down. */
export const MOST_SIDE = 2048
/** A file over this is not decoded: it would take the page's memory. */
const MOST_FILE_BYTES = 50_000_000

/** Photos stay photos. Of all others edges matter, so JPEG is the second choice. */
const PHOTO = [
  { type: 'image/jpeg', quality: 0.9 },
  { type: 'image/jpeg', quality: 0.7 },
] as const
const DRAWING = [{ type: 'image/png' }, ...PHOTO] as const

/** How a file of each kind begins, in base64. */
const BEGINNINGS = { ...PICTURE_BEGINNINGS, 'image/gif': 'R0lGOD', 'image/webp': 'UklGR' }

/** A picture for a question, or why its file cannot go with one. */
export type ReadPicture = { readonly picture: ChatPicture } | { readonly refused: string }

/**
 * Reads PNG, JPEG, WebP or GIF. What is kept is always drawn anew: upright, still, within the limits, and without what
 * a camera writes beside the picture.
 *
 * @param decode how the browser reads a picture; rejects where it cannot
 */
export const readPicture = async (
  file: File,
  decode: (file: Blob) => Promise<DecodedPicture> = decodeInBrowser,
): Promise<ReadPicture> => {
  const { name } = file
  if (file.size > MOST_FILE_BYTES) return { refused: t('chat.refused.largePicture', { file: name }) }
  const beginning = await base64Of(file.slice(0, 12))
  const isKnown = Object.values(BEGINNINGS).some((one) => beginning.startsWith(one))
  if (!isKnown) return { refused: t('chat.refused.noPicture', { file: name }) }
  try {
    const decoded = await decode(file)
    try {
      const blob = await drawnWithin(decoded, beginning.startsWith(BEGINNINGS['image/jpeg']) ? PHOTO : DRAWING)
      const mediaType = blob.type === 'image/png' ? blob.type : 'image/jpeg'
      return { picture: { name: name.slice(0, 300), mediaType, data: await base64Of(blob) } }
    } finally {
      decoded.close()
    }
  } catch {
    return { refused: t('chat.refused.brokenPicture', { file: name }) }
  }
}

/** The best form of it that is small enough. Ends, for each round has half the side of the one before. */
const drawnWithin = async (picture: DecodedPicture, forms: typeof PHOTO | typeof DRAWING): Promise<Blob> => {
  for (let scale = Math.min(1, MOST_SIDE / Math.max(picture.width, picture.height)); ; scale /= 2) {
    const width = Math.max(1, Math.round(picture.width * scale))
    const height = Math.max(1, Math.round(picture.height * scale))
    for (const form of forms) {
      const blob = await picture.encode({ ...form, width, height })
      if (blob.size <= MOST_PICTURE_BYTES) return blob
    }
    if (width === 1 && height === 1) throw new Error('a picture of one pixel is over the limit')
  }
}
