import { app } from './zh-Hans/app'
import { figures } from './zh-Hans/figures'
import { fits } from './zh-Hans/fits'
import { keys } from './zh-Hans/keys'
import { settings } from './zh-Hans/settings'
import type { Texts } from './texts'

export const zhHans: Texts = { app, figures, fits, keys, settings }
