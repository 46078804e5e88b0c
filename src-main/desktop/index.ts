/**
 * The app: the public interface of this folder, for the Electron entry. With `src-main/electron.ts` it is all that knows
 * Electron.
 *
 * In: the state of the node that it starts, settings, clicks, deep links. Out: the window, the menu bar, notifications;
 * commands, over the same API as every client. What people see is a function of the state, tested without Electron
 * (`tray-view.test.ts`, `news.test.ts`, `quit-question.test.ts`). On disk are only the app's own
 * settings and the window's place.
 *
 * 1. Pages get their own scheme with a strict policy, and nothing but the app's files (`scheme.test.ts`,
 *    `page.test.ts`).
 * 2. Links to the app name pages of the app and nothing else; links that leave it are asked about by their host
 *    (`deep-links.test.ts`, `links.test.ts`).
 * 3. Settings of the app that cannot be read are the defaults (`preferences.test.ts`).
 */
export { runDesktop } from './app'
export { commandIn, runCommand } from './command-line'
