import type { Delta, Finished } from '../../answering/answer'
import { queuedComment } from '../../answering/queued-comment'
import type { AnswerWriter } from '../../answering/stream-answer'
import { openaiError } from '../../dialect'
import type { Problem } from '../../problem'
import { Output } from './output'
import type { ResponseEvent } from './output-items'
import { STATUS_OF, type Progress, type ResponseObject } from './response'

export interface ResponseEventsOptions {
  readonly describe: (progress: Progress) => ResponseObject
  readonly custom: ReadonlySet<string>
  /** Called with the finished response before the client receives it. */
  readonly keep: (response: ResponseObject) => void
}

/** Writes a response as OpenAI's SSE events, numbered from 0. */
export class ResponseEvents implements AnswerWriter {
  readonly contentType = 'text/event-stream; charset=utf-8'
  readonly heartbeat = ': alive\n\n'
  readonly queued = queuedComment
  private readonly output: Output
  private sequence = 0

  constructor(private readonly options: ResponseEventsOptions) {
    this.output = new Output(options.custom)
  }

  begin(): string {
    const response = this.options.describe({ status: 'in_progress', output: [] })
    return this.written([
      { type: 'response.created', response },
      { type: 'response.in_progress', response },
    ])
  }

  delta({ content, logprobs }: Delta): string {
    return this.written(this.output.add(content, logprobs))
  }

  finished({ reason, usage }: Finished): string {
    const status = STATUS_OF[reason]
    const items = status === 'completed' ? 'completed' : 'incomplete'
    const events = this.output.end(items)
    const response = this.options.describe({ status, output: this.output.list(items), usage })
    this.options.keep(response)
    const type = status === 'completed' ? 'response.completed' : 'response.incomplete'
    return this.written([...events, { type, response }])
  }

  /** The failed response, then an error event that makes official clients throw. */
  failed(problem: Problem): string {
    const { code, explanation: message, more } = problem
    const begun = this.sequence === 0 ? this.begin() : ''
    const output = this.output.list('incomplete')
    const response = this.options.describe({ status: 'failed', output, error: { code, message } })
    const error = { type: 'error', code, message, param: more.param ?? null, ...openaiError(problem) }
    return begun + this.written([{ type: 'response.failed', response }, error])
  }

  private written(events: readonly ResponseEvent[]): string {
    return events
      .map((event) => {
        const data = JSON.stringify({ ...event, sequence_number: this.sequence })
        this.sequence += 1
        return `event: ${event.type}\ndata: ${data}\n\n`
      })
      .join('')
  }
}
