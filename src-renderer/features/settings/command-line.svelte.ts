import type { CommandLineProblem, CommandLineToolAnswer, DesktopApi } from '@core/protocols/desktop'
import { listText, t } from '../../state/texts.svelte'

/** The command `muster` of the desktop app. A browser has none, and shows nothing of it. */
export class CommandLine {
  answer: CommandLineToolAnswer = $state.raw({ state: 'unavailable' })
  readonly problem: CommandLineProblem | undefined = $derived(
    'problem' in this.answer ? this.answer.problem : undefined,
  )

  constructor(private readonly desktop: Pick<DesktopApi, 'commandLineTool'> | undefined) {}

  /** Never fails: where it cannot be read it is not offered. */
  async read(): Promise<void> {
    await this.ask('show').catch(() => undefined)
  }

  /** Puts it on the path, or takes it away. Rejects where the app does not answer. */
  async ask(action: 'show' | 'install' | 'remove'): Promise<void> {
    this.answer = (await this.desktop?.commandLineTool({ action })) ?? { state: 'unavailable' }
  }
}

/** What shells look in, with the line that adds a folder to it. */
export const pathLine = (path: string): string => `export PATH="${path.replace(/\/[^/]*$/, '')}:$PATH"`

/** Why it could not be done. */
export const problemText = (problem: CommandLineProblem): string =>
  problem.kind === 'taken'
    ? t('settings.commandLine.taken', { path: problem.path })
    : t('settings.commandLine.unwritable', { folders: listText(problem.folders) })
