import type { Attachment } from 'svelte/attachments'
import { SvelteMap } from 'svelte/reactivity'
import type { NodeId } from '@core/ids'
import type { Place } from '../machines/geometry'

/** Positions of the tiles, updated as the window, text and machines change. */
export class TilePlaces {
  readonly of = new SvelteMap<NodeId, Place>()
  private readonly tiles = new SvelteMap<NodeId, HTMLElement>()

  /** Attach to the element that contains the tiles. */
  readonly map: Attachment<HTMLElement> = (element) => {
    const observer = new ResizeObserver(() => this.measure())
    observer.observe(element)
    return () => observer.disconnect()
  }

  /** Attach to each tile. */
  tile(nodeId: NodeId): Attachment<HTMLElement> {
    return (element) => {
      this.tiles.set(nodeId, element)
      const observer = new ResizeObserver(() => this.measure())
      observer.observe(element)
      return () => {
        observer.disconnect()
        this.tiles.delete(nodeId)
        this.of.delete(nodeId)
      }
    }
  }

  private measure(): void {
    for (const [nodeId, { offsetLeft: left, offsetTop: top, offsetWidth: width, offsetHeight: height }] of this.tiles) {
      const known = this.of.get(nodeId)
      if (known?.left === left && known.top === top && known.width === width && known.height === height) continue
      this.of.set(nodeId, { left, top, width, height })
    }
  }
}
