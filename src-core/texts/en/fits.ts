/** What would become of a model on machines, in a few words that go on after its name. */
export const fits = {
  fits: 'fits',
  on: 'on {name}',
  together: 'on {count, plural, one {# machine} other {# machines}} together',
  uses: 'uses {size}',
  usesOn: 'uses {size} on {count, plural, one {# machine} other {# machines}}',
  usesAbout: 'uses about {size}',
  toDownload: 'to download',
  endsFor: '{count, plural, one {{names} ends for it} other {{names} end for it}}',
  needs: 'needs {size} more',
  offline: 'offline',
  noWorker: 'runs no models',
  nowhere: 'fits no machine now',
  cannotRun: 'cannot run models: {why}',
} as const
