import { say } from '@/i18n';
const NAMES: Record<string, [string, string]> = {
  system_administrator: ['系统管理员', 'System administrator'], security_administrator: ['安全管理员', 'Security administrator'], audit_administrator: ['审计管理员', 'Audit administrator'], duty_officer: ['值班员', 'Duty officer'], monitoring_engineer: ['监测工程师', 'Monitoring engineer'],
  inspector: ['执法人员', 'Inspector'], body: ['部门或乡镇', 'Department or township'], enterprise: ['企业', 'Enterprise'], plan_officer: ['规划管理员', 'Plan officer'], leader: ['领导', 'Leader'], neighbour: ['相邻区县或上级平台', 'Neighbour or upper platform'],
};
export const ROLES = Object.keys(NAMES);
/** Who changed a record, where no person did. */
export const actorText = (actor: string): string => ({ county_pack: say('县域数据包', 'county pack'), act: say('系统自动', 'by itself'), built_in: say('程序内置', 'this release'), pack: say('县域数据包', 'county pack') } as Record<string, string>)[actor] ?? actor;
export const roleText = (role: string): string => (NAMES[role] ? say(...NAMES[role]) : role);

const RIGHTS: Record<string, [string, string]> = {
  read_monitoring: ['查看监测', 'read monitoring'], read_frames: ['查看原始报文', 'read raw frames'], read_cases: ['查看办件', 'read cases'], work_cases: ['办理办件', 'work cases'], assign_cases: ['指派办件', 'assign cases'], close_cases: ['关闭办件', 'close cases'], command_stations: ['反控站点', 'command stations'], adopt_devices: ['认领设备', 'adopt devices'], import_data: ['导入数据', 'import data'],
  edit_registers: ['修改台账', 'edit registers'], manage_users: ['管理用户', 'manage users'], read_audit: ['查看审计', 'read the audit log'], review_data: ['审核数据', 'review data'], read_plan: ['查看规划', 'read the plan'], edit_plan: ['填报规划', 'edit the plan'], approve_plan: ['批准规划', 'approve the plan'], design_ledgers: ['设计台账', 'design ledgers'], save_admissions: ['登记准入审查', 'save admission checks'], inspect_projects: ['填现场检查', 'enter inspections of projects'],
};
export const rightText = (action: string): string => (RIGHTS[action] ? say(...RIGHTS[action]) : action);
