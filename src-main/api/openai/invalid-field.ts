import { Problem } from '../problem'

/** A request that is wrong at one field. */
export const invalidField = (param: string, message: string): Problem =>
  new Problem(400, 'invalid_request', `${param}: ${message}`, { param })
