import { z } from 'zod'
import { ImagePart } from '@core/generation/conversation'

const IMAGE_URL = /^data:(image\/[a-z]+);base64,([A-Za-z0-9+/]+={0,2})$/

const MediaType = z.preprocess((type) => (type === 'image/jpg' ? 'image/jpeg' : type), ImagePart.shape.mediaType)

/** Decodes the image in a data: URL; undefined if it is none, or of an unsupported type. */
export const imageOf = (url: string): ImagePart | undefined => {
  const [, type, data] = IMAGE_URL.exec(url) ?? []
  const mediaType = MediaType.safeParse(type)
  return mediaType.success && data !== undefined ? { type: 'image', mediaType: mediaType.data, data } : undefined
}

/** An image as a data: URL. Remote addresses are never fetched. */
export const ImageUrl = z.string().transform((url, context): ImagePart => {
  const image = imageOf(url)
  if (image) return image
  const message = 'only data:image/png, jpeg, webp or gif;base64,… is taken; no address is fetched'
  context.issues.push({ code: 'custom', message, input: undefined })
  return z.NEVER
})
