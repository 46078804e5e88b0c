import { app } from './en/app'
import { figures } from './en/figures'
import { fits } from './en/fits'
import { keys } from './en/keys'
import { settings } from './en/settings'

/**
 * Every text of the app, as ICU messages (https://unicode-org.github.io/icu/userguide/format_parse/messages/). The keys
 * and the values in braces are types: other languages that lack one, and calls that leave a value out, do not compile.
 */
export const en = { app, figures, fits, keys, settings } as const
