import { mkdtempSync, readFileSync, readdirSync, rmSync, writeFileSync } from 'node:fs'
import { tmpdir } from 'node:os'
import { join } from 'node:path'
import { afterEach, beforeEach, describe, expect, it } from 'vitest'
import { scriptFor, type Allowed, type Task } from './administrator'
import { BridgedPorts, parseMembers, type BridgedPortsOptions } from './bridged-ports'

/** A Mac with one bridge: it executes the commands, and prints the bridge's members as ifconfig does. */
class FakeMac {
  members = ['en1', 'en2', 'en3']
  dhcp: string[] = []
  readonly ran: string[] = []
  /** What the person does, or what fails. */
  answer: 'allow' | 'decline' | { readonly failAt: number } = 'allow'
  /** Called when macOS asks, before anything is run. */
  asked: () => void = () => undefined

  readonly run = async (_path: string, [bridge]: readonly string[]): Promise<string | undefined> =>
    bridge === 'bridge0'
      ? `bridge0: flags=8863<UP> mtu 1500\n${this.members.map((name) => `\tmember: ${name} flags=3<LEARNING,DISCOVER>\n`).join('')}`
      : undefined

  readonly asAdministrator = async (task: Task): Promise<Allowed> => {
    // Refuse what the real one refuses.
    scriptFor(task)
    this.asked()
    if (this.answer === 'decline') return { outcome: 'declined' }
    for (const [at, command] of task.commands.entries()) {
      if (this.answer !== 'allow' && this.answer.failAt === at) {
        if (task.stopAtFailure) return { outcome: 'failed', message: 'ifconfig: Device busy' }
        continue
      }
      this.ran.push(command)
      const [, verb, name = '', how] = / (deletem|addm|set) (en\d+)(?: (\w+))?$/.exec(command) ?? []
      if (verb === 'deletem') this.members = this.members.filter((one) => one !== name)
      if (verb === 'addm') this.members.push(name)
      if (verb === 'set') this.dhcp = [...this.dhcp.filter((one) => one !== name), ...(how === 'DHCP' ? [name] : [])]
    }
    return { outcome: 'done' }
  }
}

const TAKE_OUT = [
  '/sbin/ifconfig bridge0 deletem en1',
  '/sbin/ifconfig bridge0 deletem en3',
  '/usr/sbin/ipconfig set en1 DHCP',
  '/usr/sbin/ipconfig set en3 DHCP',
]
const PUT_BACK = [
  '/usr/sbin/ipconfig set en1 NONE',
  '/usr/sbin/ipconfig set en3 NONE',
  '/sbin/ifconfig bridge0 addm en1',
  '/sbin/ifconfig bridge0 addm en3',
]

describe('Thunderbolt ports in a bridge', () => {
  let dataDir = ''
  let mac: FakeMac
  let changes = 0

  beforeEach(() => {
    dataDir = mkdtempSync(join(tmpdir(), 'muster-bridge-'))
    mac = new FakeMac()
    changes = 0
  })
  afterEach(() => rmSync(dataDir, { recursive: true, force: true }))

  const start = (special: Partial<BridgedPortsOptions> = {}): BridgedPorts =>
    new BridgedPorts({
      platform: 'darwin',
      dataDir,
      ports: () => [{ bridge: 'bridge0', interfaces: ['en1', 'en3'] }],
      run: mac.run,
      asAdministrator: mac.asAdministrator,
      onChange: () => (changes += 1),
      log: { info: () => undefined, warn: () => undefined },
      ...special,
    })
  const show = () => start().answer({ action: 'show' })

  it('are shown with the exact commands before anything is run', async () => {
    expect(await show()).toEqual({ release: TAKE_OUT, undo: [], outcome: 'shown' })
    expect([mac.ran, readdirSync(dataDir), changes]).toEqual([[], [], 0])
  })

  it('are taken out by the commands that were shown, and put back by those that undo them', async () => {
    const ports = start()
    expect(await ports.answer({ action: 'release', commands: TAKE_OUT })).toEqual({
      release: [],
      undo: PUT_BACK,
      outcome: 'done',
    })
    expect([mac.ran, mac.members, mac.dhcp, changes]).toEqual([TAKE_OUT, ['en2'], ['en1', 'en3'], 1])
    expect(await ports.answer({ action: 'undo', commands: PUT_BACK })).toEqual({
      release: TAKE_OUT,
      undo: [],
      outcome: 'done',
    })
    expect([mac.members.sort(), mac.dhcp, readdirSync(dataDir)]).toEqual([['en1', 'en2', 'en3'], [], []])
  })

  it('can be put back after a restart of Muster', async () => {
    await start().answer({ action: 'release', commands: TAKE_OUT })
    expect(await show()).toEqual({ release: [], undo: PUT_BACK, outcome: 'shown' })
  })

  it('are recorded before the first command, so that a crash in the middle can be undone', async () => {
    mac.asked = () =>
      expect(JSON.parse(readFileSync(join(dataDir, 'bridged-ports.json'), 'utf8'))).toEqual({
        version: 1,
        taken: [{ bridge: 'bridge0', interfaces: ['en1', 'en3'] }],
      })
    mac.answer = { failAt: 1 }
    expect(await start().answer({ action: 'release', commands: TAKE_OUT })).toEqual({
      release: ['/sbin/ifconfig bridge0 deletem en3', '/usr/sbin/ipconfig set en3 DHCP'],
      undo: ['/usr/sbin/ipconfig set en1 NONE', '/sbin/ifconfig bridge0 addm en1'],
      outcome: 'failed',
      problem: 'ifconfig: Device busy',
    })
    mac.answer = 'allow'
    const { undo } = await show()
    expect((await start().answer({ action: 'undo', commands: undo })).outcome).toBe('done')
    expect(mac.members.sort()).toEqual(['en1', 'en2', 'en3'])
  })

  it('stay where they are when the person declines, which is an ordinary answer', async () => {
    mac.answer = 'decline'
    expect(await start().answer({ action: 'release', commands: TAKE_OUT })).toEqual({
      release: TAKE_OUT,
      undo: [],
      outcome: 'declined',
    })
    expect([mac.members, readdirSync(dataDir), changes]).toEqual([['en1', 'en2', 'en3'], [], 0])
  })

  it('can still be put back after putting them back was declined', async () => {
    await start().answer({ action: 'release', commands: TAKE_OUT })
    mac.answer = 'decline'
    expect((await start().answer({ action: 'undo', commands: PUT_BACK })).outcome).toBe('declined')
    expect((await show()).undo).toEqual(PUT_BACK)
  })

  it('are not touched by commands that were not shown', async () => {
    for (const commands of [[], TAKE_OUT.slice(1), ['/sbin/shutdown -h now']])
      expect((await start().answer({ action: 'release', commands })).outcome).toBe('changed')
    await start().answer({ action: 'release', commands: TAKE_OUT })
    expect(await start().answer({ action: 'release', commands: TAKE_OUT })).toMatchObject({
      outcome: 'changed',
      undo: PUT_BACK,
    })
    expect(mac.ran).toEqual(TAKE_OUT)
  })

  it('need no putting back after a restart of the Mac, which brings the bridge back', async () => {
    await start().answer({ action: 'release', commands: TAKE_OUT })
    mac.members = ['en1', 'en2', 'en3']
    expect(await show()).toEqual({ release: TAKE_OUT, undo: [], outcome: 'shown' })
  })

  it('cannot be put back into a bridge that is gone', async () => {
    await start().answer({ action: 'release', commands: TAKE_OUT })
    const gone = start({ run: async () => undefined })
    expect(await gone.answer({ action: 'show' })).toEqual({ release: [], undo: [], outcome: 'shown' })
  })

  it('are judged by the machine’s state afterwards, not by what a command returned', async () => {
    expect(
      await start({ asAdministrator: async () => ({ outcome: 'done' }) }).answer({
        action: 'release',
        commands: TAKE_OUT,
      }),
    ).toMatchObject({
      outcome: 'failed',
      problem: 'macOS has put the ports back',
    })
  })

  it('are left alone if the record of what was taken out cannot be read', async () => {
    writeFileSync(join(dataDir, 'bridged-ports.json'), '{"version":1,"taken":[{"bridge":"x; reboot"')
    expect(await show()).toMatchObject({ release: [], undo: [], outcome: 'failed' })
    expect(await start().answer({ action: 'release', commands: TAKE_OUT })).toMatchObject({ outcome: 'failed' })
    expect(mac.ran).toEqual([])
  })

  it('are no matter on another system, which says why', async () => {
    expect(await start({ platform: 'linux' }).answer({ action: 'release', commands: TAKE_OUT })).toMatchObject({
      unavailable: expect.stringContaining('Only macOS'),
      outcome: 'shown',
      release: [],
    })
    expect(mac.ran).toEqual([])
  })
})

describe('the members of a bridge', () => {
  it('are read from ifconfig as a MacBook Pro prints it', () => {
    const text = [
      'bridge0: flags=8863<UP,BROADCAST,SMART,RUNNING,SIMPLEX,MULTICAST> mtu 1500',
      '\toptions=63<RXCSUM,TXCSUM,TSO4,TSO6>',
      '\tConfiguration:',
      '\t\tipfilter disabled flags 0x0',
      '\tmember: en1 flags=3<LEARNING,DISCOVER>',
      '\t        ifmaxaddr 0 port 10 priority 0 path cost 0',
      '\tmember: en2 flags=3<LEARNING,DISCOVER>',
      '\t        ifmaxaddr 0 port 11 priority 0 path cost 0',
      '\tstatus: inactive',
    ]
    expect([...parseMembers(text.join('\n'))]).toEqual(['en1', 'en2'])
  })
})
