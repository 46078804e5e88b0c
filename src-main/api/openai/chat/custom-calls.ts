import type { ContentDelta } from '@core/generation/stream'
import { customInput } from '../custom-tools'
import type { CallForm } from './completion'

interface Call {
  readonly index: number
  readonly id: string
  readonly name: string
  text: string
}

/** Buffers calls of custom tools of one answer: their input can be extracted only from complete JSON. */
export class CustomCalls {
  private readonly names: ReadonlySet<string>
  private readonly calls = new Map<number, Call>()

  constructor(form: CallForm) {
    this.names = form.kind === 'tools' ? form.custom : new Set()
  }

  /** Whether the delta belongs to a custom tool call, which is emitted at the end. */
  take(delta: ContentDelta): boolean {
    if (delta.channel !== 'toolCall') return false
    const { index, id, name, arguments: text } = delta
    const open = this.calls.get(index)
    if (open) open.text += text
    else if (name !== undefined && this.names.has(name))
      this.calls.set(index, { index, id: id ?? `call_${index}`, name, text })
    else return false
    return true
  }

  /** The calls as fields of chunks. */
  collected(): object[] {
    return [...this.calls.values()].map(({ index, id, name, text }) => ({
      index,
      id,
      type: 'custom',
      custom: { name, input: customInput(text) },
    }))
  }
}
