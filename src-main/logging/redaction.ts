/** Names of fields with secret values, wherever they occur in a line. */
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

/** Redacted paths: each secret at the top of a line and down to two levels below. */
export const censored: readonly string[] = secrets.flatMap((name) => [0, 1, 2].map((depth) => path(name, depth)))
