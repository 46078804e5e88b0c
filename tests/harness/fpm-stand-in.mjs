#!/usr/bin/env node
/**
 * Replaces fpm, which electron-builder would download to make a package for Debian: accepts the options that
 * electron-builder passes, and makes an uncompressed package with dpkg-deb. Any other option is an error.
 */
import { execFileSync } from 'node:child_process'
import { chmodSync, cpSync, mkdirSync, mkdtempSync, rmSync, writeFileSync } from 'node:fs'
import { tmpdir } from 'node:os'
import path from 'node:path'
import { parseArgs } from 'node:util'

const text = /** @type {const} */ ({ type: 'string' })
const { values, positionals } = parseArgs({
  allowPositionals: true,
  options: {
    from: { ...text, short: 's' },
    to: { ...text, short: 't' },
    force: { type: 'boolean' },
    depends: { ...text, short: 'd', multiple: true },
    'deb-recommends': { ...text, multiple: true },
    'deb-compression': text,
    'deb-priority': text,
    architecture: text,
    'after-install': text,
    'after-remove': text,
    description: text,
    version: text,
    package: text,
    name: text,
    maintainer: text,
    vendor: text,
    url: text,
    license: text,
  },
})
if (values.from !== 'dir' || values.to !== 'deb' || values.package === undefined)
  throw new Error('makes packages for Debian from folders only')

const folder = mkdtempSync(path.join(tmpdir(), 'fpm-stand-in-'))
try {
  for (const mapping of positionals) {
    const [from = '', to = ''] = mapping.split('=')
    const target = path.join(folder, to)
    mkdirSync(path.dirname(target), { recursive: true })
    cpSync(from, target, { recursive: true, verbatimSymlinks: true })
  }
  const control = path.join(folder, 'DEBIAN')
  mkdirSync(control)
  const fields = {
    Package: values.name,
    Version: values.version,
    Architecture: values.architecture,
    Maintainer: values.maintainer,
    Priority: values['deb-priority'],
    Homepage: values.url,
    Depends: values.depends?.join(', '),
    Recommends: values['deb-recommends']?.join(', '),
    Description: values.description,
  }
  const lines = Object.entries(fields).flatMap(([name, value]) => (value === undefined ? [] : [`${name}: ${value}\n`]))
  writeFileSync(path.join(control, 'control'), lines.join(''))
  for (const [script, from] of [
    ['postinst', values['after-install']],
    ['postrm', values['after-remove']],
  ]) {
    if (script === undefined || from === undefined) continue
    cpSync(from, path.join(control, script))
    chmodSync(path.join(control, script), 0o755)
  }
  chmodSync(folder, 0o755)
  execFileSync('dpkg-deb', ['--root-owner-group', '-Znone', '--build', folder, values.package])
} finally {
  rmSync(folder, { recursive: true, force: true })
}
