import { randomUUID } from 'node:crypto'
import { clipboard, dialog } from 'electron'
import type { Command } from '@core/commands/command'
import { CommandId, type MetaInstanceId } from '@core/ids'
import type { Translator } from '@core/texts/translator'
import type { RunningNode } from '../node/index'
import type { LoginItem } from './login-item'
import type { TrayAction } from './tray-entry'

export interface TrayActionsOptions {
  readonly node: Pick<RunningNode, 'commands' | 'cluster' | 'settings'>
  readonly loginItem: LoginItem
  /** Shows the window, at a link of its page if given. */
  readonly open: (hash?: string) => void
  readonly update: { check(): Promise<void>; install(): void }
  readonly quit: () => void
  readonly onChange: () => void
  readonly translator: () => Translator
}

const meaning = ({ problem }: Translator, error: unknown): string => {
  if (!(error instanceof Error)) return String(error)
  return ('code' in error && typeof error.code === 'string' ? problem(error.code) : undefined) ?? error.message
}

const explain = (translator: Translator, error: unknown): void =>
  dialog.showErrorBox(translator.text('desktop.failed'), meaning(translator, error))

/** Carries out an action chosen in the menu; failures are shown in a dialog. */
export const trayActions = (options: TrayActionsOptions): ((action: TrayAction) => void) => {
  const { node, loginItem, open, update, quit, onChange, translator } = options

  const submit = async (command: Command): Promise<void> => {
    await node.commands.submit(command, { commandId: CommandId.parse(randomUUID()) })
  }
  const setPaused = (metaInstanceIds: readonly MetaInstanceId[], paused: boolean): Promise<unknown> =>
    Promise.all(
      metaInstanceIds.map((metaInstanceId) =>
        submit({ type: 'UpdateMetaInstance', metaInstanceId, changes: { paused } }),
      ),
    )

  const perform = async (action: TrayAction): Promise<void> => {
    switch (action.do) {
      case 'open':
        return open(action.page === undefined ? undefined : `#/${action.page}`)
      case 'chat':
        return open(`#/chat?${new URLSearchParams({ model: action.metaInstanceId }).toString()}`)
      case 'pause':
      case 'resume':
        await setPaused(action.metaInstanceIds, action.do === 'pause')
        return
      case 'restart':
        return submit({ type: 'RestartMetaInstance', metaInstanceId: action.metaInstanceId })
      case 'copy':
        return void clipboard.writeText(action.text)
      case 'decide':
        if (!node.cluster.decide(action.requestId, action.allow))
          throw new Error(translator().text('desktop.requestGone'))
        return
      case 'keep-awake':
        await node.settings.update({ keepAwake: action.on ? 'on-power' : 'never' })
        return onChange()
      case 'open-at-login':
        loginItem.set(action.on)
        return onChange()
      case 'check-for-update':
        return update.check()
      case 'install-update':
        return update.install()
      case 'quit':
        return quit()
    }
  }
  return (action) => void perform(action).catch((error: unknown) => explain(translator(), error))
}
