import { base64Of } from './base64'
import { decodeInBrowser, type DecodedPicture } from './decoded-picture'
import { MOST_PICTURE_BYTES, PICTURE_BEGINNINGS, type ChatPicture } from './records'
import { t } from '../../state/texts.svelte'

/** Longest side in pixels; larger pictures are scaled down. */
export const MOST_SIDE = 2048
/** Larger files are not decoded, to bound memory. */
const MOST_FILE_BYTES = 50_000_000

/** Photos become JPEG. For other pictures edges matter, so PNG is tried first. */
const PHOTO = [
  { type: 'image/jpeg', quality: 0.9 },
  { type: 'image/jpeg', quality: 0.7 },
] as const
const DRAWING = [{ type: 'image/png' }, ...PHOTO] as const

/** Magic numbers of each format, in base64. */
const BEGINNINGS = { ...PICTURE_BEGINNINGS, 'image/gif': 'R0lGOD', 'image/webp': 'UklGR' }

/** A picture for a question, or the reason for refusing it. */
export type ReadPicture = { readonly picture: ChatPicture } | { readonly refused: string }

/**
 * Reads PNG, JPEG, WebP or GIF. The picture is always re-encoded: upright, one frame, within the limits and without the
 * camera's metadata.
 *
 * @param decode decodes a picture; rejects if it cannot
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

/** The first form that is small enough. Terminates, because each round halves the side. */
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
