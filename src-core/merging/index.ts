/** What people declare on two sides of a split, as one: what other rooms may know of it. README.md says what it promises. */
export { Apart, broughtAlong, declaredApart, joined, nothingApart } from './apart'
export { decideMerge } from './decide-merge'
export { declaredOf } from './declared'
