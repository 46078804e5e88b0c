import { activity } from './zh-Hans/activity'
import { alerts } from './zh-Hans/alerts'
import { app } from './zh-Hans/app'
import { benchmark } from './zh-Hans/benchmark'
import { cards } from './zh-Hans/cards'
import { chat } from './zh-Hans/chat'
import { checks } from './zh-Hans/checks'
import { cluster } from './zh-Hans/cluster'
import { connect } from './zh-Hans/connect'
import { desktop } from './zh-Hans/desktop'
import { doctor } from './zh-Hans/doctor'
import { downloads } from './zh-Hans/downloads'
import { failures } from './zh-Hans/failures'
import { figures } from './zh-Hans/figures'
import { fits } from './zh-Hans/fits'
import { keys } from './zh-Hans/keys'
import { launch } from './zh-Hans/launch'
import { machines } from './zh-Hans/machines'
import { models } from './zh-Hans/models'
import { palette } from './zh-Hans/palette'
import { placement } from './zh-Hans/placement'
import { rdma } from './zh-Hans/rdma'
import { refusals } from './zh-Hans/refusals'
import { settings } from './zh-Hans/settings'
import { setup } from './zh-Hans/setup'
import { warnings } from './zh-Hans/warnings'
import type { Texts } from './texts'

export { problems } from './zh-Hans/problems'

export const zhHans: Texts = {
  activity,
  alerts,
  app,
  benchmark,
  cards,
  chat,
  checks,
  cluster,
  connect,
  desktop,
  doctor,
  downloads,
  failures,
  figures,
  fits,
  keys,
  launch,
  machines,
  models,
  palette,
  placement,
  rdma,
  refusals,
  settings,
  setup,
  warnings,
}
