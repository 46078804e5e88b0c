/**
 * Sanitises untrusted text from models, nodes and files for a terminal. Escape sequences in it could rewrite the
 * screen, set the clipboard or disguise a command.
 */

const UNSAFE = /[\p{Cc}\p{Bidi_Control}\u2028\u2029]/gu
const CONTROL_PICTURES = 0x2400
const DELETE = '\u007f'
const DELETE_PICTURE = '\u2421'
const REPLACEMENT = '\ufffd'

const shown = (character: string): string => {
  switch (character) {
    case '\n':
    case '\t':
      return character
    // A lone carriage return overwrites its line; before a line feed it has no effect.
    case '\r':
      return ''
    case DELETE:
      return DELETE_PICTURE
    default: {
      const code = character.charCodeAt(0)
      return code < 0x20 ? String.fromCharCode(CONTROL_PICTURES + code) : REPLACEMENT
    }
  }
}

/** Multi-line text with control characters replaced by visible ones, which disarms escape sequences. */
export const plain = (text: string): string => text.replace(UNSAFE, shown)

/** Single-line text, for names, table cells and messages. */
export const plainLine = (text: string): string => plain(text.replaceAll(/[\r\n\t\u2028\u2029]+/g, ' '))

/**
 * JSON on one line with the same meaning, safe on a terminal: `JSON.stringify` leaves DEL, C1 controls and
 * bidirectional marks unescaped.
 */
export const plainJson = (value: unknown): string =>
  JSON.stringify(value).replace(UNSAFE, (character) => `\\u${character.charCodeAt(0).toString(16).padStart(4, '0')}`)
