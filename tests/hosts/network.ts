import { execFileSync, spawn, type ChildProcess } from 'node:child_process'

/** Machines for tests: network namespaces on one bridge, which the product cannot tell from real ones. Needs root. */

const run = (command: string, ...args: string[]): string =>
  execFileSync(command, args, { encoding: 'utf8', stdio: ['ignore', 'pipe', 'pipe'] })

/** Why there can be no hosts here; undefined where there can. */
export const noHosts = (): string | undefined => {
  if (process.platform !== 'linux') return 'network namespaces exist on Linux only'
  if (process.getuid?.() !== 0) return 'network namespaces need root'
  const name = `muster-try-${process.pid}`
  try {
    run('ip', 'netns', 'add', name)
    run('ip', 'netns', 'delete', name)
    return undefined
  } catch (error) {
    return `network namespaces cannot be made here: ${error instanceof Error ? error.message.trim() : String(error)}`
  }
}

let delays: boolean | undefined

/** Whether this kernel can hold packets back (`sch_netem`), which small ones are built without. Tried once. */
export const canDelay = (): boolean => {
  if (delays !== undefined) return delays
  if (noHosts() !== undefined) return (delays = false)
  const name = `muster-try-delay-${process.pid}`
  run('ip', 'netns', 'add', name)
  try {
    run('tc', '-n', name, 'qdisc', 'add', 'dev', 'lo', 'root', 'netem', 'delay', '1ms')
    delays = true
  } catch {
    delays = false
  } finally {
    run('ip', 'netns', 'delete', name)
  }
  return delays
}

export interface Host {
  readonly name: string
  readonly address: string
  /** Starts a program on this host. The caller ends it. */
  spawn(command: string, args: readonly string[], options?: { env?: NodeJS.ProcessEnv; cwd?: string }): ChildProcess
  /** Pulls the cable: what was connected hears nothing of it. */
  unplug(): void
  plug(): void
  /** Takes its IPv4 address away. */
  onlyIPv6(): void
  /** Drops what comes in for a TCP port without an answer, as a firewall does; what this host calls itself goes on. */
  block(port: number): void
  unblock(port: number): void
  /** These two do not reach one another, whomever else they reach; neither hears of it. */
  cut(other: Host): void
  mend(other: Host): void
  /** This one hears the other no more, which still hears this one. */
  deafen(other: Host): void
  hearAgain(other: Host): void
  /** Every packet from here takes so much longer. Only where `canDelay()`. */
  delay(milliseconds: number): void
  /** So many bits a second leave it. */
  limit(bitsPerSecond: number): void
}

/** Routing rules, which every kernel has, come before the rule that delivers to the host itself. */
const rulesFirst = (name: string): void => {
  if (run('ip', '-n', name, 'rule').includes('10:')) return
  for (const family of ['-4', '-6']) {
    run('ip', family, '-n', name, 'rule', 'add', 'pref', '10', 'lookup', 'local')
    run('ip', family, '-n', name, 'rule', 'delete', 'pref', '0')
  }
}

/** All its addresses but those of the loopback interface. */
const addressesOf = (name: string, family: '-4' | '-6'): string[] =>
  [
    ...run('ip', family, '-n', name, '-o', 'address', 'show', 'dev', 'eth0').matchAll(/inet6? ([0-9a-f.:]+)\//g),
  ].flatMap(([, address]) => address ?? [])

/** What comes in from another host is dropped. */
const refuse = (name: string, what: 'add' | 'delete', from: string): void => {
  rulesFirst(name)
  for (const family of ['-4', '-6'] as const)
    for (const address of addressesOf(from, family))
      run(
        ...(['ip', family, '-n', name, 'rule', what, 'pref', '4'] as const),
        ...(['from', address, 'iif', 'eth0', 'blackhole'] as const),
      )
}

const firewall = (name: string, what: 'add' | 'delete', port: number): void => {
  rulesFirst(name)
  for (const family of ['-4', '-6'])
    run(
      ...(['ip', family, '-n', name, 'rule', what, 'pref', '5', 'iif', 'eth0', 'ipproto', 'tcp'] as const),
      ...(['dport', String(port), 'blackhole'] as const),
    )
}

let made = 0

/** A switch with so many hosts on it, and nothing else. */
export const connectHosts = (count: number): { hosts: readonly Host[]; dispose(): void } => {
  const id = `m${process.pid % 10_000}${made++}`
  const hub = `${id}hub`
  const undo: (() => void)[] = []
  const dispose = (): void => {
    for (const step of undo.splice(0).reverse()) {
      try {
        step()
      } catch {
        // What was never made cannot be taken away.
      }
    }
  }
  const namespace = (name: string): void => {
    run('ip', 'netns', 'add', name)
    undo.push(() => run('ip', 'netns', 'delete', name))
    run('ip', '-n', name, 'link', 'set', 'lo', 'up')
  }
  const host = (at: number): Host => {
    const name = `${id}h${at}`
    const address = `10.77.0.${at + 1}`
    const [inside, port] = ['eth0', `p${at}`]
    namespace(name)
    run('ip', 'link', 'add', inside, 'netns', name, 'type', 'veth', 'peer', 'name', port, 'netns', hub)
    run('ip', '-n', hub, 'link', 'set', port, 'master', 'br0', 'up')
    run('ip', '-n', name, 'address', 'add', `${address}/24`, 'dev', inside)
    run('ip', '-n', name, 'link', 'set', inside, 'up')
    run('ip', '-n', name, 'route', 'add', 'default', 'dev', inside)
    return {
      name,
      address,
      spawn: (command, args, options = {}) =>
        spawn('ip', ['netns', 'exec', name, command, ...args], { stdio: ['pipe', 'pipe', 'pipe'], ...options }),
      // At the switch, so that the host's own interface stays up, as with a switch that dies.
      unplug: () => void run('ip', '-n', hub, 'link', 'set', port, 'nomaster'),
      plug: () => void run('ip', '-n', hub, 'link', 'set', port, 'master', 'br0'),
      onlyIPv6: () => void run('ip', '-n', name, '-4', 'address', 'flush', 'dev', inside),
      block: (dport) => void firewall(name, 'add', dport),
      unblock: (dport) => void firewall(name, 'delete', dport),
      cut: (other) => {
        refuse(name, 'add', other.name)
        refuse(other.name, 'add', name)
      },
      mend: (other) => {
        refuse(name, 'delete', other.name)
        refuse(other.name, 'delete', name)
      },
      deafen: (other) => refuse(name, 'add', other.name),
      hearAgain: (other) => refuse(name, 'delete', other.name),
      delay: (milliseconds) =>
        void run('tc', '-n', name, 'qdisc', 'replace', 'dev', inside, 'root', 'netem', 'delay', `${milliseconds}ms`),
      limit: (bitsPerSecond) =>
        void run(
          'tc',
          '-n',
          name,
          'qdisc',
          'replace',
          'dev',
          inside,
          'root',
          'tbf',
          'rate',
          `${bitsPerSecond}bit`,
          'burst',
          '32kbit',
          'latency',
          '400ms',
        ),
    }
  }
  try {
    namespace(hub)
    // Without multicast snooping: nobody here queries for groups, and announcements would be held back.
    run('ip', '-n', hub, 'link', 'add', 'br0', 'type', 'bridge', 'mcast_snooping', '0')
    run('ip', '-n', hub, 'link', 'set', 'br0', 'up')
    return { hosts: Array.from({ length: count }, (_, at) => host(at)), dispose }
  } catch (error) {
    dispose()
    throw error
  }
}
