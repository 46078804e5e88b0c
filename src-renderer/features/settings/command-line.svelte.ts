import type { CommandLineProblem, CommandLineToolAnswer, DesktopApi } from '@core/protocols/desktop'
import { listText, t } from '../../state/texts.svelte'

/** The app's command `muster` in the shell. Not available in a browser. */
export class CommandLine {
  answer: CommandLineToolAnswer = $state.raw({ state: 'unavailable' })
  readonly problem: CommandLineProblem | undefined = $derived(
    'problem' in this.answer ? this.answer.problem : undefined,
  )

  constructor(private readonly desktop: Pick<DesktopApi, 'commandLineTool'> | undefined) {}

  /** Never fails: if it cannot be read, the option is hidden. */
  async read(): Promise<void> {
    await this.ask('show').catch(() => undefined)
  }

  /** Installs or removes the command. Rejects if the app does not answer. */
  async ask(action: 'show' | 'install' | 'remove'): Promise<void> {
    this.answer = (await this.desktop?.commandLineTool({ action })) ?? { state: 'unavailable' }
  }
}

/** A shell line that adds the command's folder to PATH. */
export const pathLine = (path: string): string => `export PATH="${path.replace(/\/[^/]*$/, '')}:$PATH"`

/** Text of a failure. */
export const problemText = (problem: CommandLineProblem): string =>
  problem.kind === 'taken'
    ? t('settings.commandLine.taken', { path: problem.path })
    : t('settings.commandLine.unwritable', { folders: listText(problem.folders) })
