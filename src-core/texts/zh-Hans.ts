import { app } from './zh-Hans/app'
import { cards } from './zh-Hans/cards'
import { cluster } from './zh-Hans/cluster'
import { figures } from './zh-Hans/figures'
import { fits } from './zh-Hans/fits'
import { keys } from './zh-Hans/keys'
import { launch } from './zh-Hans/launch'
import { machines } from './zh-Hans/machines'
import { models } from './zh-Hans/models'
import { palette } from './zh-Hans/palette'
import { settings } from './zh-Hans/settings'
import type { Texts } from './texts'

export const zhHans: Texts = { app, cards, cluster, figures, fits, keys, launch, machines, models, palette, settings }
