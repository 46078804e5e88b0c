import type { State } from '@core/state/state'
import type { CodedWarning, Severity } from '@core/warnings/warning'
import { warningsOf } from '@core/warnings/warnings'
import type { Connection } from '../../state/cluster.svelte'
import type { Trouble } from '../../state/own-node.svelte'
import { codedText, t } from '../../state/texts.svelte'

/** One line above the map: a warning of the cluster, or something about this page's own node. */
export interface Notice {
  readonly key: string
  readonly severity: Severity
  readonly title: string
  readonly text: string
  /** What can be opened and dismissed; what this page says of its own node cannot. */
  readonly warning?: CodedWarning
}

const connectionNotice = (connection: Connection): Notice | undefined => {
  switch (connection) {
    case 'starting':
    case 'connected':
      return undefined
    case 'unreachable':
      return {
        key: 'unreachable',
        severity: 'error',
        title: t('warnings.unreachable'),
        text: t('warnings.unreachableAbout'),
      }
    case 'signedOut':
      return {
        key: 'signed-out',
        severity: 'error',
        title: t('warnings.signedOut'),
        text: t('warnings.signedOutAbout'),
      }
  }
}

export interface NoticeInputs {
  readonly state: State
  readonly connection: Connection
  readonly trouble: Trouble | undefined
}

const noticeOf = (warning: CodedWarning): Notice => {
  const { id: key, severity, title, cause } = warning
  return { key, severity, title: codedText(title), text: codedText(cause), warning }
}

/** What deserves to be said above everything else, most severe first; this page's own node before the rest. */
export const noticesOf = ({ state, connection, trouble }: NoticeInputs): Notice[] => {
  const own: Notice[] = []
  const lost = connectionNotice(connection)
  if (lost) own.push(lost)
  if (trouble && !lost)
    own.push({
      key: 'trouble',
      severity: 'error',
      title: t('warnings.trouble'),
      text: [trouble.reason, trouble.hint]
        .filter((part) => part !== undefined)
        .map((part) => part.replace(/\.?$/, '.'))
        .join(' '),
    })
  return [...own, ...warningsOf(state).map(noticeOf)]
}
