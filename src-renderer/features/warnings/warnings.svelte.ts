import { getContext, setContext } from 'svelte'
import { z } from 'zod'
import type { NodeId } from '@core/ids'
import type { CodedWarning } from '@core/warnings/warning'
import { Kept } from '../../state/kept.svelte'
import { noticesOf, type NoticeInputs } from './notices'

const KEY = Symbol('warnings')
/** The oldest are dropped first, so a very old warning may appear again. */
const MAX_DISMISSED = 200

/** Active warnings, dismissed ones, and the one that is open. */
export class Warnings {
  /** Stored in this browser: other users may not have seen the warning. */
  private readonly kept = new Kept('muster.dismissed-warnings', z.array(z.string()), [])
  private readonly all = $derived.by(() => noticesOf(this.inputs()))
  readonly shown = $derived(this.all.filter(({ warning }) => !warning || !this.isDismissed(warning)))
  readonly dismissed = $derived(
    this.all.flatMap(({ warning }) => (warning && this.isDismissed(warning) ? [warning] : [])),
  )
  /** A copy from when it was opened, so that the steps stay readable while the user follows them. */
  opened: readonly CodedWarning[] | undefined = $state.raw()

  constructor(private readonly inputs: () => NoticeInputs) {}

  /** Warnings to show on a machine. */
  readonly on = (nodeId: NodeId): CodedWarning[] =>
    this.shown.flatMap(({ warning }) => (warning?.nodeIds.includes(nodeId) ? [warning] : []))

  /** Whether the warning is still active. */
  readonly lasts = ({ id }: CodedWarning): boolean => this.all.some(({ key }) => key === id)

  open(...warnings: readonly CodedWarning[]): void {
    this.opened = warnings
  }

  close(): void {
    this.opened = undefined
  }

  /** Hidden until it concerns something new, which has another id. */
  dismiss({ id }: CodedWarning): void {
    this.kept.current = [...this.kept.current.filter((one) => one !== id), id].slice(-MAX_DISMISSED)
  }

  restore({ id }: CodedWarning): void {
    this.kept.current = this.kept.current.filter((one) => one !== id)
  }

  private isDismissed({ id }: CodedWarning): boolean {
    return this.kept.current.includes(id)
  }
}

export const provideWarnings = (warnings: Warnings): Warnings => setContext(KEY, warnings)
export const useWarnings = (): Warnings => getContext<Warnings>(KEY)
