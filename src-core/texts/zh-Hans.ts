import { activity } from './zh-Hans/activity'
import { app } from './zh-Hans/app'
import { benchmark } from './zh-Hans/benchmark'
import { cards } from './zh-Hans/cards'
import { chat } from './zh-Hans/chat'
import { cluster } from './zh-Hans/cluster'
import { connect } from './zh-Hans/connect'
import { desktop } from './zh-Hans/desktop'
import { figures } from './zh-Hans/figures'
import { fits } from './zh-Hans/fits'
import { keys } from './zh-Hans/keys'
import { launch } from './zh-Hans/launch'
import { machines } from './zh-Hans/machines'
import { models } from './zh-Hans/models'
import { palette } from './zh-Hans/palette'
import { settings } from './zh-Hans/settings'
import { setup } from './zh-Hans/setup'
import { warnings } from './zh-Hans/warnings'
import type { Texts } from './texts'

export const zhHans: Texts = {
  activity,
  app,
  benchmark,
  cards,
  chat,
  cluster,
  connect,
  desktop,
  figures,
  fits,
  keys,
  launch,
  machines,
  models,
  palette,
  settings,
  setup,
  warnings,
}
