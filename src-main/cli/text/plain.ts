/**
 * Makes text from models, nodes and files safe for a terminal. Such text is hostile: an escape sequence in it could
 * rewrite the screen, set the clipboard or hide what a command really says.
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
    // A lone carriage return overwrites its line; before a line feed it says nothing.
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

/** Text of several lines. Control characters become visible ones, so that the sequences they begin are only text. */
export const plain = (text: string): string => text.replace(UNSAFE, shown)

/** The same in one line, for names, table cells and messages. */
export const plainLine = (text: string): string => plain(text.replaceAll(/[\r\n\t\u2028\u2029]+/g, ' '))

/**
 * JSON in one line, which means the same to a program and is safe on a terminal: `JSON.stringify` leaves DEL, the C1
 * controls and direction marks as they are.
 */
export const plainJson = (value: unknown): string =>
  JSON.stringify(value).replace(UNSAFE, (character) => `\\u${character.charCodeAt(0).toString(16).padStart(4, '0')}`)
