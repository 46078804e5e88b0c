import { mkdtempSync, readFileSync, rmSync } from 'node:fs'
import { tmpdir } from 'node:os'
import { join } from 'node:path'
import { afterEach, beforeEach, expect, it } from 'vitest'
import { NodeId } from '@core/ids'
import { AddressBook, MOST_STRANGERS, type PeerAddress } from './address-book'

let folder: string
beforeEach(() => {
  folder = mkdtempSync(join(tmpdir(), 'muster-address-book-'))
})
afterEach(() => rmSync(folder, { recursive: true, force: true }))

const member = NodeId.parse('member')
const open = (members: readonly NodeId[] = [member], given: readonly PeerAddress[] = []) =>
  new AddressBook(folder, { given, isMember: (nodeId) => members.includes(nodeId) })
const host = (number: number): PeerAddress => ({ ip: `10.0.0.${number}`, port: 1 })
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

it('keeps so many addresses of one machine, the latest first', async () => {
  const book = open()
  for (let port = 1; port <= 100; port += 1) book.add(member, [{ ip: '10.0.0.1', port }])
  await book.close()
  expect(book.of(member)).toHaveLength(32)
  expect(book.of(member)[0]).toEqual({ ip: '10.0.0.1', port: 100 })
})

it('has each address once, the latest first; another port is another address', async () => {
  const book = open()
  book.add(member, [host(1), host(2)])
  book.add(member, [host(3)])
  book.add(member, [host(2), { ...host(2), port: 2 }])
  await book.close()
  expect(book.of(member)).toEqual([host(2), { ...host(2), port: 2 }, host(3), host(1)])
})

it('a machine is dialled at its known addresses, at those that others report and at those of the user, at each once', async () => {
  const book = open([member], [host(3), host(4)])
  book.add(member, [host(1), host(2)])
  await book.close()
  const reportedAddresses = [host(2), host(3)]
  expect(book.around(member, { reportedAddresses, most: 8 })).toEqual([host(1), host(2), host(3), host(4)])
})

it('of many addresses the likeliest are dialled each time and the others in turn, beside all of the user', async () => {
  const book = open([member], [host(9)])
  const known = [1, 2, 3, 4, 5, 6, 7].map(host)
  book.add(member, known)
  await book.close()
  const turns = [0, 1, 2].map((turn) => book.around(member, { reportedAddresses: [], most: 4, turn }))
  expect(turns).toEqual([[1, 2, 3, 4, 9].map(host), [1, 2, 5, 6, 9].map(host), [1, 2, 7, 3, 9].map(host)])
})
