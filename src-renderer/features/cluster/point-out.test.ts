import { describe, expect, it } from 'vitest'
import { pointsOut } from './point-out'

const page = (html: string): HTMLElement => {
  const element = document.createElement('div')
  element.innerHTML = html
  document.body.append(element)
  return element
}

describe('a link to something on the page', () => {
  it('focuses the machine, the model or the instance that it names', () => {
    const element = page('<a data-node-id="n1"></a><a data-meta-instance-id="m1"></a><a data-instance-id="i1"></a>')
    for (const [query, attribute] of [
      [{ machine: 'n1' }, 'data-node-id'],
      [{ model: 'm1' }, 'data-meta-instance-id'],
      [{ instance: 'i1' }, 'data-instance-id'],
    ] as const) {
      pointsOut(query)(element)
      expect(document.activeElement?.hasAttribute(attribute)).toBe(true)
    }
  })

  it('does nothing if it names nothing, or something that does not exist', () => {
    const element = page('<a data-node-id="n1"></a>')
    const before = document.activeElement
    for (const query of [{}, { other: 'n1' }, { machine: 'gone' }]) pointsOut(query)(element)
    expect(document.activeElement).toBe(before)
  })

  it('never interprets an id as a selector', () => {
    const element = page('<a data-meta-instance-id=\'x"] , [data-node-id\'></a><a data-node-id="n1"></a>')
    pointsOut({ model: 'x"] , [data-node-id' })(element)
    expect(document.activeElement?.hasAttribute('data-meta-instance-id')).toBe(true)
  })
})
