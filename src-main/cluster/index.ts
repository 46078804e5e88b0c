/**
 * Other machines: the public interface of this folder, for the node. README.md has its contract.
 */
export { loadIdentity, type Identity } from './identity'
export { AdmissionFile } from './joining/admission-file'
export { Membership } from './membership'
export { Peers } from './peers'
export { clusterView, type ClusterDesk } from './view'
