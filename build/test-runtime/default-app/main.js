/**
 * Replaces the default app of an ordinary Electron binary: loads the app in the folder that the first non-option
 * argument names.
 */
const { app } = require('electron')
const fs = require('node:fs')
const path = require('node:path')

const folder = path.resolve(process.argv.slice(1).find((argument) => !argument.startsWith('-')) ?? '.')
const manifest = JSON.parse(fs.readFileSync(path.join(folder, 'package.json'), 'utf8'))

app.setName(manifest.productName ?? manifest.name)
app.setVersion(manifest.version)
app.setPath('userData', path.join(app.getPath('appData'), app.getName()))
app.setAppPath(folder)
require(path.join(folder, manifest.main))
