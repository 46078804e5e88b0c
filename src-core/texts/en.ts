import { activity } from './en/activity'
import { app } from './en/app'
import { benchmark } from './en/benchmark'
import { cards } from './en/cards'
import { chat } from './en/chat'
import { cluster } from './en/cluster'
import { connect } from './en/connect'
import { desktop } from './en/desktop'
import { fits } from './en/fits'
import { keys } from './en/keys'
import { launch } from './en/launch'
import { machines } from './en/machines'
import { models } from './en/models'
import { nodeTexts } from './en/node'
import { palette } from './en/palette'
import { placement } from './en/placement'
import { settings } from './en/settings'
import { setup } from './en/setup'
import { warnings } from './en/warnings'

/**
 * Every text of the app, as ICU messages (https://unicode-org.github.io/icu/userguide/format_parse/messages/). The keys
 * and the values in braces are types: other languages that lack one, and calls that leave a value out, do not compile.
 */
export const en = {
  ...nodeTexts,
  activity,
  app,
  benchmark,
  cards,
  chat,
  cluster,
  connect,
  desktop,
  fits,
  keys,
  launch,
  machines,
  models,
  palette,
  placement,
  settings,
  setup,
  warnings,
} as const
