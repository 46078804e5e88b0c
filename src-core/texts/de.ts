import { app } from './de/app'
import { cards } from './de/cards'
import { cluster } from './de/cluster'
import { figures } from './de/figures'
import { fits } from './de/fits'
import { keys } from './de/keys'
import { launch } from './de/launch'
import { machines } from './de/machines'
import { models } from './de/models'
import { palette } from './de/palette'
import { settings } from './de/settings'
import type { Texts } from './texts'

export const de: Texts = { app, cards, cluster, figures, fits, keys, launch, machines, models, palette, settings }
