/**
 * Predefined CMaps: tables from codes of Chinese, Japanese and Korean fonts to characters. Older PDFs refer to them by
 * name without embedding them. They come with the app, each as a separate chunk. The CMaps of UTF-8 and UTF-32 are left
 * out, because PDF does not predefine them.
 */
const TABLES = import.meta.glob<string>(
  ['../../../node_modules/pdfjs-dist/cmaps/*.bcmap', '!../../../node_modules/pdfjs-dist/cmaps/*-UTF{8,32}-*.bcmap'],
  { query: '?url&inline', import: 'default', exhaustive: true },
)

const tables = new Map(Object.entries(TABLES).map(([path, load]) => [path.slice(path.lastIndexOf('/') + 1), load]))

/** Supplies one document with CMaps, and records whether one was missing: then part of its text is missing too. */
export class CharacterMaps {
  isIncomplete = false

  /** @param filename such as `GBK-EUC-H.bcmap` */
  async load(filename: string): Promise<Uint8Array> {
    try {
      const load = tables.get(filename)
      if (load === undefined) throw new Error(`unknown CMap ${filename}`)
      const dataUrl = await load()
      return Uint8Array.from(atob(dataUrl.slice(dataUrl.indexOf(',') + 1)), (character) => character.charCodeAt(0))
    } catch (error) {
      this.isIncomplete = true
      throw error
    }
  }
}
