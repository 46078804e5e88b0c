import { cp } from 'node:fs/promises'
import { afterEach, describe, expect, it } from 'vitest'
import { DoctorReport } from '@core/protocols/doctor'
import { chat, declare, ready, state, statusOf } from './acts'
import { allLinked, HostedCluster, joinBy, until } from './cluster'
import { noHosts } from './network'

const why = noHosts()
if (why !== undefined) console.log(`No tests on several hosts: ${why}.`)

let cluster: HostedCluster
afterEach(() => cluster.dispose())

describe.skipIf(why !== undefined)('what a machine is for', () => {
  it('only coordinates where it is told to: nothing is placed there, and every model can be used there', async () => {
    cluster = new HostedCluster(2)
    for (const at of [0, 1]) cluster.giveModel(at)
    const [worker, coordinator] = await Promise.all([cluster.start(0), cluster.start(1, { args: ['--no-worker'] })])
    await joinBy(worker, coordinator)
    await Promise.all([worker, coordinator].map((node) => allLinked(node, 2)))

    const there = await declare(coordinator, { name: 'there', nodeIds: [coordinator.nodeId] })
    const failed = await until('it is refused', statusOf(worker, there.metaInstanceId), ({ status }) =>
      status.startsWith('PLACEMENT_FAILED'),
    )
    expect(failed.statusDetail).toContain('machine 2')
    const anywhere = await declare(coordinator, { name: 'anywhere' })
    await ready(coordinator, anywhere.metaInstanceId)
    const instances = Object.values((await state(coordinator)).instances)
    expect(instances.map(({ shards }) => shards.map(({ nodeId }) => nodeId))).toEqual([[worker.nodeId]])
    expect(await chat(coordinator, 'anywhere')).toBe(await chat(worker, 'anywhere'))
  })

  it('notices that a copy of a machine is up as well, and the copy can be made a new machine', async () => {
    cluster = new HostedCluster(3)
    const [first, second] = await Promise.all([cluster.start(0), cluster.start(1)])
    await joinBy(first, second)
    await Promise.all([first, second].map((node) => allLinked(node, 2)))
    // As a migration assistant would. It lives meanwhile: a file may be gone when its turn comes.
    const copying = (): Promise<void> =>
      cp(second.dataDir, cluster.dataDir(2), {
        recursive: true,
        filter: (path) => !/\/(run|logs|.*\.(?:lock|new))$/.test(path),
      })
    await until('its files are copied', () => copying().then(() => true), Boolean)
    const copy = await cluster.start(2)
    expect(copy.nodeId).toBe(second.nodeId)
    await until(
      'the cluster says so',
      () => first.cluster(),
      ({ members }) => members.some(({ nodeId, duplicated }) => duplicated && nodeId === second.nodeId),
    )
    await until(
      'the copy says so',
      () => copy.cluster(),
      ({ members }) => members.some(({ nodeId, duplicated }) => duplicated && nodeId === copy.nodeId),
    )
    for (const node of [first, copy]) {
      const { findings } = DoctorReport.parse(await node.ask('/cluster/doctor'))
      expect(findings.filter(({ code }) => code === 'same_identity').map(({ nodeIds }) => nodeIds)).toEqual([
        [second.nodeId],
      ])
    }
    await copy.stop()
    expect(await copy.muster('new-identity', '--data-dir', copy.dataDir)).toMatchObject({ code: 0 })
    const anew = await cluster.start(2)
    expect(anew.nodeId).not.toBe(second.nodeId)
    await joinBy(first, anew)
    await Promise.all([first, second, anew].map((node) => allLinked(node, 3)))
    for (const node of [first, second, anew])
      await until(
        'nobody says so any more',
        () => node.cluster(),
        ({ members }) => members.every(({ duplicated }) => !duplicated),
      )
  })
})
