/** Names of fields whose values are secrets, wherever in a line they stand. */
const secrets = [
  'privateKey',
  'secret',
  'token',
  'sessionToken',
  'apiKey',
  'keyHash',
  'password',
  'authorization',
  'cookie',
  'set-cookie',
] as const

export const REDACTED = '[redacted]'

const path = (name: string, depth: number): string =>
  `${'*.'.repeat(depth)}${name}`.replace(/\.?([\w]*-[\w-]*)$/, '["$1"]')

/** Paths that never reach a log: each secret at the top of a line and down to two levels below. */
export const censored: readonly string[] = secrets.flatMap((name) => [0, 1, 2].map((depth) => path(name, depth)))
