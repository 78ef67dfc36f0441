// What the audit log says, in words; the code of an event stands beside it in small.
import { say } from '@/i18n';

const KINDS: Record<string, [zh: string, en: string]> = {
  'server.signed_in': ['登录', 'signed in'], 'server.user_created': ['新建用户', 'made a user'], 'server.user_changed': ['改用户', 'changed a user'], 'server.password_changed': ['改密码', 'changed the password'],
  'act.case_changed': ['办件变动', 'case changed'],
  'collect.committed': ['收存报文', 'frames kept'], 'collect.online': ['站点上线', 'station on line'], 'collect.offline': ['站点离线', 'station off line'], 'collect.imported': ['导入数据', 'data imported'], 'collect.device_adopted': ['认领设备', 'device adopted'], 'collect.device_discarded': ['丢弃未识别设备', 'device discarded'], 'collect.command_asked': ['下发命令', 'command sent'], 'collect.command_ended': ['命令结束', 'command ended'],
  'judge.verdict_changed': ['评价变动', 'verdict changed'], 'judge.reviewed': ['审核数据', 'data reviewed'], 'judge.stop_declared': ['申报停运', 'stop declared'], 'judge.stop_decided': ['审核停运申报', 'stop decided on'], 'judge.figure_confirmed': ['确认数值', 'figure confirmed'],
  'register.pack_loaded': ['载入县域数据包', 'county pack loaded'], 'register.record_written': ['写台账记录', 'record written'], 'register.record_deleted': ['删台账记录', 'record deleted'], 'register.merged': ['合并记录', 'records merged'], 'register.imported': ['导入台账', 'ledger imported'], 'register.bulk_edited': ['批量修改', 'many records changed'], 'register.attached': ['加附件', 'file attached'], 'register.attachment_removed': ['去附件', 'attachment removed'],
  'plan.light_changed': ['指标亮灯变动', 'light of an indicator changed'], 'plan.revision_loaded': ['载入规划', 'plan loaded'], 'plan.revision_approved': ['批准规划修订', 'plan revision approved'], 'plan.item_entered': ['填报', 'value entered'], 'plan.item_decided': ['审定填报', 'entry decided'], 'plan.item_reopened': ['重开填报', 'entry reopened'], 'plan.assessment_saved': ['保存考核', 'assessment saved'], 'plan.assessment_approved': ['批准考核', 'assessment approved'],
  'zone.admission_checked': ['准入审查', 'admission checked'],
};
export const eventText = (kind: string): string => (KINDS[kind] ? say(...KINDS[kind]) : '');

const PARTS: Record<string, [zh: string, en: string]> = { collect: ['采集', 'collection'], judge: ['评价', 'judging'], act: ['办件', 'cases'], plan: ['规划', 'plan'], register: ['台账', 'registers'], zone: ['空间', 'zones'], setup: ['首次设置', 'set-up'], county_pack: ['县域数据包', 'county pack'] };
/** A part of the program that acts by itself; empty for people. */
export const partText = (actor: string): string => (PARTS[actor] ? `${say(...PARTS[actor])}${say('（自动）', ' (by itself)')}` : '');
