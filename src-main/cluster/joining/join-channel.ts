import type { WebSocket } from 'ws'
import { isErrorCode, type ErrorCode } from '@core/errors/error-codes'
import { JoinMessage, MAX_JOIN_MESSAGE_BYTES } from '@core/protocols/join'

/** Why joining failed, and what to do. */
export class JoinError extends Error {
  constructor(
    readonly code: ErrorCode,
    message: string,
    readonly hint: string,
  ) {
    super(message)
    this.name = 'JoinError'
  }
}

const hintFor = (code: string): string => {
  if (code.startsWith('token_'))
    return 'Ask for a new invitation on a machine of that cluster: in the app under “Add a machine…”, or with `muster invite`.'
  return code === 'denied'
    ? 'Ask a user of that machine to accept, and compare the digits on both.'
    : 'Try again, or ask a user of a machine in that cluster.'
}

/** The message channel of one joining, read one message at a time. */
export class JoinChannel {
  private readonly arrived: JoinMessage[] = []
  private failure: JoinError | undefined
  private wake = (): void => undefined

  constructor(private readonly socket: WebSocket) {
    socket.on('message', (data: Buffer, isBinary: boolean) => {
      const message = isBinary || data.length > MAX_JOIN_MESSAGE_BYTES ? undefined : parse(data)
      if (!message || this.arrived.length > 8) return this.end('That machine does not support the join protocol')
      this.arrived.push(message)
      this.wake()
    })
    socket.on('error', () => socket.terminate())
    socket.on('close', () => this.end('The other machine closed the connection'))
  }

  get isOpen(): boolean {
    return this.failure === undefined
  }

  send(message: JoinMessage): void {
    if (this.isOpen) this.socket.send(JSON.stringify(message))
  }

  /** Returns the next message, which must be of one of these types. Rejects with JoinError. */
  async receive<Type extends JoinMessage['type']>(
    types: readonly Type[],
    { withinMs }: { readonly withinMs: number },
  ): Promise<Extract<JoinMessage, { type: Type }>> {
    const late = setTimeout(() => this.end('The other machine did not answer in time'), withinMs)
    try {
      while (this.arrived.length === 0) {
        if (this.failure) throw this.failure
        await new Promise<void>((resolve) => (this.wake = resolve))
      }
      const message = this.arrived.shift()
      if (message?.type === 'refused' && !(types as readonly string[]).includes('refused'))
        throw new JoinError(isErrorCode(message.code) ? message.code : 'denied', message.reason, hintFor(message.code))
      if (!message || !(types as readonly string[]).includes(message.type))
        throw new JoinError(
          'protocol',
          'The other machine sent an unexpected message',
          'Update Muster on both machines.',
        )
      return message as Extract<JoinMessage, { type: Type }>
    } finally {
      clearTimeout(late)
    }
  }

  close(): void {
    this.socket.close()
    setTimeout(() => this.socket.terminate(), 500).unref()
  }

  private end(reason: string): void {
    this.failure ??= new JoinError('ended', reason, 'Check that both machines are on and connected, and try again.')
    this.wake()
    this.close()
  }
}

const parse = (data: Buffer): JoinMessage | undefined => {
  try {
    return JoinMessage.safeParse(JSON.parse(data.toString('utf8'))).data
  } catch {
    return undefined
  }
}
