import { describe, expect, it } from 'vitest'
import { editClaudeCode, editCodex, editOpenCode, type Edit } from './config-edits'

const target = { url: 'http://127.0.0.1:52416', model: 'chat', models: ['chat', 'org/big'], key: undefined }
const textOf = (edit: Edit): string => {
  if ('refused' in edit) throw new Error(edit.refused)
  return edit.text
}

describe('a JSON configuration', () => {
  it('keeps other settings and its indentation', () => {
    const before = '{\n\t"theme": "dark",\n\t"env": {\n\t\t"FOO": "1",\n\t\t"ANTHROPIC_MODEL": "old"\n\t}\n}\n'
    const after = textOf(editClaudeCode(before, target))
    expect(JSON.parse(after)).toMatchObject({
      theme: 'dark',
      env: { FOO: '1', ANTHROPIC_MODEL: 'chat', ANTHROPIC_BASE_URL: target.url, ANTHROPIC_AUTH_TOKEN: 'none' },
    })
    expect(after).toContain('\n\t"theme": "dark"')
    expect(textOf(editClaudeCode(after, target))).toBe(after)
  })

  it('is created if it does not exist', () => {
    expect(JSON.parse(textOf(editOpenCode(undefined, target)))).toMatchObject({
      $schema: 'https://opencode.ai/config.json',
      model: 'muster/chat',
      provider: { muster: { options: { baseURL: `${target.url}/v1`, apiKey: 'none' }, models: { 'org/big': {} } } },
    })
  })

  it.each(['{ // mine\n}', '[]', '{"env": 1, "provider": 1}', '{'])(
    'is left unchanged if it does not have the expected form: %s',
    (text) => {
      expect(editClaudeCode(text, target)).toHaveProperty('refused')
      expect(editOpenCode(text, target)).toHaveProperty('refused')
    },
  )
})

describe('Codex’s configuration', () => {
  it('gets our tables at its end, once, however often they are written', () => {
    const before = '# mine\nmodel = "other"\n\n[tui]\nx = 1\n'
    const once = textOf(editCodex(before, target))
    expect(once.startsWith(before)).toBe(true)
    expect(once).toContain('[model_providers.muster]')
    expect(once).not.toContain('env_key')
    const keyed = textOf(editCodex(once, { ...target, model: 'new', key: 'mst_x' }))
    expect(keyed.match(/\[model_providers\.muster\]/g)).toHaveLength(1)
    expect(keyed).toContain('model = "new"')
    expect(keyed).toContain('env_key = "MUSTER_API_KEY"')
    // People share Codex's configuration, so it must not contain the key itself.
    expect(keyed).not.toContain('mst_x')
  })

  it.each([
    '[model_providers.muster]\nname = "x"',
    '[profiles."muster"]',
    'profiles = { a = {} }',
    'model_providers.muster = {}',
  ])('is left unchanged if it has them already: %s', (text) => {
    expect(editCodex(text, target)).toHaveProperty('refused')
  })
})
