import type { Translation } from '../texts'

export const placement: Translation<'placement'> = {
  both: '{first}; {second}',
  machines: '{count, plural, one {# Rechner} other {# Rechner}}',
  away: '{machines} {count, plural, one {ist} other {sind}} nicht da',
  offline: '{machines} {count, plural, one {ist} other {sind}} offline',
  chosen: 'ausgewählt {count, plural, one {ist nur dieser} other {sind nur diese}} Rechner: {machines}',
  notChosen: '{machines} {count, plural, one {ist} other {sind}} nicht ausgewählt',
  replica: '{machines} {count, plural, one {hat} other {haben}} schon ein anderes Replikat davon',
  drained: '{machines} {count, plural, one {ist} other {sind}} freigeräumt: dort kommt nichts Neues hin',
  noWorker: '{machines} {count, plural, one {führt} other {führen}} keine Modelle aus',
  cannotRun: '{machines} {count, plural, one {kann} other {können}} keine Modelle ausführen: {why}',
  tooOld: '{machines} {count, plural, one {braucht} other {brauchen}} für Embedding-Modelle ein neueres Muster',
  cannotLoad: '{machines} {count, plural, one {kann} other {können}} es nicht laden: {why}',
  'phrase.away': 'nicht da',
  'phrase.notChosen': 'nicht ausgewählt',
  'phrase.replica': 'hat schon ein anderes Replikat',
  'phrase.drained': 'freigeräumt: dort kommt nichts Neues hin',
  'phrase.tooOld': 'braucht für Embedding-Modelle ein neueres Muster',
  'phrase.cannotLoad': 'kann es nicht laden: {why}',
  noRdma: 'keine zwei Rechner sind über RDMA verbunden',
  tooManyForRdma: 'RDMA verbindet höchstens {most} Rechner, verlangt sind {asked}; ohne RDMA können es mehr sein',
}
