// Names of points for tables that come as text in Chinese: asked for once, only by readers of English.
import { ref } from 'vue';
import { points, type Name } from '@/api';

const known = ref<Record<string, Name>>({});
let asked = false;

export function pointName(id: string): Name | undefined {
  if (!asked) {
    asked = true;
    points.list({ page_size: 500 }).then(
      (page) => (known.value = Object.fromEntries(page.items.map((point) => [point.id, point.name]))),
      () => (asked = false),
    );
  }
  return known.value[id];
}
/** Words in cells of such tables. */
export const ENGLISH: Record<string, string> = {
  优: 'Excellent', 良: 'Good', 轻度污染: 'Lightly polluted', 中度污染: 'Moderately polluted', 重度污染: 'Heavily polluted', 严重污染: 'Severely polluted', 良好: 'Good', 劣Ⅴ: 'below V',
  综合指数: 'composite index', 优良天数比例: 'good-day ratio', 优良天数: 'good days', 重污染天数: 'heavily polluted days', 沙尘天数: 'dust days', 安全利用率: 'safe-use rate',
  贫营养: 'Oligotrophic', 中营养: 'Mesotrophic', 轻度富营养: 'Lightly eutrophic', 中度富营养: 'Moderately eutrophic', 重度富营养: 'Hypereutrophic',
};
