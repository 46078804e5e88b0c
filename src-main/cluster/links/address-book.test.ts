import { mkdtempSync, readFileSync, rmSync } from 'node:fs'
import { tmpdir } from 'node:os'
import { join } from 'node:path'
import { afterEach, beforeEach, expect, it } from 'vitest'
import { NodeId } from '@core/ids'
import { AddressBook, MOST_STRANGERS } from './address-book'

let folder: string
beforeEach(() => {
  folder = mkdtempSync(join(tmpdir(), 'muster-address-book-'))
})
afterEach(() => rmSync(folder, { recursive: true, force: true }))

const member = NodeId.parse('member')
const open = (members: readonly NodeId[] = [member]) =>
  new AddressBook(folder, { given: [], isMember: (nodeId) => members.includes(nodeId) })
const onDisk = () =>
  Object.keys((JSON.parse(readFileSync(join(folder, 'peers.json'), 'utf8')) as { peers: object }).peers)

it('keeps members and the latest non-members, in memory and on the disk', async () => {
  const book = open()
  book.add(member, [{ ip: '10.0.0.1', port: 1 }])
  for (let at = 0; at < 1000; at += 1) book.add(NodeId.parse(`stranger-${at}`), [{ ip: '10.0.0.2', port: at + 1 }])
  await book.close()
  expect(book.of(member)).toHaveLength(1)
  expect(book.of(NodeId.parse('stranger-999'))).toHaveLength(1)
  expect(book.of(NodeId.parse('stranger-0'))).toEqual([])
  expect(onDisk()).toHaveLength(MOST_STRANGERS + 1)
  expect(open().of(member)).toEqual([{ ip: '10.0.0.1', port: 1 }])
})

it('forgets a machine that is no member any more when strangers take its place', async () => {
  const book = open([])
  book.add(member, [{ ip: '10.0.0.1', port: 1 }])
  for (let at = 0; at < MOST_STRANGERS; at += 1) book.add(NodeId.parse(`s${at}`), [{ ip: '10.0.0.2', port: 1 }])
  await book.close()
  expect(onDisk()).not.toContain('member')
})

it('keeps so many addresses of one machine, the latest first', () => {
  const book = open()
  for (let port = 1; port <= 100; port += 1) book.add(member, [{ ip: '10.0.0.1', port }])
  expect(book.of(member)).toHaveLength(32)
  expect(book.of(member)[0]).toEqual({ ip: '10.0.0.1', port: 100 })
})
