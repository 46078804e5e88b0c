import { expect, it } from 'vitest'
import type { ToolConfigPreview } from '@core/protocols/connect'
import { FakeApi, json } from '../../testing/fake-api'
import { ToolConfigs } from './tool-configs.svelte'

const PREVIEW: ToolConfigPreview = { path: '~/.claude/settings.json', creates: true, digest: 'absent', lines: [] }

it('writes the model that was shown, whatever is declared or renamed before the user agrees', async () => {
  const api = new FakeApi(({ path }) => json(path.endsWith('/preview') ? PREVIEW : { tools: [] }))
  const configs = new ToolConfigs(api)
  await configs.show('claude-code', { model: 'chat' })
  await configs.write()
  expect(api.asked.map(({ json: body }) => body)).toEqual([{ model: 'chat' }, { model: 'chat', digest: 'absent' }])
  expect(configs.shown).toBeUndefined()
})
