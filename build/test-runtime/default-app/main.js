/**
 * Stands in for the default app that an ordinary Electron binary carries: loads the app whose folder is
 * the first argument that is no option.
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
