import { run } from './cli/program'

// Exit as soon as everything is closed: a client's keep-alive connection must not hold the process.
void run(process.argv.slice(2)).then((code) => process.exit(code))
