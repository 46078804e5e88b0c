import type { PdfProblem, PdfText } from './pdf-text'
import type { ReadFile } from './read-file'
import { t } from '../../state/texts.svelte'

/** Larger files are not read, to bound memory. */
const MOST_FILE_BYTES = 50_000_000
/** As for a text file: more would exceed any model's context. */
const LIMITS = { pages: 2000, textBytes: 1_000_000, milliseconds: 60_000 }

const BEGINNING = '%PDF-'

/** Whether a file is a PDF by its type, its name or its first bytes: a copied file may have lost any of them. */
export const isPdf = async (file: File): Promise<boolean> =>
  file.type === 'application/pdf' ||
  /\.pdf$/i.test(file.name) ||
  (await file
    .slice(0, BEGINNING.length)
    .text()
    .catch(() => '')) === BEGINNING

/** Loaded with the first PDF, because pdf.js is a megabyte. */
const readWithPdfJs = async (data: Uint8Array): Promise<PdfText> => {
  try {
    const { textOfPdf } = await import('./pdf-text')
    return await textOfPdf(data, LIMITS)
  } catch {
    return { problem: 'notLoaded' }
  }
}

/** Reads the text of a PDF, as a text file of the same name. */
export const readPdf = async (
  file: File,
  read: (data: Uint8Array) => Promise<PdfText> = readWithPdfJs,
): Promise<ReadFile> => {
  const { name } = file
  if (file.size > MOST_FILE_BYTES) return { refused: t('chat.refused.pdf.large', { file: name }) }
  const data = await file.arrayBuffer().catch(() => new ArrayBuffer(0))
  const found = await read(new Uint8Array(data))
  return 'text' in found ? { file: { name, text: found.text } } : { refused: refusal(found.problem, name) }
}

const refusal = (problem: PdfProblem, file: string): string =>
  problem === 'pages'
    ? t('chat.refused.pdf.pages', { file, most: LIMITS.pages })
    : t(`chat.refused.pdf.${problem}`, { file })
