import { expect, it } from 'vitest'
import { isPdf, readPdf } from './pdf-file'
import type { PdfProblem } from './pdf-text'

it('recognises a PDF by its type, its name or its first bytes', async () => {
  expect(await isPdf(new File(['x'], 'paper', { type: 'application/pdf' }))).toBe(true)
  expect(await isPdf(new File(['x'], 'PAPER.PDF'))).toBe(true)
  expect(await isPdf(new File(['%PDF-1.4\n'], 'download'))).toBe(true)
  expect(await isPdf(new File(['About %PDF-1.4'], 'pdf.txt'))).toBe(false)
})

it('returns the text of a PDF as a text file of its name', async () => {
  const file = new File(['%PDF-1.4'], 'paper.pdf')
  const read = (data: Uint8Array) => Promise.resolve({ text: new TextDecoder().decode(data) })
  expect(await readPdf(file, read)).toEqual({ file: { name: 'paper.pdf', text: '%PDF-1.4' } })
})

it.each<[PdfProblem, string]>([
  ['damaged', 'Save it as a PDF again'],
  ['encrypted', 'save a copy without it'],
  ['noText', 'run text recognition (OCR)'],
  ['pages', 'more than 2,000 pages: add only those that matter'],
  ['long', 'more than 1 MB of text: add only the pages that matter'],
  ['slow', 'paste the text that matters'],
  ['notLoaded', 'reload this page'],
])('says what to do when it is refused: %s', async (problem, advice) => {
  const found = await readPdf(new File(['x'], 'paper.pdf'), () => Promise.resolve({ problem }))
  expect(found).toEqual({ refused: expect.stringMatching(/^paper\.pdf /) as string })
  expect(found).toMatchObject({ refused: expect.stringContaining(advice) as string })
})

it('refuses a huge file without reading it', async () => {
  const file = new File([], 'huge.pdf')
  Object.defineProperty(file, 'size', { value: 50_000_001 })
  const found = await readPdf(file, () => Promise.reject(new Error('it was read')))
  expect(found).toMatchObject({ refused: expect.stringContaining('larger than 50 MB') as string })
})
