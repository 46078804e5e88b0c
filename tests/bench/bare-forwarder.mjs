// The least that can stand between a runner and a client: what comes out of a process's pipe goes into a
// socket as it is. Writes its port to standard output; ends with the process it reads from.
import { spawn } from 'node:child_process'
import { createServer } from 'node:net'

const [python = 'python3', ...args] = process.argv.slice(2)
const server = createServer((socket) => {
  socket.setNoDelay(true)
  const writer = spawn(python, args, { stdio: ['ignore', 'pipe', 'inherit'] })
  writer.stdout.on('data', (/** @type {Buffer} */ chunk) => socket.write(chunk))
  writer.once('exit', () => {
    socket.end()
    server.close()
  })
})
server.listen(0, '127.0.0.1', () => {
  const address = server.address()
  if (address === null || typeof address === 'string') throw new Error('there is no port')
  console.log(address.port)
})
