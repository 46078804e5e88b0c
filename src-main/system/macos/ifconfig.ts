/** An interface in the output of `ifconfig`. */
export interface ShownInterface {
  readonly name: string
  /** Undefined for interfaces without a status (a tunnel). */
  readonly active: boolean | undefined
  /** IPv4 addresses. */
  readonly addresses: readonly string[]
  /** Members, if it is a bridge. */
  readonly members: readonly string[]
}

const allMatches = (block: string, pattern: RegExp): string[] =>
  [...block.matchAll(pattern)].flatMap(([, found]) => found ?? [])

/** Parses `ifconfig` (or `ifconfig -v`): one block per interface, its lines indented. */
export const parseIfconfig = (text: string): ShownInterface[] =>
  text.split(/^(?=\S)/m).flatMap((block): ShownInterface[] => {
    const name = /^([\w.-]+): flags=/.exec(block)?.[1]
    if (name === undefined) return []
    const status = /^\s+status: (\w+)/m.exec(block)?.[1]
    return [
      {
        name,
        active: status === undefined ? undefined : status === 'active',
        addresses: allMatches(block, /^\s+inet (\d+\.\d+\.\d+\.\d+)/gm),
        members: allMatches(block, /^\s+member: (\S+)/gm),
      },
    ]
  })
