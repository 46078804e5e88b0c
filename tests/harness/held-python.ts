import { chmodSync, rmSync, writeFileSync } from 'node:fs'
import { join } from 'node:path'
import { python, required } from './paths'

/** The tests' Python, whose programs wait at their start for as long as a test says. */
export interface HeldPython {
  readonly executable: string
  hold(): void
  release(): void
}

/** Writes it into a folder, which must exist. */
export const heldPython = (folder: string): HeldPython => {
  const [executable, held] = [join(folder, 'held-python'), join(folder, 'held')]
  const real = required(python, 'run `npm test`, which makes it')
  writeFileSync(executable, `#!/bin/sh\nwhile [ -e "${held}" ]; do sleep 0.1; done\nexec "${real}" "$@"\n`)
  chmodSync(executable, 0o755)
  return {
    executable,
    hold: () => writeFileSync(held, ''),
    release: () => rmSync(held, { force: true }),
  }
}
