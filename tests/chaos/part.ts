import { makePortion, Portion } from './portion'

/** A process of `run.ts`: makes the portions that it is given. */
process.on('message', (message) => {
  void makePortion(Portion.parse(message)).then((answer) => process.send?.(answer))
})
