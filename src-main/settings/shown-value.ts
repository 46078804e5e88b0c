/** Characters of a value that a message shows at most. */
const MOST = 100

/** Settings whose addresses may have a name and a password before the host. */
const ADDRESSES: ReadonlySet<string> = new Set(['proxy', 'hubUrl', 'otlpEndpoint'])

const asText = (value: unknown): string => {
  try {
    return JSON.stringify(value)
  } catch {
    // Nested too deep.
    return '…'
  }
}

/**
 * A setting's value as a message or the log may show it: shortened, without tokens, and addresses without the name and
 * password before their host.
 */
export const shownValue = (name: string, value: unknown): string => {
  if (name === 'hubToken') return '"…"'
  const known =
    typeof value === 'string' && ADDRESSES.has(name) ? value.replace(/^([a-z][a-z0-9+.-]*:\/\/)?.*@/is, '$1…@') : value
  const text = asText(known)
  return text.length <= MOST ? text : `${text.slice(0, MOST)}…`
}
