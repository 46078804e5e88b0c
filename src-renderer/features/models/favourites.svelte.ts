import { z } from 'zod'
import { Kept } from '../../state/kept.svelte'

/** Starred models, persisted in this browser. */
export class Favourites {
  private readonly kept = new Kept<readonly string[]>('muster.favourites', z.array(z.string()), [])

  /** By title or id. */
  has(model: string): boolean {
    return this.kept.current.includes(model)
  }

  toggle(model: string): void {
    const others = this.kept.current.filter((one) => one !== model)
    this.kept.current = this.has(model) ? others : [...others, model]
  }
}
