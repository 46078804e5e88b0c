import { existsSync, readFileSync } from 'node:fs'
import { homedir } from 'node:os'
import { join } from 'node:path'
import { app } from 'electron'
import { CommandLineTool, type CommandSource } from './command-line-tool'

/** electron-builder writes the package type into the package. */
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

/** The command-line tool of this app, for the shells of this machine. */
export const commandLineTool = (): CommandLineTool =>
  new CommandLineTool({
    source: source(),
    folders: ['/usr/local/bin', join(homedir(), '.local', 'bin')],
    searchPath: process.env['PATH'] ?? '',
  })
