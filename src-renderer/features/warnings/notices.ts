import type { State } from '@core/state/state'
import type { Severity, Warning } from '@core/warnings/warning'
import { warningsOf } from '@core/warnings/warnings'
import type { Connection } from '../../state/cluster.svelte'
import type { Trouble } from '../../state/own-node.svelte'

/** One line above the map: a warning of the cluster, or something about this page's own node. */
export interface Notice {
  readonly key: string
  readonly severity: Severity
  readonly title: string
  readonly text: string
  /** What can be opened and dismissed; what this page says of its own node cannot. */
  readonly warning?: Warning
}

const CONNECTION: Readonly<Record<Connection, Notice | undefined>> = {
  starting: undefined,
  connected: undefined,
  unreachable: {
    key: 'unreachable',
    severity: 'error',
    title: 'Can’t reach this node.',
    text: 'What you see may be out of date. The page reconnects by itself.',
  },
  signedOut: {
    key: 'signed-out',
    severity: 'error',
    title: 'This browser is not signed in any more.',
    text: 'Open the sign-in link that “muster serve” prints when it starts.',
  },
}

export interface NoticeInputs {
  readonly state: State
  readonly connection: Connection
  readonly trouble: Trouble | undefined
}

const noticeOf = (warning: Warning): Notice => {
  const { id: key, severity, title, cause: text } = warning
  return { key, severity, title, text, warning }
}

/** What deserves to be said above everything else, most severe first; this page's own node before the rest. */
export const noticesOf = ({ state, connection, trouble }: NoticeInputs): Notice[] => {
  const own: Notice[] = []
  const lost = CONNECTION[connection]
  if (lost) own.push(lost)
  if (trouble && !lost)
    own.push({
      key: 'trouble',
      severity: 'error',
      title: 'This node takes no changes now.',
      text: [trouble.reason, trouble.hint]
        .filter((part) => part !== undefined)
        .map((part) => part.replace(/\.?$/, '.'))
        .join(' '),
    })
  return [...own, ...warningsOf(state).map(noticeOf)]
}
