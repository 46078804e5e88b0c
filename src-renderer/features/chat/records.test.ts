import { describe, expect, it } from 'vitest'
import { ChatPicture, Message, MOST_PICTURE_BYTES } from './records'

const picture = { name: 'cat.png', mediaType: 'image/png', data: 'iVBORw0KGgo=' }
const question = { id: 'q', conversationId: 'c', at: 1, role: 'user', text: 'Look' }

describe('a stored picture', () => {
  it('is read as it was written', () => {
    expect(Message.parse({ ...question, pictures: [picture] })).toEqual({ ...question, pictures: [picture] })
  })

  it.each([
    ['of another kind than it says', { ...picture, mediaType: 'image/jpeg' }],
    ['of a kind that is not kept', { ...picture, mediaType: 'image/svg+xml' }],
    ['that is no base64', { ...picture, data: 'iVBORw" onload="x' }],
    ['that is over the limit', { ...picture, data: `iVBORw${'A'.repeat(Math.ceil(MOST_PICTURE_BYTES / 3) * 4)}` }],
    ['that is an address', 'https://example.com/cat.png'],
  ])('%s is dropped, and its message stays', (_what, damaged) => {
    expect(ChatPicture.safeParse(damaged).success).toBe(false)
    expect(Message.parse({ ...question, pictures: [damaged, picture] })).toEqual({ ...question, pictures: [picture] })
  })
})
