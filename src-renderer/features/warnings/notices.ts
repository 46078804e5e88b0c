import type { State } from '@core/state/state'
import type { CodedWarning, Severity } from '@core/warnings/warning'
import { warningsOf } from '@core/warnings/warnings'
import type { Connection } from '../../state/cluster.svelte'
import type { Trouble } from '../../state/own-node.svelte'
import { codedText, t } from '../../state/texts.svelte'

/** A line above the map: a cluster warning, or a notice about this page's node. */
export interface Notice {
  readonly key: string
  readonly severity: Severity
  readonly title: string
  readonly text: string
  /** Can be opened and dismissed; absent for notices about this page's node. */
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

/** Notices by severity; those about this page's node come first. */
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
