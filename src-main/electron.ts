import { runDesktop } from './desktop/app'

runDesktop()
