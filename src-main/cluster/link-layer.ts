/**
 * What passes over links between members, without the links themselves: the public interface of this folder for the
 * simulation, which carries it over virtual ones. It is not in `index.ts`, because `muster simulate` would then load
 * sockets, certificates and discovery, which it has no use for.
 */
export { FrameRouter } from './frame-router'
export { encodeFrame, parseFrame } from './links/frame'
export type { LinksOptions } from './links/links'
export { admissionIn, admittedAt, RemovalNotices, type RemovalNotice } from './links/removal-notices'
export { Streams, type Item } from './links/streams'
export { firstOf, openThrough, type MemberLink, type MemberLinks } from './member-links'
export { MemberNetwork } from './member-network'
export { ownHandlers } from './own-handlers'
