import type { Translation } from '../texts'

export const app: Translation<'app'> = {
  close: '关闭',
  copy: '复制',
  copied: '已复制',
  copyRefused: '无法复制：请手动选择',
  copyDetails: '复制详情',
  copyLabel: '{label}：',
}
