import { getContext, setContext } from 'svelte'
import { z } from 'zod'
import type { NodeId } from '@core/ids'
import type { CodedWarning } from '@core/warnings/warning'
import { Kept } from '../../state/kept.svelte'
import { noticesOf, type NoticeInputs } from './notices'

const KEY = Symbol('warnings')
/** The longest dismissed go first: a warning that old says what it has to say anew. */
const MAX_DISMISSED = 200

/** What is to be said, what this person does not want to hear again, and what is open to be read. */
export class Warnings {
  /** Kept where the person is: somebody else at another machine may not have seen it. */
  private readonly kept = new Kept('muster.dismissed-warnings', z.array(z.string()), [])
  private readonly all = $derived.by(() => noticesOf(this.inputs()))
  readonly shown = $derived(this.all.filter(({ warning }) => !warning || !this.isDismissed(warning)))
  readonly dismissed = $derived(
    this.all.flatMap(({ warning }) => (warning && this.isDismissed(warning) ? [warning] : [])),
  )
  /** As they were when they were opened: who follows the steps must be able to read them to the end. */
  opened: readonly CodedWarning[] | undefined = $state.raw()

  constructor(private readonly inputs: () => NoticeInputs) {}

  /** Those to show on a machine. */
  readonly on = (nodeId: NodeId): CodedWarning[] =>
    this.shown.flatMap(({ warning }) => (warning?.nodeIds.includes(nodeId) ? [warning] : []))

  /** Whether what it says is still so. */
  readonly lasts = ({ id }: CodedWarning): boolean => this.all.some(({ key }) => key === id)

  open(...warnings: readonly CodedWarning[]): void {
    this.opened = warnings
  }

  close(): void {
    this.opened = undefined
  }

  /** Until it is about something new, which has another id. */
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
