import { Api, type RequestOptions } from '../api/access'
import { unreachable } from '../api/problem'

const encoder = new TextEncoder()

/** A server-sent event stream that a test writes to. */
export class FakeStream {
  private controller: ReadableStreamDefaultController<Uint8Array> | undefined
  cancelled = false
  readonly body = new ReadableStream<Uint8Array>({
    start: (controller) => {
      this.controller = controller
    },
    cancel: () => {
      this.cancelled = true
    },
  })

  readonly response = (): Response => new Response(this.body, { headers: { 'content-type': 'text/event-stream' } })

  /** `id`: position, `term:index`. */
  send(data: unknown, { event, id }: { readonly event?: string; readonly id?: string } = {}): void {
    const text = typeof data === 'string' ? data : JSON.stringify(data)
    const head = `${event === undefined ? '' : `event: ${event}\n`}${id === undefined ? '' : `id: ${id}\n`}`
    this.controller?.enqueue(encoder.encode(`${head}data: ${text}\n\n`))
  }

  end(): void {
    this.controller?.close()
  }

  fail(): void {
    this.controller?.error(new Error('connection reset'))
  }
}

export interface Asked {
  readonly path: string
  readonly method: string
  readonly json: unknown
}

/** Answers as the test says, and records requests. */
export class FakeApi extends Api {
  readonly asked: Asked[] = []
  private readonly answers: (() => Response | Promise<Response>)[] = []

  constructor(private readonly otherwise?: (asked: Asked) => Response | undefined) {
    super('http://127.0.0.1:52416')
  }

  /** Queues answers for the next requests. */
  next(...answers: (() => Response | Promise<Response>)[]): this {
    this.answers.push(...answers)
    return this
  }

  override async request(path: string, { method = 'GET', json, signal }: RequestOptions = {}): Promise<Response> {
    const asked = { path, method, json }
    this.asked.push(asked)
    if (signal?.aborted) throw signal.reason
    const response = this.answers.shift()?.() ?? this.otherwise?.(asked)
    if (response === undefined) throw unreachable()
    return response
  }
}

export const json = (value: unknown, status = 200): Response => Response.json(value, { status })
