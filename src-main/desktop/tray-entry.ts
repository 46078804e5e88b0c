import type { MetaInstanceId } from '@core/ids'

/** Pages of the window, by their names in links. */
export type TrayPage = 'cluster' | 'models' | 'connect' | 'settings'

/** The action of a menu entry. */
export type TrayAction =
  | { readonly do: 'open'; readonly page?: TrayPage }
  | { readonly do: 'chat'; readonly metaInstanceId: MetaInstanceId }
  | { readonly do: 'pause' | 'resume'; readonly metaInstanceIds: readonly MetaInstanceId[] }
  | { readonly do: 'restart'; readonly metaInstanceId: MetaInstanceId }
  | { readonly do: 'copy'; readonly text: string }
  | { readonly do: 'decide'; readonly requestId: string; readonly allow: boolean }
  | { readonly do: 'keep-awake'; readonly on: boolean }
  | { readonly do: 'open-at-login'; readonly on: boolean }
  | { readonly do: 'install-update' | 'check-for-update' | 'quit' }

export type TrayEntry =
  | { readonly kind: 'separator' }
  /** A line without an action. */
  | { readonly kind: 'text'; readonly label: string }
  | { readonly kind: 'item'; readonly label: string; readonly action: TrayAction; readonly checked?: boolean }
  | { readonly kind: 'submenu'; readonly label: string; readonly entries: readonly TrayEntry[] }
