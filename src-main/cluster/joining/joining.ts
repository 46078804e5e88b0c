import type { NodeId } from '@core/ids'
import type { Admission } from '@core/protocols/join'
import type { Identity } from '../identity'
import type { PeerAddress } from '../links/address-book'
import { dial } from '../links/dial'
import { JoinChannel, JoinError } from './join-channel'
import { commitmentTo, digitsOf, drawNonce } from './digits'
import { INVITATION_MS, parseToken } from './token'

const JOIN_PATH = '/join'
const ANSWER_MS = 20_000

/** The addresses to dial, and the node to expect there; without a node any is accepted. */
export interface JoinTarget {
  readonly addresses: readonly PeerAddress[]
  readonly nodeId?: NodeId | undefined
}

/** The progress of a joining. */
export type JoinProgress =
  | { readonly state: 'asking' }
  | { readonly state: 'waiting'; readonly digits: string; readonly clusterName: string; readonly friendlyName: string }
  | { readonly state: 'joined' }
  | { readonly state: 'failed'; readonly code: string; readonly reason: string; readonly hint: string }

export interface JoiningOptions {
  readonly identity: Identity
  readonly friendlyName: () => string
  /** Makes this machine a member of the cluster that admitted it. */
  readonly adopt: (admission: Admission) => Promise<void>
  readonly onChange: () => void
}

const failure = (error: unknown): Extract<JoinProgress, { state: 'failed' }> =>
  error instanceof JoinError
    ? { state: 'failed', code: error.code, reason: error.message, hint: error.hint }
    : {
        state: 'failed',
        code: 'failed',
        reason: error instanceof Error ? error.message : String(error),
        hint: 'Try again. Details are in the log of this machine.',
      }

/** Joins this machine to another cluster, one attempt at a time. */
export class Joining {
  private current: JoinProgress | undefined
  private running: AbortController | undefined

  constructor(private readonly options: JoiningOptions) {}

  progress(): JoinProgress | undefined {
    return this.current
  }

  /**
   * Joins with an invitation token. Resolves when this machine is a member. Throws JoinError at once for a text that is
   * no token, and rejects with it for everything later.
   */
  withToken(text: string): Promise<void> {
    const invitation = parseToken(text)
    if (!invitation)
      throw new JoinError(
        'token_unreadable',
        'This is not a Muster invitation, or it is incomplete',
        'Copy the complete token that `muster invite` printed, and try again.',
      )
    const { fingerprint, addresses, secret } = invitation
    return this.attempt({ addresses, nodeId: fingerprint }, (channel) => {
      channel.send({ type: 'token', secret, friendlyName: this.options.friendlyName() })
      return channel.receive(['admitted'], { withinMs: ANSWER_MS })
    })
  }

  /** Requests admission, which a person there must allow. Resolves when this machine is in. Rejects with JoinError. */
  async byAsking(target: JoinTarget): Promise<void> {
    await this.attempt(target, async (channel, certificate) => {
      const nonce = drawNonce()
      channel.send({ type: 'ask', friendlyName: this.options.friendlyName(), commitment: commitmentTo(nonce) })
      const { commitment, clusterName, friendlyName } = await channel.receive(['commitment'], { withinMs: ANSWER_MS })
      channel.send({ type: 'reveal', nonce })
      const { nonce: theirs } = await channel.receive(['reveal'], { withinMs: ANSWER_MS })
      if (commitmentTo(theirs) !== commitment)
        throw new JoinError(
          'protocol',
          'The other machine revealed another nonce than it committed to',
          'Do not join it.',
        )
      const digits = digitsOf({
        joiner: { certificate: this.options.identity.certificate, nonce },
        member: { certificate, nonce: theirs },
      })
      this.setProgress({ state: 'waiting', digits, clusterName, friendlyName })
      return channel.receive(['admitted'], { withinMs: INVITATION_MS })
    })
  }

  cancel(): void {
    this.running?.abort()
    this.running = undefined
    this.setProgress(undefined)
  }

  private async attempt(
    target: JoinTarget,
    speak: (channel: JoinChannel, certificate: string) => Promise<Admission>,
  ): Promise<void> {
    this.running?.abort()
    const run = (this.running = new AbortController())
    this.setProgress({ state: 'asking' })
    try {
      const { socket, certificate } = await this.reach(target, run.signal)
      const channel = new JoinChannel(socket)
      run.signal.addEventListener('abort', () => channel.close(), { once: true })
      try {
        await this.options.adopt(await speak(channel, certificate))
      } finally {
        channel.close()
      }
      if (!run.signal.aborted) this.setProgress({ state: 'joined' })
    } catch (error) {
      if (!run.signal.aborted) this.setProgress(failure(error))
      throw error
    }
  }

  private async reach({ addresses, nodeId }: JoinTarget, signal: AbortSignal): ReturnType<typeof dial> {
    const { identity } = this.options
    const failures: unknown[] = []
    for (const address of addresses) {
      try {
        return await dial({ identity, address, path: JOIN_PATH, expected: nodeId, signal })
      } catch (error) {
        failures.push(error)
      }
    }
    const where = addresses.map(({ ip, port }) => `${ip}:${port}`).join(', ')
    const reasons = failures.map((error) => (error instanceof Error ? error.message : String(error)))
    throw new JoinError(
      'unreachable',
      `No machine to join answers at ${where} (${[...new Set(reasons)].join('; ')})`,
      'Check that Muster runs there, that both machines are on the same network, and that no firewall blocks them.',
    )
  }

  private setProgress(progress: JoinProgress | undefined): void {
    this.current = progress
    this.options.onChange()
  }
}
