import type { Translation } from '../texts'

export const app: Translation<'app'> = {
  close: 'Schließen',
  copy: 'Kopieren',
  copied: 'Kopiert',
  copyRefused: 'Kopieren nicht möglich: bitte von Hand markieren',
  copyDetails: 'Details kopieren',
  copyLabel: '{label}:',
}
