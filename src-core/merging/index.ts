/** Merges the declarations of two sides of a split: the public interface of this folder. README.md has its contract. */
export { plausible } from './plausible'
export { UnmergedDeclarations, carriedOver, declaredSince, combined, nothingUnmerged } from './unmerged'
export { decideMerge } from './decide-merge'
export { declaredOf } from './declared'
