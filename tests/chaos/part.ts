import { makePortion, Portion } from './portion'

/** A child process of `run.ts`: runs the portions that it receives. */
process.on('message', (message) => {
  void makePortion(Portion.parse(message)).then((answer) => process.send?.(answer))
})
