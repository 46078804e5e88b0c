import { once } from 'node:events'
import { readdirSync, readFileSync } from 'node:fs'
import type { AddressInfo } from 'node:net'
import { join } from 'node:path'
import { afterEach, beforeEach, describe, expect, it } from 'vitest'
import { WebSocket, WebSocketServer } from 'ws'
import { z } from 'zod'
import { Message } from '@core/consensus/index'
import { GenerationUpdate } from '@core/generation/stream'
import { NodeId } from '@core/ids'
import { ModelCard } from '@core/placement/model-card'
import { CatalogueModel } from '@core/protocols/models'
import {
  FileHash,
  FileList,
  FileParams,
  GenerateParams,
  ModelParams,
  MERGING_SINCE_PROTOCOL,
  PARTS_SINCE_PROTOCOL,
  PeerFrame,
  SubmitParams,
  SubmitResult,
  WatchItem,
  WatchParams,
  type Hello,
} from '@core/protocols/peer'
import { GenerateParams1, GenerationUpdate1 } from '@core/protocols/peer-1'
import { Link, type LinkFrame } from './link'

/**
 * Recorded sessions of two nodes for each released version. They are not recorded again:
 * `tests/harness/record-link.ts`.
 */
const recorded = join(import.meta.dirname, '..', '..', '..', 'tests', 'fixtures', 'link')

const Side = z.enum(['dialled', 'called'])
const Recorded = z.union([
  z.strictObject({ by: Side, frame: z.record(z.string(), z.unknown()) }),
  z.strictObject({ by: Side, bytes: z.string() }),
])

const sessionOf = (version: string) =>
  readFileSync(join(recorded, version, 'session.jsonl'), 'utf8')
    .trim()
    .split('\n')
    .map((line) => Recorded.parse(JSON.parse(line)))

type Line = z.infer<typeof Recorded>

/** A message in parts that is incomplete: its bytes so far. */
class Parts {
  private readonly begun = new Map<string, { readonly bytes: number; readonly came: Buffer[] }>()

  /** The frame that a line contains or completes; undefined for earlier parts and for byte items. */
  frameOf(line: Line): PeerFrame | undefined {
    if ('frame' in line) {
      const frame = PeerFrame.parse(line.frame)
      if (frame.type === 'parts') this.begun.set(`${line.by} ${frame.stream}`, { bytes: frame.bytes, came: [] })
      return frame
    }
    const message = Buffer.from(line.bytes, 'base64')
    const key = `${line.by} ${message.readUInt32LE(0)}`
    const begun = this.begun.get(key)
    begun?.came.push(message.subarray(4))
    const whole = Buffer.concat(begun?.came ?? [])
    if (whole.length !== begun?.bytes) return undefined
    this.begun.delete(key)
    return PeerFrame.parse(JSON.parse(whole.toString()))
  }

  /** Whether a line is a part and not a byte item. */
  isPart(line: Line): boolean {
    return 'bytes' in line && this.begun.has(`${line.by} ${Buffer.from(line.bytes, 'base64').readUInt32LE(0)}`)
  }
}

const framesOf = (session: readonly Line[]): PeerFrame[] => {
  const parts = new Parts()
  return session.flatMap((line) => parts.frameOf(line) ?? [])
}

/** The params and items of each kind of stream. */
const streams: Readonly<Record<string, { readonly params: z.ZodType; readonly item: z.ZodType }>> = {
  submit: { params: SubmitParams, item: SubmitResult },
  watch: { params: WatchParams, item: WatchItem },
  generate: {
    params: z.union([GenerateParams, GenerateParams1]),
    item: z.union([GenerationUpdate, GenerationUpdate1]),
  },
  models: { params: z.strictObject({}), item: z.array(CatalogueModel) },
  card: { params: ModelParams, item: z.strictObject({ status: z.literal('loaded'), card: ModelCard }) },
  'model-files': { params: ModelParams, item: FileList },
  'model-file': { params: FileParams, item: z.never() },
  'model-hash': { params: FileParams, item: FileHash },
}

/** Items that the test yields one by one. */
class Served {
  private readonly items: unknown[] = []
  private wake = (): void => undefined
  private ended = false

  push(item: unknown): void {
    this.items.push(item)
    this.wake()
  }

  end(): void {
    this.ended = true
    this.wake()
  }

  async *serve(signal: AbortSignal): AsyncGenerator<unknown> {
    signal.addEventListener('abort', () => this.end(), { once: true })
    for (;;) {
      if (this.items.length > 0) yield this.items.shift()
      else if (this.ended) return
      else await new Promise<void>((resolve) => (this.wake = resolve))
    }
  }
}

describe.each(readdirSync(recorded))('a session of links of version %s', (version) => {
  const session = sessionOf(version)
  const frames = framesOf(session)
  const [greeting] = frames.filter((frame): frame is Hello => frame.type === 'hello')
  const protocol = greeting?.protocols.to ?? 0

  it('has frames of every kind', () => {
    const kinds = new Set(frames.map(({ type }) => type))
    const known = PeerFrame.options
      .map((option): string => option.shape.type.value)
      .filter((kind) => protocol >= PARTS_SINCE_PROTOCOL || (kind !== 'parts' && kind !== 'room'))
      .filter((kind) => protocol >= MERGING_SINCE_PROTOCOL || (kind !== 'relay' && kind !== 'snapshot'))
    expect([...kinds].sort()).toEqual(known.sort())
    const said = new Set(frames.flatMap((frame) => (frame.type === 'consensus' ? frame.message.type : [])))
    expect([...said].sort()).toEqual(['answer', 'ask', 'follow', 'lead', 'records'])
    const asked = new Set(frames.flatMap((frame) => (frame.type === 'open' ? frame.kind : [])))
    // Machines of protocol 1 did not request cards from one another yet.
    const kindsOfStreams = Object.keys(streams).filter((kind) => protocol > 1 || kind !== 'card')
    expect([...asked].sort()).toEqual(kindsOfStreams.sort())
  })

  it('is understood frame by frame, and nothing of it is dropped', () => {
    const kinds = new Map<number, string>()
    for (const line of session) if ('frame' in line) expect(PeerFrame.parse(line.frame)).toEqual(line.frame)
    for (const frame of frames) {
      if (frame.type === 'consensus') expect(Message.parse(frame.message)).toEqual(frame.message)
      if (frame.type === 'open') {
        kinds.set(frame.stream, frame.kind)
        expect(streams[frame.kind]?.params.parse(frame.params)).toEqual(frame.params)
      }
      if (frame.type === 'item') {
        const kind = kinds.get(frame.stream) ?? ''
        expect(streams[kind]?.item.parse(frame.value), kind).toEqual(frame.value)
      }
    }
  })

  describe('held again with a link of today', () => {
    let server: WebSocketServer
    let link: Link | undefined
    beforeEach(async () => {
      server = new WebSocketServer({ port: 0, host: '127.0.0.1' })
      await once(server, 'listening')
    })
    afterEach(async () => {
      link?.drop()
      await new Promise((resolve) => server.close(resolve))
    })

    it('is answered to the end, each frame as it was then', async () => {
      if (!greeting) throw new Error('nobody greets')
      const taken: LinkFrame[] = []
      const closed: string[] = []
      const served = new Map<number, Served>()
      const opened: Served[] = []
      const serve = (_params: unknown, signal: AbortSignal): AsyncGenerator<unknown> => {
        const stream = new Served()
        opened.push(stream)
        return stream.serve(signal)
      }
      let called: WebSocket | undefined
      const entered = new Promise<Link>((resolve) => {
        server.once('connection', (socket) => {
          called = socket
          resolve(
            new Link({
              ...{ peer: NodeId.parse('peer'), socket, dialled: false, remoteAddress: '', hello: greeting },
              handlers: new Map(Object.keys(streams).map((kind) => [kind, serve])),
              onFrame: (frame) => taken.push(frame),
              onClose: ({ reason }) => closed.push(reason),
            }),
          )
        })
      })
      const { port } = server.address() as AddressInfo
      const dialler = new WebSocket(`ws://127.0.0.1:${port}`)
      const heard: unknown[] = []
      dialler.on('message', (data: Buffer, isBinary) =>
        heard.push(isBinary ? { bytes: data.toString('base64') } : (JSON.parse(data.toString()) as unknown)),
      )
      link = await entered
      await once(dialler, 'open').catch(() => undefined)

      const hears = async (wanted: unknown): Promise<void> => {
        await expect.poll(() => heard, { timeout: 30_000, interval: 2 }).toContainEqual(wanted)
        heard.splice(
          heard.findIndex((one) => JSON.stringify(one) === JSON.stringify(wanted)),
          1,
        )
      }
      const parts = new Parts()
      for (const line of session) {
        expect(closed).toEqual([])
        const isPart = parts.isPart(line)
        const frame = parts.frameOf(line)
        if (line.by === 'dialled') {
          const [streamsBefore, framesBefore] = [opened.length, taken.length]
          dialler.send('frame' in line ? JSON.stringify(line.frame) : Buffer.from(line.bytes, 'base64'))
          if (frame?.type === 'open') {
            await expect.poll(() => opened.length, { timeout: 30_000, interval: 2 }).toBe(streamsBefore + 1)
            const stream = opened.at(-1)
            if (stream) served.set(frame.stream, stream)
          }
          if (frame?.type === 'consensus' || frame?.type === 'observe' || frame?.type === 'wake') {
            await expect.poll(() => taken.length, { timeout: 30_000, interval: 2 }).toBe(framesBefore + 1)
            expect(taken.at(-1)).toEqual(frame)
          }
          continue
        }
        if (!('frame' in line)) {
          const bytes = Buffer.from(line.bytes, 'base64')
          if (isPart) called?.send(bytes)
          else served.get(bytes.readUInt32LE(0))?.push(bytes.subarray(4))
          await hears({ bytes: line.bytes })
          continue
        }
        if (frame?.type === 'item') served.get(frame.stream)?.push(frame.value)
        else if (frame?.type === 'end') served.get(frame.stream)?.end()
        // The link itself grants credit for what it received.
        else if (frame && frame.type !== 'hello' && frame.type !== 'room') link.send(frame)
        await hears(line.frame)
      }
      expect(heard).toEqual([])
      const theirs = session.flatMap((line) => (line.by === 'dialled' && 'frame' in line ? [line.frame] : []))
      expect(link.peerHello).toEqual(theirs[0])
    })

    it('would not be begun by a machine whose protocols are all newer: both are told which one to update', async () => {
      if (!greeting) throw new Error('nobody greets')
      server.once('connection', (socket) => {
        link = new Link({
          ...{ peer: NodeId.parse('peer'), socket, dialled: false, remoteAddress: '', hello: greeting },
          ...{ handlers: new Map(), onFrame: () => undefined, onClose: () => undefined },
        })
      })
      const { port } = server.address() as AddressInfo
      const dialler = new WebSocket(`ws://127.0.0.1:${port}`)
      await once(dialler, 'open')
      const newer: Hello = { ...greeting, version: '9.0.0', protocols: { from: 90, to: 99 } }
      dialler.send(JSON.stringify(newer))
      const [, reason] = (await once(dialler, 'close')) as [number, Buffer]
      expect(reason.toString()).toBe(
        `Muster ${greeting.version} is too old for Muster 9.0.0: update Muster ${greeting.version}`,
      )
    })
  })
})
