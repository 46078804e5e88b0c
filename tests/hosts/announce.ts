/** On a host of its own: announces a node named by its first argument and prints what it hears, a line of JSON each. */
import { NodeId } from '@core/ids'
import { Discovery } from '@main/cluster/discovery'

const print = (line: object): void => void process.stdout.write(`${JSON.stringify(line)}\n`)
const discovery = new Discovery({
  self: { nodeId: NodeId.parse(process.argv[2]), clusterId: 'one', version: '0.1.0' },
  port: 52417,
  onSeen: (seen) => print({ seen }),
  onGone: (gone) => print({ gone }),
  log: { warn: (fields, message) => print({ message, ...fields }) },
})
process.once('SIGTERM', () => void discovery.close().then(() => process.exit(0)))
// Whoever started it ends it by closing its input, too.
process.stdin.resume().once('end', () => process.exit(0))
