import type { Attachment } from 'svelte/attachments'
import type { NodeId } from '@core/ids'
import type { Place } from '../machines/geometry'

/** Smaller movements, in pixels, count as a click. */
const LEAST_MOVED = 6

const overlap = (a: Place, b: Place): boolean =>
  a.left < b.left + b.width && b.left < a.left + a.width && a.top < b.top + b.height && b.top < a.top + a.height

/** Ids of the machines whose tiles the rectangle touches. */
export const touched = (frame: Place, places: ReadonlyMap<NodeId, Place>): readonly NodeId[] =>
  [...places].flatMap(([nodeId, place]) => (overlap(frame, place) ? [nodeId] : []))

interface MarqueeOptions {
  readonly places: ReadonlyMap<NodeId, Place>
  /** Called with the machines enclosed now. */
  readonly choose: (nodeIds: readonly NodeId[]) => void
}

/** Rubber-band selection of machines on the map, starting on empty space with the main button. */
export class Marquee {
  frame: Place | undefined = $state.raw()

  constructor(private readonly options: MarqueeOptions) {}

  /** Attach to the element that the places are relative to. */
  readonly attach: Attachment<HTMLElement> = (element) => {
    let from: { readonly x: number; readonly y: number } | undefined
    const at = ({ clientX, clientY }: PointerEvent): { x: number; y: number } => {
      const { left, top } = element.getBoundingClientRect()
      return { x: clientX - left, y: clientY - top }
    }
    const begin = (event: PointerEvent): void => {
      if (event.button !== 0 || event.pointerType === 'touch' || event.target !== element) return
      from = at(event)
      element.setPointerCapture(event.pointerId)
    }
    const move = (event: PointerEvent): void => {
      if (!from) return
      const { x, y } = at(event)
      const [width, height] = [Math.abs(x - from.x), Math.abs(y - from.y)]
      if (!this.frame && Math.max(width, height) < LEAST_MOVED) return
      this.frame = { left: Math.min(x, from.x), top: Math.min(y, from.y), width, height }
      this.options.choose(touched(this.frame, this.options.places))
    }
    const end = (): void => {
      // A click on empty space clears the selection.
      if (from && !this.frame) this.options.choose([])
      from = undefined
      this.frame = undefined
    }
    element.addEventListener('pointerdown', begin)
    element.addEventListener('pointermove', move)
    element.addEventListener('pointerup', end)
    element.addEventListener('pointercancel', end)
    return () => {
      element.removeEventListener('pointerdown', begin)
      element.removeEventListener('pointermove', move)
      element.removeEventListener('pointerup', end)
      element.removeEventListener('pointercancel', end)
    }
  }
}
