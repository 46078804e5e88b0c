/**
 * On a host of its own: a fake hub at the address of its first argument, ModelScope's if the second is `modelscope`,
 * which has the tiny model. Prints its address,
 * then, whenever it is asked by a line on its input, all that was asked of it, as a line of JSON. A line with a number
 * is how many bytes a second each answer brings.
 */
import { createInterface } from 'node:readline'
import { FakeModelScope } from '../harness/fake-model-scope'
import { FakeHub } from '../harness/fake-hub'
import { TINY, tinyModel } from '../harness/models'

const print = (line: unknown): void => void process.stdout.write(`${JSON.stringify(line)}\n`)
const [, , host, kind] = process.argv
const hub = await (kind === 'modelscope' ? FakeModelScope.startModelScope(host) : FakeHub.start(host))
hub.add(TINY, { folder: tinyModel() })
print(hub.url)
const lines = createInterface({ input: process.stdin })
lines.on('line', (line) => {
  if (/^\d+$/.test(line)) hub.limit(Number(line))
  print(hub.requests)
})
// Whoever started it ends it by closing its input.
lines.once('close', () => process.exit(0))
