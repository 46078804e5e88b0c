/** `node build/package/cask.mjs FILE.dmg`: prints the Homebrew cask for a disk image. */
import { createHash } from 'node:crypto'
import { createReadStream } from 'node:fs'
import { readFile } from 'node:fs/promises'
import path from 'node:path'
import { pathToFileURL } from 'node:url'
import { pipeline } from 'node:stream/promises'
import { root } from '../set-up/places.mjs'

/**
 * @param {{ version: string, sha256: string, repository: string }} release repository: `owner/name` on GitHub
 * @returns {string}
 */
export const cask = ({ version, sha256, repository }) => `cask "muster" do
  version "${version}"
  sha256 "${sha256}"

  url "https://github.com/${repository}/releases/download/v#{version}/Muster-#{version}-mac-arm64.dmg"
  name "Muster"
  desc "Turns the Macs you own into one local LLM service"
  homepage "https://github.com/${repository}"

  livecheck do
    url :url
    strategy :github_latest
  end

  auto_updates true
  depends_on arch: :arm64
  depends_on macos: ">= :sonoma"

  app "Muster.app"
  binary "#{appdir}/Muster.app/Contents/Resources/bin/muster"

  uninstall quit: "app.muster.desktop"

  zap trash: [
    "~/Library/Application Support/Muster",
    "~/Library/Caches/app.muster.desktop",
    "~/Library/Caches/app.muster.desktop.ShipIt",
    "~/Library/Preferences/app.muster.desktop.plist",
    "~/Library/Saved Application State/app.muster.desktop.savedState",
  ]
end
`

/** @param {string} file */
async function sha256Of(file) {
  const hash = createHash('sha256')
  await pipeline(createReadStream(file), hash)
  return hash.digest('hex')
}

if (import.meta.url === pathToFileURL(process.argv[1] ?? '').href) {
  const [, , image] = process.argv
  const repository = process.env['GITHUB_REPOSITORY']
  if (image === undefined || !repository) {
    console.error('Give the disk image, and the repository as GITHUB_REPOSITORY=owner/name.')
    process.exit(2)
  }
  const { version } = JSON.parse(await readFile(path.join(root, 'package.json'), 'utf8'))
  process.stdout.write(cask({ version, sha256: await sha256Of(image), repository }))
}
