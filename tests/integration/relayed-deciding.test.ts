import { mkdtempSync, rmSync } from 'node:fs'
import { tmpdir } from 'node:os'
import { join } from 'node:path'
import { afterEach, beforeEach, expect, it, vi } from 'vitest'
import { eventually } from '@core/testing/eventually'
import { CommandId, NodeId } from '@core/ids'
import { PEER_PROTOCOL, PeerFrame, SubmitParams, WatchParams } from '@core/protocols/peer'
import { MemberNetwork } from '@main/cluster/member-network'
import { FrameRouter } from '@main/cluster/frame-router'
import { RELAY_STREAM, type MemberLinks } from '@main/cluster/member-links'
import { Master } from '@main/master/master'
import type { Network } from '@main/master/network'
import { monotonic, type Monotonic } from '@core/time/clocks'

const [A, B, C] = ['a', 'b', 'c'].map((name) => NodeId.parse(name)) as [NodeId, NodeId, NodeId]
const members = [A, B, C]
const log = { info: vi.fn(), warn: vi.fn() }
/** No link between the first and the third. */
const areLinked = (one: NodeId, other: NodeId): boolean => one !== other && (one === B || other === B)

/** A node's part in deciding and what it says to others, over links that hand everything on as text. */
class Machine {
  private readonly router: FrameRouter
  master: Master | undefined
  readonly network: MemberNetwork
  private readonly links: MemberLinks

  constructor(readonly self: NodeId) {
    const now = (): Monotonic => monotonic(performance.now())
    const open = (peer: NodeId, kind: string, params: unknown, signal = new AbortController().signal) => {
      if (!areLinked(self, peer)) {
        const via = this.router.relaying.via(peer)
        if (via === undefined) throw new Error('not connected')
        return machine(via).serve(RELAY_STREAM, { to: peer, kind, params }, signal)
      }
      return machine(peer).serve(kind, params, signal)
    }
    const link = (peer: NodeId) => ({
      peer,
      protocol: PEER_PROTOCOL,
      heardAt: now(),
      send: (frame: PeerFrame) => {
        const text = JSON.stringify(frame)
        setImmediate(() => machine(peer).take(self, PeerFrame.parse(JSON.parse(text))))
        return true
      },
      open: (kind: string, params: unknown, signal?: AbortSignal) => open(peer, kind, params, signal),
    })
    this.links = {
      get: (peer: NodeId) => (areLinked(self, peer) ? link(peer) : undefined),
      all: () => members.filter((peer) => areLinked(self, peer)).map(link),
      open,
      ask: async (peer: NodeId, kind: string, params: unknown) => {
        for await (const item of open(peer, kind, params)) return item
        throw new Error('no answer')
      },
    }
    this.router = new FrameRouter({
      self,
      links: () => this.links,
      isMember: (nodeId) => members.includes(nodeId),
      monotonic: now,
      deciding: {
        connected: (...peer) => this.master?.connected(...peer),
        disconnected: (peer) => this.master?.disconnected(peer),
        refused: (peer) => this.master?.refused(peer),
        received: (...message) => this.master?.received(...message),
        observedBy: (...observed) => this.master?.observedBy(...observed),
      },
    })
    this.network = new MemberNetwork({ links: this.links, relaying: this.router.relaying, monotonic: now, log })
  }

  /** @param admittedBy nobody for the founder, who decides alone until others are let in */
  async open(dataDir: string, admittedBy: readonly NodeId[]): Promise<void> {
    const { network } = this
    const said: Network = {
      send: (...message) => network.send(...message),
      sendSnapshot: (...snapshot) => network.sendSnapshot(...snapshot),
      observe: (...observed) => network.observe(...observed),
      submit: (...command) => network.submit(...command),
      watch: (...watched) => network.watch(...watched),
      heard: () => network.heard(),
      unreachable: () => [],
      reconnect: () => undefined,
      processPaused: () => undefined,
    }
    const loadCard = () => Promise.resolve({ status: 'failed', reason: 'none' } as const)
    this.master = await Master.open({ dataDir, nodeId: this.self, loadCard, log, network: said, admittedBy })
  }

  private take(sender: NodeId, frame: PeerFrame): void {
    if (frame.type === 'relay' || frame.type === 'consensus' || frame.type === 'observe' || frame.type === 'snapshot')
      this.router.take(sender, frame)
  }

  private async *serve(kind: string, params: unknown, signal: AbortSignal): AsyncGenerator<unknown> {
    const { master } = this
    if (!master) throw new Error('not running')
    if (kind === 'submit') {
      const { command, commandId } = SubmitParams.parse(params)
      yield await master.submittedBy(command, commandId)
    } else if (kind === 'watch') yield* master.watchedBy(WatchParams.parse(params).term, signal)
    else yield* this.router.relaying.handlers.get(kind)?.(params, signal, this.self) ?? []
  }
}

let machines: Map<NodeId, Machine>
let dataDir: string
const machine = (nodeId: NodeId): Machine => {
  const found = machines.get(nodeId)
  if (!found) throw new Error(nodeId)
  return found
}
beforeEach(() => {
  dataDir = mkdtempSync(join(tmpdir(), 'muster-relayed-'))
  machines = new Map(members.map((self) => [self, new Machine(self)]))
})
afterEach(async () => {
  for (const { master } of machines.values()) await master?.close()
  rmSync(dataDir, { recursive: true, force: true })
})

const roles = () => members.map((self) => machine(self).master?.status().role)

it('three machines of which two have no link decide together through the third', async () => {
  await machine(A).open(join(dataDir, A), [])
  await eventually(() => expect(machine(A).master?.status().role).toBe('master'))
  for (const self of members) {
    const result = await machine(A).master?.submit(
      { type: 'AdmitMember', member: { nodeId: self, certificate: 'c', friendlyName: `Mac ${self}` } },
      { commandId: CommandId.parse(`admit ${self}`) },
    )
    expect(result).toMatchObject({ status: 'done' })
  }
  for (const self of [B, C]) await machine(self).open(join(dataDir, self), members)
  for (const self of members)
    for (const peer of members) {
      if (self === peer) continue
      if (areLinked(self, peer)) machine(self).master?.connected(peer)
      else machine(self).master?.refused(peer)
    }
  await eventually(() => expect(roles().sort()).toEqual(['follower', 'follower', 'master']))
  // Of the one that hears the master through the other, too.
  for (const self of members) {
    const result = await machine(self).master?.submit(
      { type: 'RenameMember', nodeId: self, friendlyName: `Mac of ${self}` },
      { commandId: CommandId.parse(`rename ${self}`) },
    )
    expect(result).toMatchObject({ status: 'done' })
  }
  for (const self of members)
    await eventually(() => expect(Object.keys(machine(self).master?.state().members ?? {}).sort()).toEqual([A, B, C]))
  expect(machine(C).master?.status()).toEqual({ role: 'follower', master: A })
  const terms = members.map((self) => machine(self).master?.state().term)
  // Longer than anybody takes who believes that nobody leads.
  const until = performance.now() + 5000
  await vi.waitFor(() => expect(performance.now()).toBeGreaterThan(until), { timeout: 60_000, interval: 100 })
  expect(members.map((self) => machine(self).master?.state().term)).toEqual(terms)
  expect(roles().sort()).toEqual(['follower', 'follower', 'master'])
})
