import { run } from './cli/program'

// Leaves at once when all is closed: a keep-alive connection of a client must not hold the process.
void run(process.argv.slice(2)).then((code) => process.exit(code))
