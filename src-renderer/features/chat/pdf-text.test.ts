import { PDFWorker } from 'pdfjs-dist/legacy/build/pdf.mjs'
import { describe, expect, it } from 'vitest'
import { CHINESE, pdf, textAt } from '../../testing/pdf'
import { textOfPdf, type PdfParser } from './pdf-text'

const LIMITS = { pages: 3, textBytes: 200, milliseconds: 30_000 }

/** pdf.js parses in the test's own process. */
const here: PdfParser = { worker: undefined, died: new Promise(() => {}), end: () => {} }

const read = (data: Uint8Array, limits = {}) => textOfPdf(data, { ...LIMITS, ...limits }, here)

/** The oldest form of the standard security handler, with an unknown password. */
const LOCKED = {
  objects: [`<< /Filter /Standard /V 1 /R 2 /P -4 /O <${'11'.repeat(32)}> /U <${'22'.repeat(32)}> >>`],
  trailer: `/Encrypt 10 0 R /ID [<${'33'.repeat(16)}> <${'33'.repeat(16)}>]`,
}

describe('the text of a PDF', () => {
  it('has its lines, and a blank line between pages', async () => {
    const data = pdf([textAt('The first line', 'and the second'), textAt('Another page')])
    expect(await read(data)).toEqual({ text: 'The first line\nand the second\n\nAnother page' })
  })

  it('is decoded with the app’s CMaps if a Chinese font names one', async () => {
    expect(await read(CHINESE)).toEqual({ text: '你好' })
  })

  it.each([
    ['pictures of pages only', pdf(['0 0 600 800 re f']), {}, 'noText'],
    ['no page', pdf([]), {}, 'noText'],
    ['a password', pdf([textAt('Secret')], LOCKED), {}, 'encrypted'],
    ['more pages than the limit', pdf([1, 2, 3, 4].map((page) => textAt(`Page ${page}`))), {}, 'pages'],
    [
      'more text than the limit',
      pdf([textAt(...Array<string>(10).fill('word of one')), textAt(...Array<string>(10).fill('and another'))]),
      {},
      'long',
    ],
    ['one page with more text than the limit', pdf([textAt(...Array<string>(500).fill('word'))]), {}, 'long'],
    ['no PDF in it', new TextEncoder().encode('%PDF-1.7\nnothing more'), {}, 'damaged'],
    ['nothing in it', new Uint8Array(), {}, 'damaged'],
  ])('is refused for a file with %s', async (_, data, limits, problem) => {
    expect(await read(data, limits)).toEqual({ problem })
  })

  it('is found even if the offset of the cross-reference table is wrong', async () => {
    const whole = new TextDecoder().decode(pdf([textAt('Still here')]))
    expect(await read(new TextEncoder().encode(whole.replace(/startxref\n\d+/, 'startxref\n7')))).toEqual({
      text: 'Still here',
    })
  })
})

it('ends a parser that does not answer in time, and one that has died', async () => {
  let ended = 0
  const silent = (): PdfParser => {
    const { port1 } = new MessageChannel()
    const end = () => {
      ended += 1
      port1.close()
    }
    return { ...here, worker: PDFWorker.create({ port: port1 as unknown as Worker }), end }
  }
  const data = () => pdf([textAt('x')])
  expect(await textOfPdf(data(), { ...LIMITS, milliseconds: 20 }, silent())).toEqual({ problem: 'slow' })
  const dead = { ...silent(), died: Promise.resolve() }
  expect(await textOfPdf(data(), LIMITS, dead)).toEqual({ problem: 'notLoaded' })
  expect(ended).toBe(2)
})
