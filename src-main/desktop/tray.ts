import { clipboard, Menu, nativeImage, systemPreferences, Tray, type NativeImage } from 'electron'
import type { RunningNode } from '../node'
import { DISCS, ringBitmap, type Ink } from './ring-image'
import { trayView, type RingForm } from './tray-view'

const SIZE = 18
const FRAME_MS = 250
const FRAMES_PER_DISC = 4
/** Events come in bursts; the icon follows at most this often. */
const REDRAW_MS = 100

/** macOS tints a template by itself. Elsewhere panels are light or dark and do not say: this shows on both. */
const INK: Ink = process.platform === 'darwin' ? [0, 0, 0] : [42, 157, 148]

const imageOf = (form: RingForm, turn: number): NativeImage => {
  const bitmap = ringBitmap({ size: 2 * SIZE, form, turn, ink: INK })
  const image = nativeImage.createFromBitmap(Buffer.from(bitmap), { width: 2 * SIZE, height: 2 * SIZE, scaleFactor: 2 })
  if (process.platform === 'darwin') image.setTemplateImage(true)
  return image
}

/** Turns the ring until told to stop; it stands still for people who want no motion. */
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

export interface TrayActions {
  readonly show: () => void
  readonly quit: () => void
}

/** The icon in the menu bar: how all is, and the way in. Returns its disposer. */
export const showTray = (node: Pick<RunningNode, 'source' | 'url'>, { show, quit }: TrayActions): (() => void) => {
  const tray = new Tray(imageOf('hollow', 0))
  tray.on('click', show)
  let shown = ''
  let shownForm: RingForm | undefined
  let stopTurning = (): void => undefined
  const drawForm = (form: RingForm): void => {
    // A ring that turns goes on turning while what is loading changes.
    if (form === shownForm) return
    shownForm = form
    stopTurning()
    stopTurning = () => undefined
    if (form === 'turning') stopTurning = turn(tray)
    else tray.setImage(imageOf(form, 0))
  }
  const draw = (): void => {
    const { form, summary, models } = trayView(node.source.state())
    drawForm(form)
    const key = JSON.stringify([summary, models])
    if (key === shown) return
    shown = key
    tray.setToolTip(`Muster: ${summary}`)
    tray.setContextMenu(
      Menu.buildFromTemplate([
        { id: 'summary', label: summary, enabled: false },
        ...models.map(({ id, label }) => ({ id, label, click: show })),
        { type: 'separator' },
        { id: 'open', label: 'Open Muster', click: show },
        { id: 'copy', label: 'Copy API address', click: () => void clipboard.writeText(`${node.url}/v1`) },
        { type: 'separator' },
        { id: 'quit', label: 'Quit Muster', click: quit },
      ]),
    )
  }
  let scheduled: NodeJS.Timeout | undefined
  const drawSoon = (): void => {
    scheduled ??= setTimeout(() => {
      scheduled = undefined
      draw()
    }, REDRAW_MS)
  }
  const unsubscribe = node.source.subscribe(drawSoon, drawSoon)
  draw()
  return () => {
    unsubscribe()
    clearTimeout(scheduled)
    stopTurning()
    tray.destroy()
  }
}
