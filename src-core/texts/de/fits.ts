import type { Translation } from '../texts'

export const fits: Translation<'fits'> = {
  fits: 'passt',
  on: 'auf {name}',
  together: 'auf {count, plural, one {# Rechner} other {# Rechnern}} zusammen',
  uses: 'belegt {size}',
  usesOn: 'belegt {size} auf {count, plural, one {# Rechner} other {# Rechnern}}',
  usesAbout: 'belegt etwa {size}',
  toDownload: 'zu laden',
  endsFor: '{count, plural, one {{names} endet dafür} other {{names} enden dafür}}',
  needs: '{size} zu wenig',
  offline: 'offline',
  noWorker: 'führt keine Modelle aus',
  nowhere: 'passt zurzeit auf keinen Rechner',
  cannotRun: 'kann keine Modelle ausführen: {why}',
}
