import { readFileSync, writeFileSync } from 'node:fs'
import { DesktopPreferences, type DesktopPreferencesChanges } from '@core/protocols/desktop'

/** Preferences of the app, in a file of their own. An unreadable file means defaults. */
export class Preferences {
  private readonly listeners = new Set<(preferences: DesktopPreferences) => void>()
  private kept: DesktopPreferences

  constructor(private readonly file: string) {
    this.kept = read(file)
  }

  current(): DesktopPreferences {
    return this.kept
  }

  /** Throws the disk's error; nothing is changed then. */
  change({ notify, ...changes }: DesktopPreferencesChanges): DesktopPreferences {
    const next = DesktopPreferences.parse({
      ...this.kept,
      ...defined(changes),
      notify: { ...this.kept.notify, ...defined(notify ?? {}) },
    })
    writeFileSync(this.file, `${JSON.stringify(next, undefined, 2)}\n`, { mode: 0o600 })
    this.kept = next
    for (const listener of this.listeners) listener(next)
    return next
  }

  /** Returns the unsubscribe function. */
  subscribe(listener: (preferences: DesktopPreferences) => void): () => void {
    this.listeners.add(listener)
    return () => this.listeners.delete(listener)
  }
}

const defined = (changes: object): object =>
  Object.fromEntries(Object.entries(changes).filter(([, value]) => value !== undefined))

const read = (file: string): DesktopPreferences => {
  try {
    return DesktopPreferences.parse(JSON.parse(readFileSync(file, 'utf8')))
  } catch {
    return DesktopPreferences.parse({})
  }
}
