interface PdfOptions {
  /** The page's font; default: one that needs no file. */
  readonly font?: string
  /** Further indirect objects, numbered from 10 on. */
  readonly objects?: readonly string[]
  /** Further entries of the trailer. */
  readonly trailer?: string
}

const HELVETICA = '<< /Type /Font /Subtype /Type1 /BaseFont /Helvetica >>'

/**
 * A PDF for tests, in ASCII. Each page draws one content stream, such as `textAt('Hello')`. Its cross-reference table
 * is correct.
 */
export const pdf = (pages: readonly string[], { font = HELVETICA, objects = [], trailer = '' }: PdfOptions = {}) => {
  const firstPage = 10 + objects.length
  const pageIds = pages.map((_, at) => firstPage + 2 * at)
  const numbered: [number, string][] = [
    [1, '<< /Type /Catalog /Pages 2 0 R >>'],
    [2, `<< /Type /Pages /Count ${pages.length} /Kids [${pageIds.map((id) => `${id} 0 R`).join(' ')}] >>`],
    [3, font],
    ...objects.map((object, at): [number, string] => [10 + at, object]),
    ...pages.flatMap((content, at): [number, string][] => {
      const id = firstPage + 2 * at
      const page = `<< /Type /Page /Parent 2 0 R /MediaBox [0 0 600 800] /Contents ${id + 1} 0 R /Resources << /Font << /F 3 0 R >> >> >>`
      const stream = `<< /Length ${content.length} >>\nstream\n${content}\nendstream`
      return [
        [id, page],
        [id + 1, stream],
      ]
    }),
  ]
  let body = '%PDF-1.7\n'
  const table = numbered.map(([id, object]) => {
    const entry = `${id} 1\n${String(body.length).padStart(10, '0')} 00000 n \n`
    body += `${id} 0 obj\n${object}\nendobj\n`
    return entry
  })
  const end = `trailer\n<< /Size ${firstPage + 2 * pages.length} /Root 1 0 R ${trailer} >>\nstartxref\n${body.length}\n%%EOF\n`
  return new TextEncoder().encode(`${body}xref\n0 1\n0000000000 65535 f \n${table.join('')}${end}`)
}

/** Draws lines of text, each below the one before. */
export const textAt = (...lines: readonly string[]): string =>
  `BT /F 12 Tf 14 TL 50 700 Td ${lines.map((line) => `(${line}) Tj T*`).join(' ')} ET`

/**
 * “你好” in GBK. The font is neither embedded nor does it map its codes to Unicode: it names a predefined CMap, which the
 * reader must supply.
 */
export const CHINESE = pdf(['BT /F 12 Tf 50 700 Td <C4E3BAC3> Tj ET'], {
  font: '<< /Type /Font /Subtype /Type0 /BaseFont /SimSun /Encoding /GBK-EUC-H /DescendantFonts [10 0 R] >>',
  objects: [
    '<< /Type /Font /Subtype /CIDFontType0 /BaseFont /SimSun /CIDSystemInfo << /Registry (Adobe) /Ordering (GB1) /Supplement 2 >> /FontDescriptor 11 0 R >>',
    '<< /Type /FontDescriptor /FontName /SimSun /Flags 4 /FontBBox [0 0 1000 1000] /ItalicAngle 0 /Ascent 800 /Descent -200 /StemV 80 >>',
  ],
})
