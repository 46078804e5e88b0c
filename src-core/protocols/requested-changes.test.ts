import { expect, it } from 'vitest'
import { Constraints } from '../state/meta-instances'
import { CreateMetaInstanceRequest, UpdateMetaInstanceRequest } from './control'
import { requestedChanges } from './requested-changes'

/** The model itself has nothing to be cleared to. */
const CONSTRAINTS = Object.keys(Constraints.shape).filter((field) => field !== 'modelId')

it.each(CONSTRAINTS)('null clears %s: it is what a declaration without it has', (field) => {
  const { minNodes = 1, ...declared } = CreateMetaInstanceRequest.parse({ modelId: 'm/a' })
  const changes = requestedChanges(UpdateMetaInstanceRequest.parse({ [field]: null }))
  expect(changes).toEqual({ [field]: Reflect.get({ ...declared, minNodes }, field) ?? null })
})

it('what is not named does not change', () => {
  expect(requestedChanges(UpdateMetaInstanceRequest.parse({}))).toEqual({})
})
