import { app } from './de/app'
import { figures } from './de/figures'
import { fits } from './de/fits'
import { keys } from './de/keys'
import { settings } from './de/settings'
import type { Texts } from './texts'

export const de: Texts = { app, figures, fits, keys, settings }
