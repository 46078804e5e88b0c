import { describe, expect, it } from 'vitest'
import { ModelId, TaskId } from '@core/ids'
import { emptyState } from '@core/state/state'
import { GB, readyWorld, SMALL, World } from '@core/testing/world'
import { english, loadTranslator } from '@core/texts/translator'
import type { TrayEntry } from './tray-entry'
import { trayView, type TrayInput, type TrayView } from './tray-view'

const HERE = 'Mac Studio'

const viewOf = (world: Pick<World, 'state'>, more: Partial<TrayInput> = {}): TrayView =>
  trayView({
    state: world.state,
    nodeId: HERE as TrayInput['nodeId'],
    cluster: { asking: [], role: 'master' },
    apiUrl: 'http://127.0.0.1:52416',
    keepAwake: false,
    opensAtLogin: false,
    update: { state: 'unavailable', why: 'feed' },
    translator: english,
    ...more,
  })

/** A menu as text: submenus are indented, `✓` marks checked entries, `·` entries without an action. */
const drawn = (entries: readonly TrayEntry[], indent = ''): string[] =>
  entries.flatMap((entry) => {
    switch (entry.kind) {
      case 'separator':
        return [`${indent}—`]
      case 'text':
        return [`${indent}· ${entry.label}`]
      case 'item':
        return [`${indent}${entry.checked ? '✓ ' : ''}${entry.label}`]
      case 'submenu':
        return [`${indent}${entry.label} ▸`, ...drawn(entry.entries, `${indent}  `)]
    }
  })

const flat = (entries: readonly TrayEntry[]): TrayEntry[] =>
  entries.flatMap((entry) => (entry.kind === 'submenu' ? [entry, ...flat(entry.entries)] : [entry]))

const actionOf = (view: TrayView, label: string) => {
  const entry = flat(view.entries).find((one) => one.kind === 'item' && one.label === label)
  return entry?.kind === 'item' ? entry.action : undefined
}

const alone = (): World => {
  const world = new World()
  world.addNode(HERE)
  return world
}

const failed = (): World => {
  const { world, id } = readyWorld()
  world.fail(id)
  world.reconcile()
  return world
}

const loading = (): World => {
  const world = alone()
  world.declare()
  world.reconcile()
  return world
}

const answering = (): World => {
  const { world, id } = readyWorld()
  const { instanceId } = world.instance(id)
  const task = { instanceId, kind: 'generation', createdAt: world.now } as const
  world.apply(
    { type: 'TaskCreated', task: { ...task, taskId: TaskId.parse('live'), status: 'Running' } },
    { type: 'TaskCreated', task: { ...task, taskId: TaskId.parse('done'), status: 'Complete', tokensPerSecond: 33.6 } },
  )
  return world
}

const paused = (): World => {
  const world = alone()
  world.declare('chat', { paused: true })
  return world
}

describe('the shape of the ring and the line below it', () => {
  it.each<[string, Pick<World, 'state'>, Partial<TrayInput>, TrayView['form'], string]>([
    ['nothing is known', { state: emptyState() }, {}, 'hollow', 'Starting'],
    [
      'nobody leads',
      alone(),
      { cluster: { asking: [], role: 'seeking' } },
      'hollow',
      'No leader: nothing can be changed now',
    ],
    [
      'the disk takes nothing',
      alone(),
      { cluster: { asking: [], role: 'stepped-down' } },
      'hollow',
      'No leader: nothing can be changed now',
    ],
    ['nothing is declared', alone(), {}, 'whole', 'No always-on models'],
    ['all is ready', readyWorld().world, {}, 'whole', '1 model ready'],
    ['all is paused', paused(), {}, 'whole', '1 model paused'],
    ['a model loads', loading(), {}, 'turning', 'Loading 1 model'],
    ['a model answers', answering(), {}, 'turning', '1 model ready'],
    ['a model is retried', failed(), {}, 'broken', '1 model in trouble'],
  ])('where %s', (_, world, more, form, summary) => {
    expect(viewOf(world, more)).toMatchObject({ form, summary })
  })
})

describe('the menu', () => {
  it('has everything in its order', () => {
    const world = answering()
    world.addNode('Mac mini', { free: 8 * GB, total: 16 * GB })
    world.apply({
      type: 'NodeDownloadProgress',
      nodeId: world.addNode('Mac mini', { free: 8 * GB, total: 16 * GB }),
      modelId: ModelId.parse('m/large'),
      download: { status: 'Ongoing', downloadedBytes: 4.5 * GB, totalBytes: 10 * GB, bytesPerSecond: GB / 60 },
    })
    const asking = [
      { requestId: 'r', nodeId: 'x' as TrayInput['nodeId'], friendlyName: 'MacBook Air', digits: '123456' },
    ]
    const view = viewOf(world, {
      cluster: { asking, role: 'master' },
      keepAwake: true,
      update: { state: 'ready', version: '1.2.3' },
    })
    expect(drawn(view.entries)).toEqual([
      '· 1 model ready',
      '· 34 tokens/s · 1 request',
      '—',
      'MacBook Air asks to join · 123 456 ▸',
      '  · Allow it only if MacBook Air shows 123 456',
      '  Allow',
      '  Refuse',
      '—',
      `${SMALL} — ready ▸`,
      '  · On Mac Studio · 34 tokens/s · 1 request',
      '  Chat',
      '  Pause',
      '  Restart',
      '  Copy model id',
      'Pause all models',
      '—',
      'm/large — 45 % on Mac mini · 6 min left',
      '—',
      '2 machines · 56 GB free ▸',
      '  Mac Studio — 48 GB of 64 GB free',
      '  Mac mini — 8 GB of 16 GB free',
      '—',
      'Open Muster',
      'Copy API address',
      'Connect a tool…',
      'Settings…',
      '—',
      '✓ Keep awake for models',
      'Open at login',
      '—',
      'Restart to update to 1.2.3',
      '—',
      'Quit Muster…',
    ])
  })

  it('is short where there is nothing to say', () => {
    expect(drawn(viewOf(alone(), { opensAtLogin: undefined }).entries)).toEqual([
      '· No always-on models',
      '—',
      '1 machine · 48 GB free ▸',
      '  Mac Studio — 48 GB of 64 GB free',
      '—',
      'Open Muster',
      'Copy API address',
      'Connect a tool…',
      'Settings…',
      '—',
      'Keep awake for models',
      '—',
      'Quit Muster',
    ])
  })

  it.each([
    ['Chat', { do: 'chat', metaInstanceId: 'chat' }],
    ['Pause', { do: 'pause', metaInstanceIds: ['chat'] }],
    ['Restart', { do: 'restart', metaInstanceId: 'chat' }],
    ['Copy model id', { do: 'copy', text: 'chat' }],
    ['Copy API address', { do: 'copy', text: 'http://127.0.0.1:52416/v1' }],
    ['Connect a tool…', { do: 'open', page: 'connect' }],
    ['Keep awake for models', { do: 'keep-awake', on: true }],
    ['Open at login', { do: 'open-at-login', on: true }],
  ])('does by “%s” what it says', (label, action) => {
    const world = alone()
    world.declare('chat', { name: 'chat' })
    expect(actionOf(viewOf(world), label)).toEqual(action)
  })

  it('opens a chat with the declaration itself, which has its model’s name for want of another', () => {
    const world = alone()
    world.declare('code')
    expect(actionOf(viewOf(world), 'Chat')).toEqual({ do: 'chat', metaInstanceId: 'code' })
  })

  it('resumes what is paused, and all only where nothing else is left to pause', () => {
    const world = paused()
    expect(actionOf(viewOf(world), 'Resume')).toEqual({ do: 'resume', metaInstanceIds: ['chat'] })
    expect(actionOf(viewOf(world), 'Resume all models')).toEqual({ do: 'resume', metaInstanceIds: ['chat'] })
    world.declare('code')
    expect(actionOf(viewOf(world), 'Pause all models')).toEqual({ do: 'pause', metaInstanceIds: ['code'] })
    expect(actionOf(viewOf(world), 'Resume all models')).toBeUndefined()
  })

  it('marks a model on request, which pausing all leaves alone', () => {
    const world = alone()
    world.declare('asked', { onRequest: { idleSeconds: 300 } })
    const lines = drawn(viewOf(world).entries)
    expect(lines).toContain(`${SMALL} — placing, on request ▸`)
    expect(lines).not.toContain('Pause all models')
  })

  it('shows a machine that is away, and one that is kept awake', () => {
    const world = alone()
    const mini = world.addNode('Mac mini')
    world.apply({ type: 'NodeLeaving', nodeId: mini, reason: 'sleep' })
    const studio = world.state.nodes[HERE as TrayInput['nodeId']]
    if (studio === undefined) throw new Error('no machine')
    const { nodeId, ...info } = studio
    world.apply({
      type: 'NodeGatheredInfo',
      nodeId,
      info: { ...info, power: { onBattery: true, awakeFor: 'download' } },
    })
    const lines = drawn(viewOf(world).entries)
    expect(lines).toContain('  Mac Studio — 48 GB of 64 GB free · Kept awake by a download, on battery')
    expect(lines).toContain('  Mac mini — away')
  })

  it.each([
    [{ state: 'idle' }, 'Check for updates'],
    [{ state: 'failed', reason: 'offline' }, 'Check for updates'],
    [{ state: 'checking' }, '· Checking for updates …'],
    [{ state: 'downloading', version: '2.0.0', part: 0.256 }, '· Downloading Muster 2.0.0 · 26 %'],
    [{ state: 'ready', version: '2.0.0' }, 'Restart to update to 2.0.0'],
  ] as const)('tells of an update that is %j', (update, line) => {
    expect(drawn(viewOf(alone(), { update }).entries)).toContain(line)
  })

  it('is in the language of the person', async () => {
    const lines = drawn(viewOf(answering(), { translator: await loadTranslator('de') }).entries)
    expect(lines.slice(0, 2)).toEqual(['· 1 Modell bereit', '· 34 Tokens/s · 1 Anfrage'])
    expect(lines.at(-1)).toBe('Muster beenden…')
  })

  it('answers whoever asks to join', () => {
    const asking = [{ requestId: 'r', nodeId: 'x' as TrayInput['nodeId'], friendlyName: 'Air', digits: '123456' }]
    const view = viewOf(alone(), { cluster: { asking, role: 'follower' } })
    expect(actionOf(view, 'Allow')).toEqual({ do: 'decide', requestId: 'r', allow: true })
    expect(actionOf(view, 'Refuse')).toEqual({ do: 'decide', requestId: 'r', allow: false })
  })
})
