import { afterEach, describe, expect, it } from 'vitest'
import { declare, ready, statusOf } from './acts'
import { HostedCluster, until, type HostedNode } from './cluster'
import { noHosts } from './network'

const why = noHosts()
if (why !== undefined) console.log(`No tests of machines that are away: ${why}.`)

let cluster: HostedCluster
afterEach(() => cluster.dispose())

describe.skipIf(why !== undefined)('the only machine with a model', () => {
  it('is what every reason begins with, once it is away and the model cannot be had', async () => {
    cluster = new HostedCluster(2)
    cluster.giveModel(1)
    const [first, second] = (await cluster.startAll({ args: ['--offline'] })) as [HostedNode, HostedNode]
    const pinned = await declare(first, { name: 'pinned', nodeIds: [second.nodeId] })
    await ready(first, pinned.metaInstanceId)
    const paused = await declare(first, { name: 'paused', paused: true })
    await second.kill()
    await until('the reason of what was declared for it', statusOf(first, pinned.metaInstanceId), ({ statusDetail }) =>
      statusDetail.startsWith('machine 2 is offline; '),
    )
    const refused = async (path: string, json: object): Promise<string> =>
      first.ask(path, { method: 'POST', json }).then(JSON.stringify, String)
    const away = '"message":"machine 2, which has this model, is away. '
    expect(await refused('/meta_instance', { modelId: 'muster/tiny', name: 'another' })).toContain(away)
    expect(await refused('/models/muster%2Ftiny/download', {})).toContain(away)
    // The card is known still, or is not: either way it cannot be brought here.
    await first.ask(`/meta_instance/${paused.metaInstanceId}`, { method: 'PATCH', json: { paused: false } })
    await until('the reason of what may run anywhere', statusOf(first, paused.metaInstanceId), ({ statusDetail }) =>
      /^(?:Failed to load model card|downloading on machine 1 is tried again after): machine 2, which has this model, is away; /.test(
        statusDetail,
      ),
    )
  })
})
