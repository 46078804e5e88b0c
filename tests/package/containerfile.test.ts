import { existsSync, readFileSync } from 'node:fs'
import { join } from 'node:path'
import { describe, expect, it } from 'vitest'
import { DEFAULT_PEER_PORT, DEFAULT_PORT } from '@core/settings/ports'
import { root } from '../harness/paths'

const lines = readFileSync(join(root, 'Containerfile'), 'utf8')
  .replaceAll(/\\\n\s*/g, '')
  .split('\n')
const of = (instruction: string): string[] =>
  lines.filter((line) => line.startsWith(`${instruction} `)).map((line) => line.slice(instruction.length + 1))

describe('the file of the container image', () => {
  it('copies what is in the repository, or what the package for npm leaves', () => {
    const sources = of('COPY').map((words) => words.split(' ')[0] ?? '')
    expect(sources).toContain('dist/npm/*.tgz')
    for (const source of sources.filter((one) => !one.startsWith('dist/')))
      expect(existsSync(join(root, source))).toBe(true)
  })

  it('opens the ports that a node listens on, and keeps its data in a volume as a user without rights', () => {
    // Links and joining are TCP; probes, without which no model is shared out over two machines, are UDP.
    const ports = [`${DEFAULT_PORT}`, `${DEFAULT_PEER_PORT}`, `${DEFAULT_PEER_PORT}/udp`]
    expect(of('EXPOSE')).toEqual([ports.join(' ')])
    const page = readFileSync(join(root, 'docs', 'nvidia.md'), 'utf8')
    for (const port of ports) expect(page).toContain(`--publish ${port.replace('/udp', '')}:${port} `)
    expect(of('VOLUME')).toEqual(['/data'])
    expect(of('USER')).toEqual(['1000'])
  })

  it('installs nothing without its hash', () => {
    const [, python = ''] = of('RUN')
    expect(python).toContain('--require-hashes')
  })
})
