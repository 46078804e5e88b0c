import { activity } from './de/activity'
import { alerts } from './de/alerts'
import { app } from './de/app'
import { benchmark } from './de/benchmark'
import { cards } from './de/cards'
import { chat } from './de/chat'
import { checks } from './de/checks'
import { cluster } from './de/cluster'
import { connect } from './de/connect'
import { desktop } from './de/desktop'
import { doctor } from './de/doctor'
import { downloads } from './de/downloads'
import { failures } from './de/failures'
import { figures } from './de/figures'
import { fits } from './de/fits'
import { keys } from './de/keys'
import { launch } from './de/launch'
import { machines } from './de/machines'
import { models } from './de/models'
import { palette } from './de/palette'
import { placement } from './de/placement'
import { rdma } from './de/rdma'
import { refusals } from './de/refusals'
import { settings } from './de/settings'
import { setup } from './de/setup'
import { warnings } from './de/warnings'
import type { Texts } from './texts'

export { problems } from './de/problems'

export const de: Texts = {
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
