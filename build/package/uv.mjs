import path from 'node:path'
import { exists } from '../set-up/files.mjs'
import { fetchPackages } from '../set-up/model-packages.mjs'
import { cache } from '../set-up/places.mjs'

/**
 * The uv that the app carries, for each platform that Muster is packaged for. It comes from its wheels: they contain
 * the released program and are pinned by hash, which the archives of its releases are not.
 */
const UV = [
  'uv==0.13.9',
  // macOS, Apple silicon
  '--hash=sha256:66c512266d633bef48384a1f53003f41f2a8e7b36fe6e7fbfd3e0fd52d96fa63',
  // Linux, x64 and arm64
  '--hash=sha256:d7f459fe4fd247d830351c75686d3996ace3c6f3f728eb0e85a30b7ada0cef19',
  '--hash=sha256:5435c5ce14a56431208ca0996416d310f1598e8c2c8ba707688985a16bb82dbe',
].join(' ')

const folder = path.join(cache, 'uv')

/** The program, for the platform of this machine. */
export const uv = path.join(folder, 'bin', 'uv')

/**
 * @param {{ signal: AbortSignal }} options
 * @returns {import('../set-up/steps.mjs').Step}
 */
export const uvForPackage = ({ signal }) => ({
  id: 'uv',
  needs: ['python'],
  title: 'uv',
  doing: 'fetching',
  stamp: path.join(folder, '.fetched'),
  inputs: async () => UV,
  isThere: () => exists(uv),
  hint: 'An app without it cannot make its Python environment. Check that this machine reaches the Python package index, then run the same command again.',
  work: (say) => fetchPackages({ folder, requirements: `${UV}\n`, log: 'uv', signal, say }),
})
