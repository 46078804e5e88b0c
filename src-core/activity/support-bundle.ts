/** Removes secrets from everything in a support bundle before it leaves this machine. */

const HIDDEN = '[left out]'

/** Fields whose values are secrets, or content of requests. */
const SECRET_NAME = /(key|token|secret|password|authorization|cookie|certificate|hash|prompt|messages|content)$/i
/** Matching names that hold counts. */
const COUNT_NAME = /tokens$/i

/** Patterns of secrets within text. */
const SECRET_TEXT: readonly RegExp[] = [
  /\bmst_[\w-]{8,}/g,
  /\b(?:sk|hf|ghp|pat)[-_][\w-]{8,}/g,
  /\bBearer\s+[\w.~+/-]+=*/gi,
  /-----BEGIN [^-]+-----[^]*?-----END [^-]+-----/g,
  /\bcode=[\w-]{16,}/g,
  // Passwords in URLs.
  /(?<=:\/\/)[^\s/@:]+:[^\s/@]+(?=@)/g,
]

export interface Surroundings {
  /** The home folder; its path contains the user's name. */
  readonly home: string
}

const cleanText = (text: string, { home }: Surroundings): string => {
  const without = SECRET_TEXT.reduce((cleaned, secret) => cleaned.replace(secret, HIDDEN), text)
  return home.length > 1 ? without.replaceAll(home, '~') : without
}

/** Removes secrets from a value: by field name, and by pattern in texts. */
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

/** Parses a line of the log; returns the text itself if it is no JSON. */
export const logLine = (line: string): unknown => {
  try {
    return JSON.parse(line)
  } catch {
    return line
  }
}
