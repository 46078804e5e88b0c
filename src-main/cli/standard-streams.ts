/** Standard output and error, for commands that print trusted text. */
export interface Streams {
  out(text: string): Promise<void>
  error(text: string): void
}

export const standardStreams: Streams = {
  out: (text) =>
    new Promise((resolve, reject) => {
      process.stdout.write(text, (error) => (error ? reject(error) : resolve()))
    }),
  error: (text) => void process.stderr.write(text),
}
