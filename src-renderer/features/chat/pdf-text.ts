import { getDocument, PDFWorker, VerbosityLevel, type PDFDocumentProxy } from 'pdfjs-dist/legacy/build/pdf.mjs'
import type { TextItem } from 'pdfjs-dist/types/src/display/api'
import { CharacterMaps } from './character-maps'

/** Why no text could be read from a PDF. */
export type PdfProblem = 'damaged' | 'encrypted' | 'noText' | 'pages' | 'long' | 'slow' | 'notLoaded'

/** The text of a PDF, or why there is none. */
export type PdfText = { readonly text: string } | { readonly problem: PdfProblem }

export interface PdfLimits {
  readonly pages: number
  /** Limit of the text's UTF-8 length. */
  readonly textBytes: number
  /** Time limit for the whole file. */
  readonly milliseconds: number
}

/** A running PDF parser. Tests run it in their own process. */
export interface PdfParser {
  readonly worker: PDFWorker | undefined
  /** Resolves when the parser has died, or never. */
  readonly died: Promise<unknown>
  readonly end: () => void
}

/**
 * The parser as a web worker. Parsing a hostile file may never end: then only ending the worker stops it. pdf.js itself
 * does not end a worker that it did not start.
 */
const parserInWorker = (): PdfParser => {
  const port = new Worker(new URL('./pdf.worker.ts', import.meta.url), { type: 'module' })
  return {
    worker: PDFWorker.create({ port }),
    died: new Promise((resolve) => port.addEventListener('error', resolve)),
    end: () => port.terminate(),
  }
}

/**
 * Extracts the text of a PDF, pages separated by a blank line. Scripts, links and embedded files are never read, fonts
 * are neither loaded nor fetched, and no code is compiled from the file.
 */
export const textOfPdf = async (
  data: Uint8Array,
  limits: PdfLimits,
  { worker, died, end }: PdfParser = parserInWorker(),
): Promise<PdfText> => {
  let timer: ReturnType<typeof setTimeout> | undefined
  const tooSlow = new Promise<PdfText>((resolve) => {
    timer = setTimeout(() => resolve({ problem: 'slow' }), limits.milliseconds)
  })
  const maps = new CharacterMaps()
  const loading = getDocument({
    data,
    BinaryDataFactory: suppliedBy(maps),
    ...(worker && { worker }),
    isEvalSupported: false,
    disableFontFace: true,
    useSystemFonts: false,
    useWasm: false,
    useWorkerFetch: false,
    enableXfa: false,
    verbosity: VerbosityLevel.ERRORS,
  })
  try {
    return await Promise.race([
      loading.promise
        .then((document) => textOf(document, limits))
        .then((found): PdfText => (maps.isIncomplete ? { problem: 'notLoaded' } : found))
        .catch(problemOf),
      died.then((): PdfText => ({ problem: 'notLoaded' })),
      tooSlow,
    ])
  } finally {
    clearTimeout(timer)
    // Not awaited: the parser may never answer.
    void loading.destroy().catch(() => undefined)
    end()
  }
}

/** What pdf.js requests from the page. Fonts and picture decoders are not needed for text. */
const suppliedBy = (maps: CharacterMaps) =>
  class {
    fetch({ kind, filename }: { readonly kind: string; readonly filename: string }): Promise<Uint8Array> {
      return kind === 'cMapUrl' ? maps.load(filename) : Promise.reject(new Error('only text is read'))
    }
  }

const textOf = async (document: PDFDocumentProxy, { pages, textBytes }: PdfLimits): Promise<PdfText> => {
  if (document.numPages > pages) return { problem: 'pages' }
  const texts: string[] = []
  let bytes = 0
  for (let at = 1; at <= document.numPages; at += 1) {
    const page = await textOfPage(document, at, textBytes - bytes)
    if (page === undefined) return { problem: 'long' }
    bytes += bytesOf(page)
    texts.push(page)
  }
  const text = texts.join('\n\n').trim()
  return text === '' ? { problem: 'noText' } : { text }
}

/** Streamed, because a single page can contain more text than the limit for the whole file; then returns undefined. */
const textOfPage = async (document: PDFDocumentProxy, at: number, mostBytes: number): Promise<string | undefined> => {
  const page = await document.getPage(at)
  const reader = (page.streamTextContent() as ReadableStream<{ items: readonly TextItem[] }>).getReader()
  let text = ''
  for (let read = await reader.read(); !read.done; read = await reader.read()) {
    text += read.value.items.map(({ str, hasEOL }) => str + (hasEOL ? '\n' : '')).join('')
    if (text.length > mostBytes) return undefined
  }
  page.cleanup()
  const whole = text.replace(NOT_TEXT, '\u{FFFD}').trim()
  return bytesOf(whole) > mostBytes ? undefined : whole
}

/** Characters that UTF-8 text does not contain; text files with them are refused too. */
const NOT_TEXT = /[\0\p{Surrogate}]/gu

const bytesOf = (text: string): number => new TextEncoder().encode(text).length

const problemOf = (error: unknown): PdfText => ({
  problem: error instanceof Error && error.name === 'PasswordException' ? 'encrypted' : 'damaged',
})
