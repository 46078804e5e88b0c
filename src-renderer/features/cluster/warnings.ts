import { nodeName } from '@core/state/bindings'
import type { State } from '@core/state/state'
import type { Connection } from '../../state/cluster.svelte'
import type { Trouble } from '../../state/own-node.svelte'

/** One line above the map. */
export interface Warning {
  readonly key: string
  readonly severity: 'failed' | 'retrying'
  readonly title: string
  readonly text: string
}

const CONNECTION: Readonly<Record<Connection, Warning | undefined>> = {
  starting: undefined,
  connected: undefined,
  unreachable: {
    key: 'unreachable',
    severity: 'failed',
    title: 'Can’t reach this node.',
    text: 'What you see may be out of date. The page reconnects by itself.',
  },
  signedOut: {
    key: 'signed-out',
    severity: 'failed',
    title: 'This browser is not signed in any more.',
    text: 'Open the sign-in link that “muster serve” prints when it starts.',
  },
}

export interface WarningInputs {
  readonly state: State
  readonly connection: Connection
  readonly trouble: Trouble | undefined
}

/** What deserves to be said above everything else, most severe first. */
export const warningsOf = ({ state, connection, trouble }: WarningInputs): Warning[] => {
  const found: Warning[] = []
  const lost = CONNECTION[connection]
  if (lost) found.push(lost)
  if (trouble && !lost)
    found.push({
      key: 'trouble',
      severity: 'failed',
      title: 'This node takes no changes now.',
      text: [trouble.reason, trouble.hint]
        .filter((part) => part !== undefined)
        .map((part) => part.replace(/\.?$/, '.'))
        .join(' '),
    })
  for (const { nodeId, cannotRun } of Object.values(state.nodes)) {
    if (cannotRun === undefined) continue
    const title = `${nodeName(state, nodeId)} can’t run models.`
    found.push({ key: `cannot-run ${nodeId}`, severity: 'retrying', title, text: cannotRun })
  }
  return found
}
