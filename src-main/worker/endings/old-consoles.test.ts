import { expect, it } from 'vitest'
import { RunnerId } from '@core/ids'
import { OldConsoles } from './old-consoles'

const runner = (number: number): RunnerId => RunnerId.parse(`r${number}`)

it('what a runner printed is kept when it is gone, until eight later ones are gone too', () => {
  const consoles = new OldConsoles()
  for (let number = 1; number <= 8; number += 1) consoles.keep(runner(number), `text ${number}`)
  expect(consoles.of(runner(1))).toBe('text 1')
  consoles.keep(runner(9), 'text 9')
  expect(consoles.of(runner(1))).toBeUndefined()
  expect(consoles.of(runner(2))).toBe('text 2')
  expect(consoles.of(runner(9))).toBe('text 9')
})
