import { createHash } from 'node:crypto'
import { chmodSync, existsSync, mkdtempSync, readFileSync, rmSync, writeFileSync } from 'node:fs'
import { tmpdir } from 'node:os'
import { join } from 'node:path'
import { afterEach, beforeEach, describe, expect, it } from 'vitest'
import { ensureStarter, starterPath, type StarterOptions } from './starter'
import { writeModel } from './testing/model-on-disk'

/** Stands in for Python: takes the same arguments and copies a prepared model to the starter's folder. */
const converter = `#!/bin/sh
echo "$@" > "$ARGUMENTS"
if [ -n "$FAIL" ]; then echo "Traceback" >&2; echo "no room" >&2; exit 1; fi
cp -r "$PREPARED" "$4"
`

describe('the starter model', () => {
  let root: string
  let options: StarterOptions
  let steps: string[]
  beforeEach(() => {
    root = mkdtempSync(join(tmpdir(), 'muster-starter-'))
    steps = []
    const source = join(root, 'model.whl')
    const executable = join(root, 'python')
    writeFileSync(source, 'a wheel')
    writeFileSync(executable, converter)
    chmodSync(executable, 0o755)
    options = {
      dataDir: join(root, 'data'),
      python: {
        executable,
        env: {
          PATH: process.env['PATH'] ?? '',
          PREPARED: writeModel(join(root, 'made')),
          ARGUMENTS: join(root, 'args'),
        },
      },
      source,
      sources: new Set([createHash('sha256').update('a wheel').digest('hex')]),
      onProgress: (step) => steps.push(step),
    }
  })
  afterEach(() => rmSync(root, { recursive: true }))

  it('is made once, in our own store', async () => {
    expect(await ensureStarter(options)).toBe('made')
    expect(steps).toEqual(['checking', 'converting', 'verifying'])
    expect(readFileSync(join(root, 'args'), 'utf8')).toBe(
      `-m muster_runner.model.convert_starter ${options.source} ${starterPath(options.dataDir)}\n`,
    )
    expect(await ensureStarter(options)).toBe('present')
    expect(steps).toHaveLength(3)
  })

  it('is not made from anything but what was expected', async () => {
    writeFileSync(options.source, 'another wheel')
    await expect(ensureStarter(options)).rejects.toMatchObject({
      code: 'starter_source_damaged',
      message: expect.stringContaining(options.source) as string,
    })
    expect(existsSync(join(root, 'args'))).toBe(false)
  })

  it('says what to do where its source is missing', async () => {
    await expect(ensureStarter({ ...options, source: join(root, 'gone') })).rejects.toMatchObject({
      code: 'starter_source_missing',
      hint: expect.stringContaining('set-up') as string,
    })
  })

  it('tells why its conversion failed', async () => {
    const env = { ...options.python.env, FAIL: '1' }
    await expect(ensureStarter({ ...options, python: { ...options.python, env } })).rejects.toMatchObject({
      code: 'starter_conversion_failed',
      message: 'The starter model could not be converted: no room',
    })
  })

  it('is not reported as made if the result is unusable', async () => {
    rmSync(join(root, 'made', 'tokenizer.json'))
    await expect(ensureStarter(options)).rejects.toThrow('tokenizer.json is missing')
  })

  it('can be interrupted', async () => {
    await expect(ensureStarter({ ...options, signal: AbortSignal.abort() })).rejects.toThrow()
    expect(existsSync(starterPath(options.dataDir))).toBe(false)
  })
})
