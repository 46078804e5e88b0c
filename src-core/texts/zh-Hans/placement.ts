import type { Translation } from '../texts'

export const placement: Translation<'placement'> = {
  both: '{first}；{second}',
  machines: '{count, plural, other {# 台机器}}',
  away: '{machines} {count, plural, other {不在线}}',
  offline: '{machines} {count, plural, other {离线}}',
  chosen: '只选择了{count, plural, other {这些机器}}：{machines}',
  notChosen: '{machines} {count, plural, other {未被选中}}',
  replica: '{machines} {count, plural, other {已有}}它的另一个副本',
  drained: '{machines} {count, plural, other {已腾空}}：不再放置新模型',
  noWorker: '{machines} {count, plural, other {不运行模型}}',
  cannotRun: '{machines} {count, plural, other {无法}}运行模型：{why}',
  tooOld: '{machines} {count, plural, other {需要}}更新 Muster 才能运行嵌入模型',
  cannotLoad: '{machines} {count, plural, other {无法}}加载它：{why}',
  'phrase.away': '不在线',
  'phrase.notChosen': '未被选中',
  'phrase.replica': '已有另一个副本',
  'phrase.drained': '已腾空：不再放置新模型',
  'phrase.tooOld': '需要更新 Muster 才能运行嵌入模型',
  'phrase.cannotLoad': '无法加载它：{why}',
  noRdma: '没有两台机器通过 RDMA 相连',
  tooManyForRdma: 'RDMA 最多连接 {most} 台机器，而要求的是 {asked} 台；不用 RDMA 可以更多',
}
