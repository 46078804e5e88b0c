const GIGABYTE = 1e9
const MEGABYTE = 1e6

const SECOND = 1000
const MINUTE = 60 * SECOND
const HOUR = 60 * MINUTE
const DAY = 24 * HOUR

/** `8.2 GB`, `142 GB`, `740 KB`: as people say sizes. */
export const bytesText = (bytes: number): string => {
  if (bytes >= GIGABYTE) return `${gigabytes(bytes)} GB`
  if (bytes >= MEGABYTE) return `${Math.round(bytes / MEGABYTE)} MB`
  return `${Math.round(bytes / 1000)} KB`
}

const gigabytes = (bytes: number): string => (bytes / GIGABYTE).toFixed(bytes >= 10 * GIGABYTE ? 0 : 1)

/** `3.1 of 8.0 GB`: a part in the unit of the whole. */
export const partText = (bytes: number, total: number): string =>
  total >= GIGABYTE
    ? `${(bytes / GIGABYTE).toFixed(1)} of ${(total / GIGABYTE).toFixed(1)} GB`
    : `${Math.round(bytes / MEGABYTE)} of ${Math.round(total / MEGABYTE)} MB`

/** `1 machine`, `3 machines`. */
export const counted = (count: number, noun: string): string => `${count} ${noun}${count === 1 ? '' : 's'}`

/** `just now`, `4 min ago`, `2 h ago`, `3 d ago`. */
export const agoText = (then: number, now: number): string => {
  const passed = Math.max(0, now - then)
  if (passed < 10 * SECOND) return 'just now'
  if (passed < MINUTE) return `${Math.round(passed / SECOND)} s ago`
  if (passed < HOUR) return `${Math.round(passed / MINUTE)} min ago`
  return passed < DAY ? `${Math.round(passed / HOUR)} h ago` : `${Math.round(passed / DAY)} d ago`
}

/** `40 s`, `12 min`, `6 h 12 min`, `3 d 4 h`: how long something lasts. */
export const durationText = (milliseconds: number): string => {
  const passed = Math.max(0, milliseconds)
  if (passed < MINUTE) return `${Math.floor(passed / SECOND)} s`
  if (passed < HOUR) return `${Math.floor(passed / MINUTE)} min`
  if (passed < DAY) return `${Math.floor(passed / HOUR)} h ${Math.floor((passed % HOUR) / MINUTE)} min`
  return `${Math.floor(passed / DAY)} d ${Math.floor((passed % DAY) / HOUR)} h`
}

/** A model's id without its owner. */
export const shortName = (modelId: string): string => modelId.split('/').at(-1) ?? modelId

/** `34 tokens/s`, with a digit more where it is slow. */
export const speedText = (tokensPerSecond: number): string =>
  `${tokensPerSecond >= 10 ? Math.round(tokensPerSecond) : tokensPerSecond.toFixed(1)} tokens/s`

/** What there is to say of a speed, a measured one first: `34 tokens/s measured`, `about 40 tokens/s`. */
export const expectedSpeedText = ({
  predicted,
  measured,
}: {
  readonly predicted?: { readonly tokensPerSecond: number } | undefined
  readonly measured?: { readonly tokensPerSecond: number } | undefined
}): readonly string[] => [
  ...(measured ? [`${speedText(measured.tokensPerSecond)} measured`] : []),
  ...(predicted ? [`${measured ? 'predicted' : 'about'} ${speedText(predicted.tokensPerSecond)}`] : []),
]

/** `2.9 ms a token: 2.4 reading weights, 0.3 starting layers, 0.2 between machines`. */
export const tokenTimeText = (time: {
  readonly readingMs: number
  readonly layersMs: number
  readonly linksMs: number
}): string => {
  const { readingMs, layersMs, linksMs } = time
  const said = (milliseconds: number): string => milliseconds.toFixed(milliseconds >= 10 ? 0 : 1)
  const links = linksMs > 0 ? `, ${said(linksMs)} between machines` : ''
  const all = readingMs + layersMs + linksMs
  return `${said(all)} ms a token: ${said(readingMs)} reading weights, ${said(layersMs)} starting layers${links}`
}

/** With a capital at its beginning, as a sentence has. */
export const sentence = (text: string): string => text.charAt(0).toUpperCase() + text.slice(1)

/** `950`, `12,400`, `1.2 million`: as people say counts. */
export const numberText = (count: number): string =>
  count >= 1e6 ? `${(count / 1e6).toFixed(count >= 1e8 ? 0 : 1)} million` : count.toLocaleString('en-US')
