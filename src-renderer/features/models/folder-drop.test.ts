import { describe, expect, it } from 'vitest'
import type { DroppedFolderAnswer, FolderRefusal } from '@core/protocols/desktop'
import { addDropped, hasFolder } from './folder-drop'

const app = (answer: DroppedFolderAnswer) => ({ addDroppedFolder: () => Promise.resolve(answer) })
const transfer = (...entries: readonly (boolean | undefined)[]) =>
  ({
    items: entries.map((isDirectory) => ({
      kind: isDirectory === undefined ? 'string' : 'file',
      webkitGetAsEntry: () => (isDirectory === undefined ? null : { isDirectory }),
    })),
  }) as unknown as DataTransfer

describe('a folder that is dropped on the window', () => {
  it('is distinguished from files and texts', () => {
    expect(hasFolder(transfer(true))).toBe(true)
    expect(hasFolder(transfer(undefined, false, true))).toBe(true)
    expect(hasFolder(transfer(undefined, false))).toBe(false)
  })

  it('is added by the app, whose reasons for a refusal are shown', async () => {
    expect(await addDropped(app({ status: 'added', modelId: 'local/model' }))).toMatchObject({ modelId: 'local/model' })
    const refused = (refusal: FolderRefusal) => addDropped(app({ status: 'refused', refusal }))
    await expect(refused({ why: 'problem', problem: 'config.json is missing' })).rejects.toMatchObject({
      message: expect.stringContaining('config.json is missing') as string,
      hint: 'Nothing was added.',
    })
    await expect(refused({ why: 'no_model', place: 'empty' })).rejects.toMatchObject({
      message: 'empty contains no model',
    })
    await expect(addDropped(app({ status: 'none' }))).rejects.toMatchObject({ code: 'no_folder' })
  })

  it('cannot be added in a browser, which says where to put it', async () => {
    await expect(addDropped(undefined)).rejects.toMatchObject({
      message: 'A browser cannot tell a page where a folder is.',
      hint: expect.stringContaining('models/OWNER/NAME') as string,
    })
  })
})
