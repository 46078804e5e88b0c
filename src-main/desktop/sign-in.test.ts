import { describe, expect, it } from 'vitest'
import { nameForPolicy } from './sign-in'

describe('the name by which the window calls its node', () => {
  it.each(['http://[::1]:52416', 'http://[::]:52416'])('is one that a policy can hold: %s', (url) => {
    expect(nameForPolicy(url)).toBe('http://localhost:52416')
  })

  it.each(['http://127.0.0.1:52416', 'http://192.168.1.5:52416'])('stays what it is otherwise: %s', (url) => {
    expect(nameForPolicy(url)).toBe(url)
  })
})
