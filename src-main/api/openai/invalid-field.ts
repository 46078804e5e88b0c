import { Problem } from '../problem'

/** The error for one invalid field. */
export const invalidField = (param: string, message: string): Problem =>
  new Problem(400, 'invalid_request', `${param}: ${message}`, { param })
