import type { Translation } from '../texts'

export const fits: Translation<'fits'> = {
  fits: '放得下',
  on: '在 {name} 上',
  together: '由 {count, plural, other {# 台机器}}共同运行',
  uses: '占用 {size}',
  usesOn: '在 {count, plural, other {# 台机器}}上占用 {size}',
  usesAbout: '约占用 {size}',
  toDownload: '需下载',
  endsFor: '{count, plural, other {{names} 将为此结束}}',
  needs: '还差 {size}',
  offline: '离线',
  noWorker: '不运行模型',
  nowhere: '目前没有机器放得下',
  cannotRun: '无法运行模型：{why}',
}
