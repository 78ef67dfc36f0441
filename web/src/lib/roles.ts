import { say } from '@/i18n';
const NAMES: Record<string, [string, string]> = {
  system_administrator: ['系统管理员', 'System administrator'], security_administrator: ['安全管理员', 'Security administrator'], audit_administrator: ['审计管理员', 'Audit administrator'], duty_officer: ['值班员', 'Duty officer'], monitoring_engineer: ['监测工程师', 'Monitoring engineer'],
  inspector: ['执法人员', 'Inspector'], body: ['部门或乡镇', 'Department or township'], enterprise: ['企业', 'Enterprise'], plan_officer: ['规划管理员', 'Plan officer'], leader: ['领导', 'Leader'], neighbour: ['相邻区县或上级平台', 'Neighbour or upper platform'],
};
export const ROLES = Object.keys(NAMES);
/** Who changed a record, where no person did. */
export const actorText = (actor: string): string => ({ county_pack: say('县域数据包', 'county pack'), act: say('系统自动', 'by itself') } as Record<string, string>)[actor] ?? actor;
export const roleText = (role: string): string => (NAMES[role] ? say(...NAMES[role]) : role);
