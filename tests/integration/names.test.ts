import { afterEach, beforeEach, describe, expect, it } from 'vitest'
import { ClusterView } from '@core/protocols/cluster'
import { Control } from '../harness/control'
import { startHeadless, temporaryFolder, type HeadlessNode } from '../harness/headless-node'

describe('names that people give', () => {
  const folder = { path: '', dispose: () => {} }
  let node: HeadlessNode | undefined

  beforeEach(() => void Object.assign(folder, temporaryFolder()))
  const stop = async () => {
    await node?.stop()
    node = undefined
  }
  afterEach(async () => {
    await stop()
    folder.dispose()
  })
  const start = async (name: string): Promise<HeadlessNode> => {
    await stop()
    node = await startHeadless({ dataDir: folder.path, args: ['--name', name] })
    return node
  }
  const patch = ({ url }: HeadlessNode, path: string, body: object): Promise<Response> =>
    new Control(url).request(path, { method: 'PATCH', json: body })
  const names = async ({ url }: HeadlessNode) => {
    const { name, members } = ClusterView.parse(await (await new Control(url).request('/cluster')).json())
    return { cluster: name, machine: members[0]?.friendlyName }
  }

  it('are kept over restarts, until the machine is given another one where it runs', async () => {
    const first = await start('rack 1')
    expect(await names(first)).toEqual({ cluster: 'Muster', machine: 'rack 1' })
    const renamed = await patch(first, `/cluster/members/${first.nodeId}`, { friendlyName: '  Kitchen ' })
    expect(renamed.status).toBe(200)
    expect(ClusterView.parse(await renamed.json()).members).toMatchObject([{ friendlyName: 'Kitchen' }])
    expect((await patch(first, '/cluster', { name: 'The team' })).status).toBe(200)
    expect(await names(await start('rack 1'))).toEqual({ cluster: 'The team', machine: 'Kitchen' })
    expect(await names(await start('rack 2'))).toEqual({ cluster: 'The team', machine: 'rack 2' })
  })

  it('are refused where nobody could read them, with what is wrong', async () => {
    const own = await start('rack 1')
    const member = `/cluster/members/${own.nodeId}`
    for (const friendlyName of ['', '   ', 'x'.repeat(61), 'two\nlines', 7]) {
      const answer = await patch(own, member, { friendlyName })
      expect([friendlyName, answer.status]).toEqual([friendlyName, 400])
      expect(await answer.json()).toMatchObject({ error: { message: expect.stringContaining('friendlyName') } })
    }
    expect((await patch(own, '/cluster', { name: '' })).status).toBe(400)
    expect((await patch(own, '/cluster', {})).status).toBe(400)
    expect((await patch(own, `/cluster/members/${'a'.repeat(64)}`, { friendlyName: 'Kitchen' })).status).toBe(404)
    expect(await names(own)).toEqual({ cluster: 'Muster', machine: 'rack 1' })
  })

  it.each([
    ['a key', '/api_keys', {}],
    ['a declaration', '/meta_instance', { modelId: 'm/none' }],
  ])('are so of %s too', async (_what, path, more) => {
    const own = await start('rack 1')
    for (const name of ['  ', 'two\nlines', 'nul\0', 'turned \u202etxt', '\u200b', 'x'.repeat(101)]) {
      const answer = await new Control(own.url).request(path, { method: 'POST', json: { name, ...more } })
      expect([name, answer.status]).toEqual([name, 400])
      expect(await answer.json()).toMatchObject({ error: { message: expect.stringContaining('name: ') } })
    }
  })
})
