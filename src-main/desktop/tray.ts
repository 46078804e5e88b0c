import { Menu, nativeImage, systemPreferences, Tray, type NativeImage } from 'electron'
import type { UpdateStatus } from '@core/protocols/desktop'
import type { Translator } from '@core/texts/translator'
import type { RunningNode } from '../node/index'
import type { LoginItem } from './login-item'
import { DISCS, ringBitmap, type Ink } from './ring-image'
import type { TrayAction } from './tray-entry'
import { menuTemplate } from './tray-menu'
import { trayView, type RingForm } from './tray-view'

const SIZE = 18
const FRAME_MS = 250
const FRAMES_PER_DISC = 4
/** Debounce: events come in bursts. */
const REDRAW_MS = 100

/**
 * macOS tints template images itself. Elsewhere panels are light or dark and do not report which; this colour is
 * visible on both.
 */
const INK: Ink = process.platform === 'darwin' ? [0, 0, 0] : [42, 157, 148]

const imageOf = (form: RingForm, turn: number): NativeImage => {
  const bitmap = ringBitmap({ size: 2 * SIZE, form, turn, ink: INK })
  const image = nativeImage.createFromBitmap(Buffer.from(bitmap), { width: 2 * SIZE, height: 2 * SIZE, scaleFactor: 2 })
  if (process.platform === 'darwin') image.setTemplateImage(true)
  return image
}

/** Animates the ring until the returned function is called; shows it still for users who prefer reduced motion. */
const turn = (tray: Tray): (() => void) => {
  tray.setImage(imageOf('turning', 0))
  if (systemPreferences.getAnimationSettings().prefersReducedMotion) return () => undefined
  const frames = Array.from({ length: DISCS * FRAMES_PER_DISC }, (_, frame) =>
    imageOf('turning', frame / FRAMES_PER_DISC),
  )
  let next = 0
  const timer = setInterval(() => {
    next = (next + 1) % frames.length
    const frame = frames[next]
    if (frame) tray.setImage(frame)
  }, FRAME_MS)
  return () => clearInterval(timer)
}

export interface TrayOptions {
  readonly node: Pick<RunningNode, 'source' | 'cluster' | 'settings' | 'url' | 'nodeId'>
  readonly loginItem: LoginItem
  readonly update: () => UpdateStatus
  readonly translator: () => Translator
  readonly perform: (action: TrayAction) => void
}

export interface TrayIcon {
  /** Redraws if something changed that is not in the state. */
  readonly refresh: () => void
  readonly close: () => void
}

/** The menu bar icon with its menu. */
export const showTray = ({ node, loginItem, update, translator, perform }: TrayOptions): TrayIcon => {
  const tray = new Tray(imageOf('hollow', 0))
  // On systems where a click does not open the menu, it opens the window.
  tray.on('click', () => process.platform === 'darwin' || perform({ do: 'open' }))
  let shown = ''
  let shownForm: RingForm | undefined
  let stopTurning = (): void => undefined
  const drawForm = (form: RingForm): void => {
    // Do not restart the animation when only the menu changes.
    if (form === shownForm) return
    shownForm = form
    stopTurning()
    stopTurning = () => undefined
    if (form === 'turning') stopTurning = turn(tray)
    else tray.setImage(imageOf(form, 0))
  }
  const draw = (): void => {
    const { form, summary, entries } = trayView({
      state: node.source.state(),
      nodeId: node.nodeId,
      cluster: node.cluster.view(),
      apiUrl: node.url,
      keepAwake: node.settings.current().keepAwake !== 'never',
      opensAtLogin: loginItem.isAvailable() ? loginItem.opens() : undefined,
      update: update(),
      translator: translator(),
    })
    drawForm(form)
    const key = JSON.stringify(entries)
    if (key === shown) return
    shown = key
    tray.setToolTip(translator().text('desktop.tooltip', { summary }))
    tray.setContextMenu(Menu.buildFromTemplate(menuTemplate(entries, perform)))
  }
  let scheduled: NodeJS.Timeout | undefined
  const refresh = (): void => {
    scheduled ??= setTimeout(() => {
      scheduled = undefined
      draw()
    }, REDRAW_MS)
  }
  const closers = [
    node.source.subscribe(refresh, refresh),
    node.cluster.subscribe(refresh),
    node.settings.subscribe(refresh),
  ]
  draw()
  return {
    refresh,
    close: () => {
      for (const close of closers) close()
      clearTimeout(scheduled)
      stopTurning()
      tray.destroy()
    },
  }
}
