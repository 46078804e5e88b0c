const BYTES = 16

/** Random id. Pages on plain HTTP lack `randomUUID`. */
export const newId = (): string =>
  [...crypto.getRandomValues(new Uint8Array(BYTES))].map((byte) => byte.toString(16).padStart(2, '0')).join('')
