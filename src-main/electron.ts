import { homedir } from 'node:os'
import { resolve } from 'node:path'
import { runDesktop } from './desktop/app'
import { startNode } from './node'
import { defaultDataDir } from './settings/data-dir'

const { env, platform } = process

runDesktop({
  startNode,
  // Absolute, for Electron takes no other; an empty variable counts as not set.
  dataDir: resolve(env['MUSTER_DATA_DIR'] || defaultDataDir({ platform, env, home: homedir() })),
})
