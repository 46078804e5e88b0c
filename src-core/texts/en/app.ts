/** What is said in many places, and the frame around the pages. */
export const app = {
  close: 'Close',
  copy: 'Copy',
  copied: 'Copied',
  copyRefused: 'Can’t copy: select it by hand',
  copyDetails: 'Copy details',
  copyLabel: '{label}:',
} as const
