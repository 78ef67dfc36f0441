import { createRouter, createWebHistory } from 'vue-router';
import { ensureSession } from './lib/session';

declare module 'vue-router' {
  interface RouteMeta {
    open?: boolean;
    /** The right that the page needs. */
    action?: string;
    wide?: boolean;
  }
}
const read = { action: 'read_monitoring' };

export const router = createRouter({
  history: createWebHistory('/app/'),
  scrollBehavior: (to, from, saved) => saved ?? (to.hash ? { el: to.hash, top: 70 } : to.path === from.path ? undefined : { top: 0 }),
  routes: [
    { path: '/sign-in', name: 'sign-in', component: () => import('./pages/SignIn.vue'), meta: { open: true } },
    { path: '/setup', name: 'setup', component: () => import('./pages/SetUp.vue'), meta: { open: true } },
    { path: '/', name: 'overview', component: () => import('./pages/OverviewPage.vue'), meta: read },
    { path: '/map', name: 'map', component: () => import('./pages/MapPage.vue'), meta: { ...read, wide: true } },
    { path: '/points', name: 'points', component: () => import('./pages/PointsPage.vue'), meta: read },
    { path: '/points/:id', name: 'point', component: () => import('./pages/PointPage.vue'), meta: read },
    { path: '/frames/:sequence', name: 'frame', component: () => import('./pages/FramePage.vue'), meta: { action: 'read_frames' } },
    { path: '/air', name: 'air', component: () => import('./pages/AirPage.vue'), meta: read },
    { path: '/water', name: 'water', component: () => import('./pages/WaterPage.vue'), meta: read },
    { path: '/outlets', name: 'outlets', component: () => import('./pages/OutletsPage.vue'), meta: read },
    { path: '/quality', name: 'quality', component: () => import('./pages/QualityPage.vue'), meta: read },
    { path: '/review', name: 'review', component: () => import('./pages/ReviewPage.vue'), meta: read },
    { path: '/stops', name: 'stops', component: () => import('./pages/StopsPage.vue'), meta: read },
    { path: '/suspicions', name: 'suspicions', component: () => import('./pages/SuspicionsPage.vue'), meta: read },
    { path: '/charts', name: 'charts', component: () => import('./pages/ChartsPage.vue'), meta: read },
    { path: '/reports', name: 'reports', component: () => import('./pages/ReportsPage.vue'), meta: read },
    { path: '/verdicts', name: 'verdicts', component: () => import('./pages/VerdictsPage.vue'), meta: read },
    { path: '/verdicts/:id', name: 'verdict', component: () => import('./pages/VerdictPage.vue'), meta: read },
    { path: '/cases', name: 'cases', component: () => import('./pages/CasesPage.vue'), meta: { action: 'read_cases' } },
    { path: '/cases/:id', name: 'case', component: () => import('./pages/CasePage.vue'), meta: { action: 'read_cases' } },
    { path: '/quarantine', name: 'quarantine', component: () => import('./pages/QuarantinePage.vue'), meta: { action: 'adopt_devices' } },
    { path: '/import', name: 'import', component: () => import('./pages/ImportPage.vue'), meta: { action: 'import_data' } },
    { path: '/ledgers', name: 'ledgers', component: () => import('./pages/LedgersPage.vue'), meta: read },
    { path: '/ledgers/:id', name: 'ledger', component: () => import('./pages/LedgerPage.vue'), meta: read },
    { path: '/ledgers/:id/new', name: 'record-new', component: () => import('./pages/RecordEditPage.vue'), meta: { action: 'edit_registers' } },
    { path: '/ledgers/:id/import', name: 'ledger-import', component: () => import('./pages/LedgerImportPage.vue'), meta: { action: 'edit_registers' } },
    { path: '/ledgers/:id/geometry', name: 'geometry-import', component: () => import('./pages/GeometryImportPage.vue'), meta: { action: 'edit_registers' } },
    { path: '/designs', name: 'designs', component: () => import('./pages/LedgerDesignsPage.vue'), meta: { action: 'design_ledgers' } },
    { path: '/designs/:kind(ledger|codes)/:id?', name: 'design', component: () => import('./pages/LedgerDesignPage.vue'), meta: { action: 'design_ledgers', wide: true } },
    { path: '/enterprises/:id', name: 'enterprise', component: () => import('./pages/EnterprisePage.vue'), meta: read },
    { path: '/records/:id', name: 'record', component: () => import('./pages/RecordPage.vue'), meta: read },
    { path: '/records/:id/edit', name: 'record-edit', component: () => import('./pages/RecordEditPage.vue'), meta: { action: 'edit_registers' } },
    { path: '/duties', name: 'duties', component: () => import('./pages/DutiesPage.vue'), meta: read },
    { path: '/admission/:number?', name: 'admission', component: () => import('./pages/AdmissionPage.vue'), meta: read },
    { path: '/standards', name: 'standards', component: () => import('./pages/StandardsPage.vue'), meta: read },
    // The code stands in the query: codes hold slashes and dots.
    { path: '/standards/read', name: 'standard', component: () => import('./pages/StandardPage.vue'), meta: read },
    { path: '/plan', name: 'plan', component: () => import('./pages/PlanPage.vue'), meta: { action: 'read_plan' } },
    { path: '/plan/indicators/:id', name: 'plan-indicator', component: () => import('./pages/PlanIndicatorPage.vue'), meta: { action: 'read_plan' } },
    { path: '/plan/projects', name: 'plan-portfolio', component: () => import('./pages/PlanPortfolioPage.vue'), meta: { action: 'read_plan' } },
    { path: '/plan/projects/:number', name: 'plan-project', component: () => import('./pages/PlanProjectPage.vue'), meta: { action: 'read_plan' } },
    { path: '/plan/tasks', name: 'plan-tasks', component: () => import('./pages/PlanTasksPage.vue'), meta: { action: 'read_plan' } },
    { path: '/plan/bodies', name: 'plan-bodies', component: () => import('./pages/PlanBodiesPage.vue'), meta: { action: 'read_plan' } },
    { path: '/plan/bodies/:body', name: 'plan-body', component: () => import('./pages/PlanBodyPage.vue'), meta: { action: 'read_plan' } },
    { path: '/plan/entries', name: 'plan-entries', component: () => import('./pages/PlanEntriesPage.vue'), meta: { action: 'read_plan' } },
    { path: '/plan/findings', name: 'plan-findings', component: () => import('./pages/PlanFindingsPage.vue'), meta: { action: 'read_plan' } },
    { path: '/plan/assessments', name: 'plan-assessments', component: () => import('./pages/PlanAssessmentsPage.vue'), meta: { action: 'read_plan' } },
    { path: '/plan/assessments/:id', name: 'plan-assessment', component: () => import('./pages/PlanAssessmentsPage.vue'), meta: { action: 'read_plan' } },
    { path: '/users', name: 'users', component: () => import('./pages/UsersPage.vue'), meta: { action: 'manage_users' } },
    { path: '/audit', name: 'audit', component: () => import('./pages/AuditPage.vue'), meta: { action: 'read_audit' } },
    { path: '/account', name: 'account', component: () => import('./pages/AccountPage.vue') },
    { path: '/about', name: 'about', component: () => import('./pages/AboutPage.vue') },
    { path: '/:rest(.*)*', name: 'nowhere', component: () => import('./pages/NotFoundPage.vue') },
  ],
});

router.beforeEach(async (to) => {
  if (to.meta.open) return true;
  try {
    if (await ensureSession()) return true;
  } catch {
    return { name: 'sign-in', query: { next: to.fullPath, unreachable: '1' } };
  }
  return { name: 'sign-in', query: to.fullPath === '/' ? {} : { next: to.fullPath } };
});
