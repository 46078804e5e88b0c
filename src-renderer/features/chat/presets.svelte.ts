import type { Keeping } from './keeping.svelte'
import { newId } from './new-id'
import type { Preset } from './records'

/** Saved system prompts with sampling options, by name. */
export class Presets {
  all: readonly Preset[] = $state.raw([])

  constructor(private readonly keeping: Pick<Keeping, 'attempt'>) {}

  async read(): Promise<void> {
    this.all = (await this.keeping.attempt((store) => store.presets())) ?? this.all
  }

  /** Adds a preset, or replaces the one with its id. */
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
