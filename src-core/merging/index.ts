/** Merges the declarations of two sides of a split: the public interface of this folder. README.md has its contract. */
export { plausible } from './plausible'
export { Apart, broughtAlong, declaredApart, joined, nothingApart } from './apart'
export { decideMerge } from './decide-merge'
export { declaredOf } from './declared'
