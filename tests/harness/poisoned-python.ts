import { chmodSync, writeFileSync } from 'node:fs'
import { join } from 'node:path'
import { python, required, root } from './paths'

/** A Python in that folder whose runners crash on a request with the word `poison`. */
export const poisonedPython = (folder: string): string => {
  const executable = join(folder, 'poisoned-python')
  const real = required(python, 'run `npm test`')
  const script = join(root, 'tests', 'harness', 'poisoned_runner.py')
  const runner = `if [ "$1 $2" = "-m muster_runner" ]; then shift 2; exec ${real} ${script} "$@"; fi`
  writeFileSync(executable, `#!/bin/sh\n${runner}\nexec ${real} "$@"\n`)
  chmodSync(executable, 0o755)
  return executable
}
