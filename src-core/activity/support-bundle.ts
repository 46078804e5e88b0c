/** What leaves this machine in a support bundle goes through here: secrets are taken out wherever they stand. */

const HIDDEN = '[left out]'

/** Fields whose values are secrets, or what people wrote to models. */
const SECRET_NAME = /(key|token|secret|password|authorization|cookie|certificate|hash|prompt|messages|content)$/i
/** Names that end so and hold counts. */
const COUNT_NAME = /tokens$/i

/** Secrets as they look within a text. */
const SECRET_TEXT: readonly RegExp[] = [
  /\bmst_[\w-]{8,}/g,
  /\b(?:sk|hf|ghp|pat)[-_][\w-]{8,}/g,
  /\bBearer\s+[\w.~+/-]+=*/gi,
  /-----BEGIN [^-]+-----[^]*?-----END [^-]+-----/g,
  /\bcode=[\w-]{16,}/g,
  // Links with a password.
  /(?<=:\/\/)[^\s/@:]+:[^\s/@]+(?=@)/g,
]

export interface Surroundings {
  /** The home folder: its path has the name of the person. */
  readonly home: string
}

const cleanText = (text: string, { home }: Surroundings): string => {
  const without = SECRET_TEXT.reduce((cleaned, secret) => cleaned.replace(secret, HIDDEN), text)
  return home.length > 1 ? without.replaceAll(home, '~') : without
}

/** The value without secrets: by the names of fields, and by how secrets look in texts. */
export const withoutSecrets = (value: unknown, surroundings: Surroundings): unknown => {
  if (typeof value === 'string') return cleanText(value, surroundings)
  if (Array.isArray(value)) return value.map((inner) => withoutSecrets(inner, surroundings))
  if (typeof value !== 'object' || value === null) return value
  return Object.fromEntries(
    Object.entries(value).map(([name, inner]) => {
      const secret = SECRET_NAME.test(name) && !COUNT_NAME.test(name) && typeof inner !== 'number'
      return [cleanText(name, surroundings), secret ? HIDDEN : withoutSecrets(inner, surroundings)]
    }),
  )
}

/** A line of the log as an object; one that is no JSON as the text it is. */
export const logLine = (line: string): unknown => {
  try {
    return JSON.parse(line)
  } catch {
    return line
  }
}
