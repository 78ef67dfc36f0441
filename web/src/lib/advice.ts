// What to do about each numbered error: the same advice on every page and in the glossary.

type Pair = readonly [zh: string, en: string];
export const ADVICE: Record<string, { title: Pair; advice: Pair }> = {
  'QS-1001': { title: ['未登录', 'Not signed in'], advice: ['请重新登录；会话到期后会出现。', 'Sign in again; sessions end after a while.'] },
  'QS-1002': { title: ['用户名或密码不对', 'Wrong name or password'], advice: ['检查大小写；多次不对会暂停登录。忘记密码请找安全管理员重设。', 'Check capitals; repeated failures pause sign-in. The security administrator can reset a password.'] },
  'QS-1003': { title: ['无此权限', 'Not allowed'], advice: ['这件事不在您的角色之内；请联系安全管理员。', 'Your role does not include this; ask the security administrator.'] },
  'QS-1004': { title: ['初始化链接无效或已用过', 'The set-up link is not valid any more'], advice: ['链接只能用一次，新链接在服务器启动日志里。', 'The link works once; a new one stands in the server’s start-up log.'] },
  'QS-2001': { title: ['没有这个对象', 'No such thing'], advice: ['地址可能写错，或记录已被删除；请从列表重新进入。', 'The address may be wrong or the record removed; go back to the list.'] },
  'QS-2002': { title: ['输入有误', 'Invalid input'], advice: ['按提示改正后再提交，已填内容不会丢。', 'Correct what is named and send again; nothing you typed is lost.'] },
  'QS-2003': { title: ['已被别人修改', 'Changed by somebody else'], advice: ['刷新看最新内容，再把您的改动补上。', 'Reload, look at the newer version, and apply your change again.'] },
  'QS-3001': { title: ['不能由承办人自己关闭', 'Nobody closes their own case'], advice: ['请另一位有办结权限的同事核实并关闭。', 'Ask a colleague with the right to close to check and close it.'] },
  'QS-3002': { title: ['缺少证据', 'Evidence is missing'], advice: ['先上传照片、记录或文件，再做这一步。', 'Upload a photo, record or document first.'] },
  'QS-3003': { title: ['当前状态不能这样做', 'Not possible in this state'], advice: ['刷新后看办件现在的状态和可做的动作。', 'Reload and look at the state and the actions it allows.'] },
  'QS-4001': { title: ['内容过大', 'Too large'], advice: ['缩小文件或分几次提交。', 'Make the file smaller or send it in parts.'] },
  'QS-4002': { title: ['请求过多', 'Too many requests'], advice: ['密码多次输错要等五分钟；其他情况稍等一分钟再试。', 'After wrong passwords wait five minutes, otherwise a minute, and try again.'] },
  'QS-4003': { title: ['正忙', 'Busy'], advice: ['这一次没有处理，也没有计入失败；几秒后再试。', 'Nothing was done and nothing counted; try again in a few seconds.'] },
  'QS-5001': { title: ['站点未连接', 'The station is not connected'], advice: ['命令要在站点在线时才能下发；先检查通信。', 'Commands need a connected station; check its link first.'] },
  'QS-9001': { title: ['存储空间已满', 'The disk is full'], advice: ['立即清理或扩容磁盘；在此之前不再应答站点，站点会自行补传，腾出空间后自动恢复。', 'Free or add disk space now. Until then stations get no acknowledgement and send again later; it recovers by itself.'] },
  'QS-9999': { title: ['内部错误', 'Internal error'], advice: ['请重试；反复出现时把时间和编号告诉管理员。', 'Try again; if it stays, give time and number to the administrator.'] },
  'NET-0': { title: ['连不上服务器', 'The server cannot be reached'], advice: ['检查网络或 VPN；页面会保留最后一次的数据。', 'Check the network; the page keeps the last data it had.'] },
};
export function adviceFor(code: string, locale: 'zh' | 'en'): string {
  return ADVICE[code]?.advice[locale === 'zh' ? 0 : 1] ?? '';
}
