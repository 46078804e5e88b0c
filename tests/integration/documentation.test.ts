import { execFile } from 'node:child_process'
import { chmodSync, cpSync, mkdirSync, readFileSync, readdirSync, writeFileSync } from 'node:fs'
import { join, relative } from 'node:path'
import { promisify } from 'node:util'
import { afterAll, beforeAll, describe, expect, it } from 'vitest'
import { startHeadless, temporaryFolder, testEnvironment, type HeadlessNode } from '../harness/headless-node'
import { tinyModel } from '../harness/models'
import { cli, root } from '../harness/paths'

const run = promisify(execFile)

/** The model of all examples that are run; here it is the tiny one. */
const MODEL = join('mlx-community', 'Qwen3-0.6B-4bit')
/** The context of the real one. */
const CONTEXT = 40_960
/** Where a node answers, in the pages. */
const ADDRESS = 'http://127.0.0.1:52416'

interface Block {
  readonly page: string
  readonly line: number
  readonly info: string
  readonly text: string
}

const docs = join(root, 'docs')

const pages = (): string[] => [
  join(root, 'README.md'),
  // Later pages use what the first one declares.
  join(docs, 'start.md'),
  ...readdirSync(docs, { recursive: true, encoding: 'utf8' })
    .filter((name) => name.endsWith('.md') && name !== 'start.md' && !name.startsWith('.'))
    .sort()
    .map((name) => join(docs, name)),
]

/** The commands for a shell in a page. */
const blocksOf = (page: string): Block[] => {
  const text = readFileSync(page, 'utf8')
  return [...text.matchAll(/^```((?:sh|bash|shell|console)\b[^\n]*)\n([^]*?)^```$/gm)].map((match) => ({
    page: relative(root, page),
    line: text.slice(0, match.index).split('\n').length,
    info: match[1] ?? '',
    text: match[2] ?? '',
  }))
}

const blocks = pages().flatMap(blocksOf)

describe('the commands of the documentation', () => {
  const folder = temporaryFolder()
  const bin = join(folder.path, 'bin')
  let node: HeadlessNode
  beforeAll(async () => {
    const model = join(folder.path, 'models', MODEL)
    cpSync(tinyModel(), model, { recursive: true })
    const config = JSON.parse(readFileSync(join(model, 'config.json'), 'utf8')) as object
    writeFileSync(join(model, 'config.json'), JSON.stringify({ ...config, max_position_embeddings: CONTEXT }))
    mkdirSync(bin)
    writeFileSync(join(bin, 'muster'), `#!/bin/sh\nexec '${process.execPath}' '${cli}' "$@"\n`)
    chmodSync(join(bin, 'muster'), 0o700)
    node = await startHeadless({ dataDir: folder.path, args: ['--peer-port', '0', '--no-discovery', '--offline'] })
  })
  afterAll(async () => {
    await node.stop()
    folder.dispose()
  })

  it('are each marked as one to run, or say why it is not', () => {
    const unmarked = blocks.filter(({ info }) => !/^sh (?:run|not-run="[^"]{10,}")$/.test(info))
    expect(unmarked.map(({ page, line }) => `${page}:${line}`)).toEqual([])
  })

  it.each(
    blocks.filter(({ info }) => info === 'sh run').map((block) => [`${block.page}:${block.line}`, block] as const),
  )('%s runs as it stands', async (_where, { text }) => {
    const environment = testEnvironment(folder.path)
    // A failing request fails its block; what is asked of people is not waited for.
    const script = text.replaceAll(ADDRESS, node.url).replaceAll('curl -s ', 'curl -sS --fail-with-body ')
    await run('sh', ['-e', '-c', script], {
      cwd: folder.path,
      env: { ...environment, MUSTER_URL: node.url, PATH: `${bin}:${environment['PATH'] ?? ''}` },
      timeout: 110_000,
    })
  })
})
