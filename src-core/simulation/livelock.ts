/** Thrown if passes never come to an end. */
export class Livelock extends Error {
  override readonly name = 'Livelock'
}
