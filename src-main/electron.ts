import { resolve } from 'node:path'
import { commandIn, runCommand, runDesktop } from './desktop/index'
import { startNode } from './node/index'
import { defaultDataDir, homeFolder } from './settings/data-dir'

const { argv, env, platform } = process
const command = commandIn(argv)

if (command === undefined)
  runDesktop({
    startNode,
    // Absolute, because Electron accepts no other path; an empty variable counts as unset.
    dataDir: resolve(env['MUSTER_DATA_DIR'] || defaultDataDir({ platform, env, home: homeFolder() })),
  })
else runCommand(async () => (await import('./cli/program')).run(command))
