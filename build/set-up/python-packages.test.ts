import { chmod, mkdir, mkdtemp, readFile, rm, writeFile } from 'node:fs/promises'
import { tmpdir } from 'node:os'
import path from 'node:path'
import { afterEach, beforeEach, describe, expect, it, vi } from 'vitest'
import { fillEnvironment, pythonOf } from './python-packages.mjs'
import { NEWEST } from './python.mjs'

let folder: string
beforeEach(async () => {
  folder = await mkdtemp(path.join(tmpdir(), 'muster-python-'))
  await mkdir(path.join(folder, 'bin'))
  // No uv; and a Python of this machine comes after that of the test.
  vi.stubEnv('PATH', `${path.join(folder, 'bin')}:/bin`)
})
afterEach(async () => {
  vi.unstubAllEnvs()
  await rm(folder, { recursive: true })
})

const program = async (file: string, script: string): Promise<void> => {
  await mkdir(path.dirname(file), { recursive: true })
  await writeFile(file, `#!/bin/sh\n${script}`)
  await chmod(file, 0o755)
}

/** The Python of an environment, with pip or without. */
const inEnvironment = (pip: boolean): string =>
  pip ? `echo "$*" >> "$(dirname "$0")/asked"\n` : `case "$*" in *pip*) echo "No module named pip" >&2; exit 1;; esac\n`

/** The first Python that is looked for on the PATH; it makes environments with pip. */
const onPath = async (): Promise<void> => {
  const made = path.join(folder, 'made')
  await program(made, inEnvironment(true))
  await program(
    path.join(folder, 'bin', `python${NEWEST.join('.')}`),
    `case "$1 $2" in
"-m venv") mkdir -p "$3/bin"; cp "${made}" "$3/bin/python";;
*) echo "${NEWEST.join(' ')} x86_64 $0";;
esac
`,
  )
}

const fill = async (environment: string): Promise<void> => {
  const requirements = path.join(folder, 'requirements.txt')
  await writeFile(requirements, '')
  await fillEnvironment(
    { folder: environment, python: pythonOf(environment) },
    {
      requirements: [requirements],
      hashes: true,
      log: 'trial-python',
      signal: new AbortController().signal,
      say: () => undefined,
    },
  )
}

describe('a Python environment', () => {
  it('is made anew where pip is needed and uv made it, without pip', async () => {
    const environment = path.join(folder, 'environment')
    await program(pythonOf(environment), inEnvironment(false))
    await onPath()
    await fill(environment)
    expect(await readFile(path.join(environment, 'bin', 'asked'), 'utf8')).toContain('-m pip install')
  })

  it('is kept where pip works in it', async () => {
    const environment = path.join(folder, 'environment')
    await program(pythonOf(environment), inEnvironment(true))
    await writeFile(path.join(environment, 'kept'), '')
    await onPath()
    await fill(environment)
    expect(await readFile(path.join(environment, 'kept'), 'utf8')).toBe('')
  })
})
