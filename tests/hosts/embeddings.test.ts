import { afterAll, beforeAll, describe, expect, it } from 'vitest'
import { TINY_EMBEDDING, tinyEmbeddingModel } from '../harness/models'
import { declare, ready } from './acts'
import { HostedCluster, type HostedNode } from './cluster'
import { noHosts } from './network'

const why = noHosts()
if (why !== undefined) console.log(`No tests on several hosts: ${why}.`)

const { modelId, width } = TINY_EMBEDDING

interface Embedded {
  readonly data: readonly { readonly embedding: readonly number[]; readonly index: number }[]
  readonly usage: { readonly prompt_tokens: number }
}

const embed = async (node: HostedNode, input: unknown, more: object = {}): Promise<Embedded> =>
  (await node.ask('/v1/embeddings', { method: 'POST', json: { model: modelId, input, ...more } })) as Embedded

describe.skipIf(why !== undefined)('an embedding model of one machine of two', () => {
  const cluster = new HostedCluster(why === undefined ? 2 : 0)
  let nodes: HostedNode[]
  let declaredId: string
  beforeAll(async () => {
    cluster.giveModel(0, 'tiny-encoder', tinyEmbeddingModel())
    nodes = await cluster.startAll()
    const { metaInstanceId } = await declare(second(), { modelId, nodeIds: [first().nodeId] })
    declaredId = metaInstanceId
    await ready(second(), metaInstanceId)
  })
  afterAll(() => cluster.dispose())
  const first = (): HostedNode => nodes[0] as HostedNode
  const second = (): HostedNode => nodes[1] as HostedNode

  it('gives the same vectors at either machine, also where they are too many for one message', async () => {
    const texts = ['one', ...Array.from({ length: 1000 }, (_, at) => `text number ${at}`)]
    const [here, there] = [await embed(first(), texts), await embed(second(), texts)]
    expect(here.data).toHaveLength(texts.length)
    expect(here.data.every(({ embedding }) => embedding.length === width)).toBe(true)
    expect(there.data.map(({ index }) => index)).toEqual(texts.map((_, index) => index))
    // The same runner computed both, in batches of the same lengths.
    const differences = here.data.flatMap(({ embedding }, at) =>
      embedding.map((value, place) => Math.abs(value - (there.data[at]?.embedding[place] ?? NaN))),
    )
    expect(Math.max(...differences)).toBeLessThan(1e-5)
    expect(there.usage).toEqual(here.usage)
  })

  it('takes tokens and shortens vectors for whoever asks the other machine', async () => {
    const asked = { dimensions: 8 }
    const [here, there] = [
      await embed(first(), [[1, 20, 21, 2]], asked),
      await embed(second(), [[1, 20, 21, 2]], asked),
    ]
    expect(there.data[0]?.embedding).toHaveLength(8)
    expect(there).toEqual(here)
  })

  it('is known as one at the machine that does not have it', async () => {
    expect(await second().ask('/v1/models')).toMatchObject({
      data: [{ id: modelId, muster: { modelKind: 'embedding' } }],
    })
    const shown = await second().ask('/api/show', { method: 'POST', json: { model: modelId } })
    expect(shown).toMatchObject({ capabilities: ['embedding'] })
  })

  it('moves with the settings of its steps to a machine that copies it', async () => {
    const before = await embed(second(), 'one')
    await second().ask(`/meta_instance/${declaredId}`, { method: 'DELETE' })
    const moved = await declare(first(), { modelId, nodeIds: [second().nodeId] })
    await ready(first(), moved.metaInstanceId)
    const after = await embed(first(), 'one')
    expect(after.data[0]?.embedding).toHaveLength(width)
    const [was = [], is = []] = [before.data[0]?.embedding, after.data[0]?.embedding]
    expect(Math.max(...was.map((value, at) => Math.abs(value - (is[at] ?? NaN))))).toBeLessThan(1e-5)
  })
})
