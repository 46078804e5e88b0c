import type { Keeping } from './keeping.svelte'
import { newId } from './new-id'
import type { Preset } from './records'

/** System prompts and sampling that are kept under names, in order of these. */
export class Presets {
  all: readonly Preset[] = $state.raw([])

  constructor(private readonly keeping: Pick<Keeping, 'attempt'>) {}

  async read(): Promise<void> {
    this.all = (await this.keeping.attempt((store) => store.presets())) ?? this.all
  }

  /** Adds one, or puts it in the place of the one with its id. */
  async keep(preset: Omit<Preset, 'id'> & { readonly id?: string }): Promise<Preset> {
    const kept = { id: newId(), ...preset }
    await this.keeping.attempt((store) => store.keepPreset(kept))
    await this.read()
    return kept
  }

  async remove(id: string): Promise<void> {
    await this.keeping.attempt((store) => store.removePreset(id))
    await this.read()
  }
}
