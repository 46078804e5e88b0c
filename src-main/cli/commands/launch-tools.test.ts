import { execFileSync } from 'node:child_process'
import { describe, expect, it } from 'vitest'
import { TOOLS } from './launch-names'
import { launchOf, launchScript, shellQuoted } from './launch-tools'

const CLUSTER = {
  address: 'http://127.0.0.1:52416',
  key: 'mst_key',
  model: 'org/model',
  models: ['org/model', 'chat'],
}

describe('tools that are launched', () => {
  it.each(TOOLS)('%s is told the address, the key and the model, and nothing of another service', (tool) => {
    const { env, args } = launchOf(tool, CLUSTER)
    const told = [...args, ...Object.values(env)].join(' ')
    for (const fact of [CLUSTER.address, CLUSTER.key, CLUSTER.model]) expect(told).toContain(fact)
    expect(told.match(/https?:\/\/[\w.:]+/g)?.filter((url) => !url.startsWith(CLUSTER.address))).toEqual(
      tool === 'opencode' ? ['https://opencode.ai'] : [],
    )
  })

  it.each(TOOLS)('%s gets some key also where none is needed', (tool) => {
    const { env } = launchOf(tool, { ...CLUSTER, key: undefined })
    expect(Object.values(env).join(' ')).toContain('none')
  })

  it('the models of OpenCode are those that can be asked for', () => {
    const { env } = launchOf('opencode', CLUSTER)
    const config: unknown = JSON.parse(env['OPENCODE_CONFIG_CONTENT'] ?? '')
    expect(config).toMatchObject({
      model: 'muster/org/model',
      provider: { muster: { options: { baseURL: `${CLUSTER.address}/v1` }, models: { 'org/model': {}, chat: {} } } },
    })
  })

  it('the key of Codex is in its environment, not in its arguments, which others can read', () => {
    expect(launchOf('codex', CLUSTER).args.join(' ')).not.toContain(CLUSTER.key)
  })

  it('a shell reads words as they are', () => {
    const words = ['plain', "it's", '$(touch x)', 'two words', '"', '', '*', 'a\nb']
    const out = execFileSync('sh', [
      '-c',
      `for word in ${words.map(shellQuoted).join(' ')}; do printf '%s\\0' "$word"; done`,
    ])
    expect(out.toString().split('\0').slice(0, -1)).toEqual(words)
  })

  it('what is printed can be run', () => {
    const lines = launchScript({ ...launchOf('claude', CLUSTER), command: 'env' }, [])
    expect(execFileSync('sh', ['-c', lines.join('\n')], { encoding: 'utf8' })).toContain(
      `ANTHROPIC_BASE_URL=${CLUSTER.address}\n`,
    )
  })
})
