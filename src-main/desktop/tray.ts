import { clipboard, Menu, nativeImage, Tray, type NativeImage } from 'electron'
import { ringBitmap } from './ring-image'
import { trayView, type RingForm } from './tray-view'
import type { RunningNode } from '../node'

const SIZE = 18
const FRAME_MS = 250
/** Of one disc's way to the next. */
const STEP = 0.25

const imageOf = (form: RingForm, turn: number): NativeImage => {
  const image = nativeImage.createFromBitmap(Buffer.from(ringBitmap(2 * SIZE, form, turn)), {
    width: 2 * SIZE,
    height: 2 * SIZE,
    scaleFactor: 2,
  })
  image.setTemplateImage(true)
  return image
}

export interface TrayActions {
  readonly open: () => void
  readonly quit: () => void
}

/** The icon in the menu bar: how all is, and the way in. Returns its disposer. */
export const showTray = (node: Pick<RunningNode, 'source' | 'url'>, { open, quit }: TrayActions): (() => void) => {
  const tray = new Tray(imageOf('hollow', 0))
  tray.on('click', open)
  let shown = ''
  let turning: NodeJS.Timeout | undefined
  const draw = (): void => {
    const view = trayView(node.source.state())
    const key = JSON.stringify(view)
    if (key === shown) return
    shown = key
    clearInterval(turning)
    turning = undefined
    tray.setImage(imageOf(view.form, 0))
    if (view.form === 'turning') {
      let turn = 0
      turning = setInterval(() => tray.setImage(imageOf('turning', (turn += STEP))), FRAME_MS)
    }
    tray.setToolTip(`Muster: ${view.summary}`)
    tray.setContextMenu(
      Menu.buildFromTemplate([
        { label: view.summary, enabled: false },
        ...view.models.map(({ id, label }) => ({ id, label, enabled: false })),
        { type: 'separator' },
        { id: 'open', label: 'Open Muster', click: open },
        { id: 'copy', label: 'Copy API address', click: () => void clipboard.writeText(`${node.url}/v1`) },
        { type: 'separator' },
        { id: 'quit', label: 'Quit Muster', click: quit },
      ]),
    )
  }
  const unsubscribe = node.source.subscribe(draw, draw)
  draw()
  return () => {
    unsubscribe()
    clearInterval(turning)
    tray.destroy()
  }
}
