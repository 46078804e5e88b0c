import { lstatSync, mkdirSync, mkdtempSync, readFileSync, rmSync, symlinkSync, writeFileSync } from 'node:fs'
import { tmpdir } from 'node:os'
import { join } from 'node:path'
import { afterEach, beforeEach, describe, expect, it } from 'vitest'
import { parse } from 'yaml'
import { ToolConfigs } from './tool-configs'

let root: string
let home: string
let configs: ToolConfigs

beforeEach(() => {
  root = mkdtempSync(join(tmpdir(), 'muster-connect-'))
  home = join(root, 'home')
  mkdirSync(home)
  const target = () => ({ url: 'http://127.0.0.1:52416', models: ['chat'] })
  configs = new ToolConfigs({ home, dataDir: join(root, 'data'), target })
})
afterEach(() => rmSync(root, { recursive: true }))

const wanted = { model: 'chat', key: undefined }
const write = async (tool: Parameters<ToolConfigs['write']>[0], given = wanted) => {
  const { digest } = await configs.preview(tool, given)
  await configs.write(tool, { ...given, digest })
}

describe('the configuration of a program', () => {
  it('is previewed, written readable by the owner only, and can be undone', async () => {
    const preview = await configs.preview('claude-code', wanted)
    expect(preview).toMatchObject({ path: '~/.claude/settings.json', creates: true })
    await configs.write('claude-code', { ...wanted, digest: preview.digest })
    const path = join(home, '.claude', 'settings.json')
    expect(JSON.parse(readFileSync(path, 'utf8'))).toMatchObject({ env: { ANTHROPIC_MODEL: 'chat' } })
    expect(lstatSync(path).mode & 0o777).toBe(0o600)
    expect(await configs.list()).toContainEqual(
      expect.objectContaining({ tool: 'claude-code', found: true, undoable: true }),
    )
    await configs.undo('claude-code')
    expect(() => lstatSync(path)).toThrow()
    expect(await configs.list()).toContainEqual(expect.objectContaining({ tool: 'claude-code', undoable: false }))
  })

  it('returns by undo to the content before the first write', async () => {
    const path = join(home, '.codex', 'config.toml')
    mkdirSync(join(home, '.codex'))
    writeFileSync(path, 'model = "mine"\n')
    await write('codex')
    await write('codex', { model: 'other', key: undefined })
    expect(readFileSync(path, 'utf8')).toContain('model = "other"')
    await configs.undo('codex')
    expect(readFileSync(path, 'utf8')).toBe('model = "mine"\n')
  })

  it('is not overwritten if it changed after the preview or after the write', async () => {
    const path = join(home, '.codex', 'config.toml')
    const { digest } = await configs.preview('codex', wanted)
    mkdirSync(join(home, '.codex'))
    writeFileSync(path, 'model = "mine"\n')
    await expect(configs.write('codex', { ...wanted, digest })).rejects.toMatchObject({ code: 'changed' })
    await write('codex')
    writeFileSync(path, 'model = "mine too"\n')
    await expect(configs.undo('codex')).rejects.toMatchObject({ code: 'changed' })
    expect(readFileSync(path, 'utf8')).toBe('model = "mine too"\n')
  })

  it('is not written through a link, neither of the file nor of its folder', async () => {
    const elsewhere = join(root, 'elsewhere')
    mkdirSync(elsewhere)
    writeFileSync(join(elsewhere, 'settings.json'), '{}')
    symlinkSync(elsewhere, join(home, '.claude'))
    await expect(configs.preview('claude-code', wanted)).rejects.toThrow('link')
    mkdirSync(join(home, '.codex'))
    symlinkSync(join(elsewhere, 'settings.json'), join(home, '.codex', 'config.toml'))
    await expect(configs.preview('codex', wanted)).rejects.toThrow('link')
    await expect(configs.write('codex', { ...wanted, digest: 'absent' })).rejects.toThrow('link')
    expect(readFileSync(join(elsewhere, 'settings.json'), 'utf8')).toBe('{}')
  })

  it('of Continue keeps its comments and its other models', async () => {
    const path = join(home, '.continue', 'config.yaml')
    mkdirSync(join(home, '.continue'))
    writeFileSync(path, '# mine\nname: Me\nmodels:\n  - name: Other # good\n    provider: x\n')
    await write('continue')
    await write('continue', { model: 'new', key: undefined })
    const text = readFileSync(path, 'utf8')
    expect(text).toContain('# mine')
    expect(text).toContain('# good')
    expect(parse(text)).toMatchObject({ models: [{ name: 'Other' }, { name: 'Muster', model: 'new' }] })
    writeFileSync(path, 'models: 3\n')
    await expect(configs.preview('continue', wanted)).rejects.toMatchObject({ code: 'refused' })
  })

  it('shows no secret of another program', async () => {
    mkdirSync(join(home, '.claude'))
    writeFileSync(join(home, '.claude', 'settings.json'), '{\n  "env": {\n    "OTHER_API_KEY": "sk-secret"\n  }\n}\n')
    expect(JSON.stringify(await configs.preview('claude-code', wanted))).not.toContain('sk-secret')
  })
})
