/**
 * A process of its own: a fake hub that has a model of so many bytes, the first argument, in one file. Prints its
 * address. A line with a number on its input is how many bytes a second each connection brings; 0 is no limit. Every
 * line is answered by one.
 */
import { createInterface } from 'node:readline'
import { FakeHub } from '../harness/fake-hub'

const hub = await FakeHub.start('127.0.0.1', { chunkBytes: 1024 * 1024 })
const weights = Buffer.alloc(Number(process.argv[2]))
for (let at = 0; at + 4 <= weights.length; at += 4096) weights.writeUInt32LE(at, at)
hub.add('bench/large', { files: { 'model.safetensors': weights, 'config.json': '{}' } })
console.log(hub.url)
const lines = createInterface({ input: process.stdin })
lines.on('line', (line) => {
  hub.limit(Number(line) || Infinity)
  console.log('limited')
})
lines.once('close', () => process.exit(0))
