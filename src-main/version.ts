import manifest from '../package.json'

/** Muster's version, as package.json has it. */
export const version: string = manifest.version
