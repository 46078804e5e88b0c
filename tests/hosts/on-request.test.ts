import { afterEach, describe, expect, it } from 'vitest'
import type { ListedModels } from '@main/api/openai/models'
import type { z } from 'zod'
import { TINY } from '../harness/models'
import { chat, state } from './acts'
import { allLinked, HostedCluster, joinBy, until } from './cluster'
import { noHosts } from './network'

const why = noHosts()
if (why !== undefined) console.log(`No tests on several hosts: ${why}.`)

let cluster: HostedCluster
afterEach(() => cluster.dispose())

describe.skipIf(why !== undefined)('a model that only one machine has on its disk', () => {
  it('is loaded there once for requests to both machines, and answers both', async () => {
    cluster = new HostedCluster(2)
    cluster.giveModel(0)
    const [first, second] = await Promise.all([cluster.start(0), cluster.start(1)])
    await joinBy(first, second)
    await Promise.all([first, second].map((node) => allLinked(node, 2)))
    const listed = async (): Promise<string[]> => {
      const { data } = (await second.ask('/v1/models')) as z.infer<typeof ListedModels>
      return data.map(({ id, muster }) => `${id} ${muster.state}`)
    }
    await until('the model in the list of the other machine', listed, (all) => all.length > 0)
    expect(await listed()).toEqual([`${TINY} ON_DISK`])

    const [here, there] = await Promise.all([chat(first, TINY), chat(second, TINY)])
    expect(here).toBe(there)
    const { metaInstances, instances } = await state(second)
    expect(Object.values(metaInstances)).toMatchObject([{ modelId: TINY, onRequest: { idleSeconds: 300 } }])
    expect(Object.values(instances).map(({ shards }) => shards.map(({ nodeId }) => nodeId))).toEqual([[first.nodeId]])
    // Its runner reports the end of the last answer a moment after the client has it.
    await until('the model is ready there', listed, (all) => all.join() === `${TINY} READY`)
  })
})
