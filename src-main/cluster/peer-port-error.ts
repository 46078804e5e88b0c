/** The port for other machines, asked for by number, cannot be bound; the hint says what to do. */
export class PeerPortError extends Error {
  readonly code: 'port_in_use' | 'cannot_listen'
  readonly hint: string

  constructor(port: number, cause: unknown) {
    const code = cause instanceof Error && 'code' in cause ? String(cause.code) : String(cause)
    const isTaken = code === 'EADDRINUSE'
    super(
      isTaken
        ? `Port ${port}, on which other machines are to reach this one, is in use by another program`
        : `Cannot listen on port ${port} for other machines (${code})`,
      { cause },
    )
    this.name = 'PeerPortError'
    this.code = isTaken ? 'port_in_use' : 'cannot_listen'
    this.hint = `${isTaken ? 'Quit that program, or choose' : 'Choose'} another port with --peer-port or MUSTER_PEER_PORT; 0 picks a free one.`
  }
}
