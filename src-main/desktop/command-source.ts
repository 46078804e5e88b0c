import { existsSync, readFileSync } from 'node:fs'
import { homedir } from 'node:os'
import { join } from 'node:path'
import { app } from 'electron'
import { CommandLineTool, type CommandSource } from './command-line-tool'

/** electron-builder writes into a package what it is. */
const isDeb = (): boolean => {
  const file = join(process.resourcesPath, 'package-type')
  return existsSync(file) && readFileSync(file, 'utf8').trim() === 'deb'
}

const source = (): CommandSource | undefined => {
  if (!app.isPackaged) return undefined
  const appImage = process.env['APPIMAGE']
  if (appImage) return { kind: 'app-image', path: appImage }
  return isDeb() ? { kind: 'package' } : { kind: 'launcher', path: join(process.resourcesPath, 'bin', 'muster') }
}

/** The command of this app, for this machine's shells. */
export const commandLineTool = (): CommandLineTool =>
  new CommandLineTool({
    source: source(),
    folders: ['/usr/local/bin', join(homedir(), '.local', 'bin')],
    searchPath: process.env['PATH'] ?? '',
  })
