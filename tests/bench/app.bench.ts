import { resolve } from 'node:path'
import { chromium, type Page } from 'playwright'
import { TaskId, type InstanceId } from '@core/ids'
import type { Event } from '@core/events/event'
import { systemBrowser } from '../../build/test-runtime/browser.mjs'
import { crowdOf, CROWD } from '../gallery/crowd-scene'
import type { Scene } from '../gallery/scene'
import { serveScene, type Gallery } from '../gallery/server'
import { drawn, longTasks, NOTE_LONG_TASKS, threadTime, untilDrawn, type Act } from './app-window'
import { filesOfFirstPage, firstPageBytes, workerScripts } from './first-page'
import { figure, median, spread, type Bench, type Row } from './report'

const RATE = 100
const SECONDS = 5
const BURST = 1000
const EVENTS = 10_000

/** What goes on in a busy cluster: requests come and go, memory changes. */
function* traffic({ world }: Scene): Generator<Event> {
  const instances = Object.keys(world.state.instances) as InstanceId[]
  const nodes = Object.values(world.state.nodes)
  for (let at = 0; ; at += 1) {
    const taskId = TaskId.parse(`bench-${at}`)
    const instanceId = instances[at % instances.length]
    if (instanceId !== undefined)
      yield {
        type: 'TaskCreated',
        task: { taskId, instanceId, kind: 'generation', status: 'Running', createdAt: Date.now() },
      }
    const node = nodes[at % nodes.length]
    if (node) {
      const { nodeId, ...info } = node
      const ramAvailable = Math.round(info.memory.ramAvailable * (1 - (at % 9) / 100))
      yield { type: 'NodeGatheredInfo', nodeId, info: { ...info, memory: { ...info.memory, ramAvailable } } }
    }
    const measured = { promptTokens: 24, completionTokens: 180, tokensPerSecond: 30 + (at % 5) }
    yield { type: 'TaskStatusUpdated', taskId, status: 'Complete', measured }
  }
}

const take = (events: Iterator<Event>, count: number): Event[] =>
  Array.from({ length: count }, () => events.next().value as Event)

const sum = (values: readonly number[]): number => values.reduce((all, value) => all + value, 0)
const ms = (value: number): string => `${value.toFixed(value < 10 ? 1 : 0)} ms`
const wait = (milliseconds: number) => new Promise((done) => setTimeout(done, milliseconds))

/** The window shows what has happened so far: a machine's new name, which is the last of it. */
const caughtUp = async (page: Page, gallery: Gallery, { world }: Scene): Promise<void> => {
  const [member] = Object.values(world.state.members)
  if (!member) throw new Error('there is no machine')
  const friendlyName = `Studio 1 at ${world.state.lastEventIndex}`
  gallery.emit({ type: 'MemberUpdated', nodeId: member.nodeId, friendlyName })
  await page.getByText(friendlyName).first().waitFor({ timeout: 120_000 })
}

/** Loads the app until the cluster's first machines are drawn. */
const load = async (page: Page, { url }: Gallery): Promise<number> => {
  const began = performance.now()
  await page.goto(`${url}/#/cluster`)
  await page.getByText('connected').first().waitFor({ timeout: 120_000 })
  await page.locator('[data-meta-instance-id]').first().waitFor({ timeout: 120_000 })
  await drawn(page)
  return performance.now() - began
}

const open = (page: string): Act => ({ kind: 'click', at: `a[href="#/${page}"]` })

/** What a user does, and what brings the window back to where the next begins. */
const ACTS: readonly { readonly name: string; readonly act: Act; readonly then?: readonly Act[] | 'Escape' }[] = [
  { name: 'open Connect', act: open('connect') },
  { name: 'open Models', act: open('models') },
  { name: 'open Activity', act: open('activity') },
  { name: 'open Chat', act: open('chat') },
  { name: 'open Settings', act: open('settings') },
  { name: 'come back to the cluster page', act: open('cluster') },
  {
    name: 'search the shelf',
    act: { kind: 'fill', at: 'aside input', text: 'Model-1' },
    then: [{ kind: 'fill', at: 'aside input', text: '' }],
  },
  { name: 'open the launch form', act: { kind: 'click', at: 'aside li button' } },
  { name: 'choose another model in it', act: { kind: 'choose', at: 'dialog select', option: 100 }, then: 'Escape' },
  { name: 'open the palette', act: { kind: 'press', key: 'k' } },
  { name: 'search in it', act: { kind: 'fill', at: '.palette-input', text: 'model-3' }, then: 'Escape' },
  {
    name: 'open a machine',
    act: { kind: 'click', at: 'article[data-node-id] h3 button' },
    then: [{ kind: 'click', at: 'article[data-node-id] h3 button' }],
  },
  {
    name: 'show models as a list',
    act: { kind: 'click', at: '.views button:last-child' },
    then: [{ kind: 'click', at: '.views button:first-child' }],
  },
]

const RUNS = 3

/** Processor time of the window's thread from each act until the picture after it is drawn. */
const interactions = async (page: Page, spent: () => Promise<number>): Promise<Row[]> => {
  const times = ACTS.map((): number[] => [])
  for (let run = 0; run < RUNS; run += 1) {
    for (const [at, { act, then = [] }] of ACTS.entries()) {
      await wait(300)
      const before = await spent()
      await untilDrawn(page, act)
      times[at]?.push((await spent()) - before)
      await wait(300)
      if (then === 'Escape') await page.keyboard.press('Escape')
      else for (const undo of then) await untilDrawn(page, undo)
    }
  }
  return ACTS.map(({ name }, at) => {
    const each = times[at] ?? []
    const limit = { value: median(each), atMost: 100, unit: 'ms', noise: spread(each, 0) }
    return figure(name, ms(median(each)), limit)
  })
}

/** How large a cluster may be before the app is felt: 100 machines, 500 models, 40 declared, 10,000 events. */
export const run = async (): Promise<Bench> => {
  const scene = crowdOf(CROWD)
  const app = resolve(process.env['MUSTER_APP'] ?? 'out/renderer')
  const gallery = await serveScene(scene, { app })
  const executablePath = process.env['MUSTER_TEST_BROWSER'] ?? (await systemBrowser())
  const browser = await chromium.launch(executablePath === undefined ? {} : { executablePath })
  try {
    const visitor = await browser.newPage()
    const needed = await filesOfFirstPage(visitor, () => load(visitor, gallery))
    await visitor.close()
    const page = await browser.newPage({ viewport: { width: 1600, height: 1000 } })
    await page.addInitScript(NOTE_LONG_TASKS)
    const loaded = await load(page, gallery)
    const spent = await threadTime(page)
    await wait(2000)
    const firstPage = firstPageBytes(app, [...needed, ...workerScripts(page)])
    const loading = await longTasks(page)
    const rows = await interactions(page, spent)
    await longTasks(page)

    const events = traffic(scene)
    const [before, began] = [await spent(), performance.now()]
    for (let sent = 0; sent < RATE * SECONDS; sent += 1) {
      gallery.emit(...take(events, 1))
      const ahead = began + (1000 * (sent + 1)) / RATE - performance.now()
      if (ahead > 0) await wait(ahead)
    }
    await caughtUp(page, gallery, scene)
    const [worked, passed] = [(await spent()) - before, performance.now() - began]
    const flow = await longTasks(page)

    const beforeBurst = await spent()
    gallery.emit(...take(events, BURST))
    await caughtUp(page, gallery, scene)
    await wait(500)
    const burst = await longTasks(page)
    const burstWork = (await spent()) - beforeBurst

    for (let sent = 0; sent < EVENTS; sent += 200) gallery.emit(...take(events, 200))
    await caughtUp(page, gallery, scene)
    await longTasks(page)
    const later = await interactions(page, spent)

    const longest = (tasks: readonly { duration: number }[]) => Math.max(0, ...tasks.map(({ duration }) => duration))
    return {
      name: `App: ${CROWD.machines} machines, ${CROWD.models} models, ${CROWD.declared} declared`,
      rows: [
        figure('first page, compressed', `${(firstPage / 1000).toFixed(0)} KB`, {
          value: firstPage / 1000,
          atMost: 600,
          unit: 'KB',
        }),
        figure('until the cluster page is drawn', ms(loaded), { value: loaded, atMost: 1500, unit: 'ms' }),
        figure('longest task while it loads', ms(longest(loading))),
        ...rows,
        figure(`${RATE} events/s: share of the time at work`, `${((100 * worked) / passed).toFixed(0)} %`),
        figure(`${RATE} events/s: an event`, ms(worked / (RATE * SECONDS)), {
          value: worked / (RATE * SECONDS),
          atMost: 16,
          unit: 'ms',
        }),
        figure(`${RATE} events/s: long tasks`, `${flow.length}, ${ms(sum(flow.map(({ duration }) => duration)))}`, {
          value: flow.length,
          atMost: 0,
        }),
        figure(`${BURST} events at once: an event`, ms(burstWork / BURST), {
          value: burstWork / BURST,
          atMost: 16,
          unit: 'ms',
        }),
        figure(`${BURST} events at once: longest task`, ms(longest(burst)), {
          value: longest(burst),
          atMost: 100,
          unit: 'ms',
        }),
        ...later.map((row) => ({ ...row, figure: `after ${EVENTS.toLocaleString('en-US')} events: ${row.figure}` })),
      ],
    }
  } finally {
    await browser.close()
    await gallery.close()
  }
}
