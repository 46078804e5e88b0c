import type { NodeId } from '@core/ids'
import { Day, type Hours } from '@core/schedules/hours'

/** One weekly period in the form; no days mean every day, no machines mean the form's machines. */
export interface HoursEntry {
  days: readonly Day[]
  from: string
  to: string
  timeZone: string
  nodeIds: readonly NodeId[]
}

const WORKDAYS = Day.options.slice(0, 5)

const ownTimeZone = (): string => Intl.DateTimeFormat().resolvedOptions().timeZone

const given = ({ days, nodeIds, ...entry }: HoursEntry): Hours => ({
  ...(days.length > 0 && days.length < Day.options.length && { days: Day.options.filter((day) => days.includes(day)) }),
  ...entry,
  ...(nodeIds.length > 0 && { nodeIds: [...nodeIds] }),
})

const same = (a: readonly Hours[] | undefined, b: readonly Hours[] | undefined): boolean => {
  const plain = (hours: readonly Hours[] = []) =>
    hours.map(({ days = [], from, to, timeZone, nodeIds = [] }) => [days, from, to, timeZone, nodeIds])
  return JSON.stringify(plain(a)) === JSON.stringify(plain(b))
}

/** Form state of a declaration's hours. */
export class HoursForm {
  entries: readonly HoursEntry[] = $state.raw([])
  /** For the API; undefined: always. */
  readonly value: Hours[] | undefined = $derived(this.entries.length === 0 ? undefined : this.entries.map(given))

  constructor(private readonly known: readonly Hours[] | undefined) {
    this.entries = (known ?? []).map(({ days = Day.options, nodeIds = [], ...entry }) => ({ ...entry, days, nodeIds }))
  }

  get isChanged(): boolean {
    return !same(this.known, this.value)
  }

  /** Adds working hours first, then nights. */
  add(): void {
    const timeZone = this.entries.at(-1)?.timeZone ?? ownTimeZone()
    const entry =
      this.entries.length === 0
        ? { days: WORKDAYS, from: '09:00', to: '18:00' }
        : { days: Day.options, from: '18:00', to: '09:00' }
    this.entries = [...this.entries, { ...entry, timeZone, nodeIds: [] }]
  }

  remove(index: number): void {
    this.entries = this.entries.filter((_, at) => at !== index)
  }

  change(index: number, changes: Partial<HoursEntry>): void {
    this.entries = this.entries.map((entry, at) => (at === index ? { ...entry, ...changes } : entry))
  }

  /** Adds or removes a day or a machine. */
  toggle<Value>(values: readonly Value[], value: Value): readonly Value[] {
    return values.includes(value) ? values.filter((one) => one !== value) : [...values, value]
  }
}
