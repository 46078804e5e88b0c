/** Thrown where a pass never comes to an end. */
export class Livelock extends Error {
  override readonly name = 'Livelock'
}
