// Words that more than one page uses: [中文, English].

export const shared = {
  app: { name: ['青山', 'Qingshan'], tagline: ['县域生态环境一本账', 'A county’s environment, accounted for'], skip: ['跳到正文', 'Skip to content'] },
  nav: {
    main: ['主导航', 'Main navigation'], more: ['更多', 'More'], close: ['收起', 'Close'],
    watch: ['监测', 'Monitoring'], judge: ['评价', 'Assessment'], act: ['处置', 'Action'], register: ['底数', 'Registers'], manage: ['管理', 'Administration'],
    planning: ['规划', 'Plan'], plan: ['规划', 'The plan'],
    overview: ['总览', 'Overview'], map: ['一张图', 'Map'], stations: ['点位', 'Stations'], air: ['空气', 'Air'], water: ['水', 'Water'], outlets: ['排放口', 'Outlets'],
    verdicts: ['评价记录', 'Verdicts'], quality: ['数据质量', 'Data quality'], cases: ['办件', 'Cases'], quarantine: ['未识别设备', 'Quarantine'], import: ['数据导入', 'Import'], ledgers: ['台账', 'Ledgers'], admission: ['准入审查', 'Admission'], duties: ['到期事项', 'Duties'], standards: ['标准', 'Standards'],
    review: ['数据审核', 'Review of data'], stops: ['停运申报', 'Declared stops'], suspicions: ['疑点', 'Suspicions'], charts: ['统计图', 'Charts'], reports: ['报表', 'Reports'],
    users: ['用户', 'Users'], audit: ['审计日志', 'Audit log'], about: ['说明与错误码', 'About and error codes'],
    signOut: ['退出', 'Sign out'], publicPage: ['公众页', 'Public page'], account: ['账户', 'Account'], password: ['修改密码', 'Change password'],
  },
  badge: {
    simulated: ['模拟', 'simulated'], simulatedHelp: ['数据由程序生成，不是实测', 'The data are made by a program, not measured'],
    schematic: ['示意', 'schematic'], schematicHelp: ['位置或资料为示意，不是实际', 'The place or facts are invented for illustration'],
    countySimulating: ['本县当前接入的是模拟站点，数据不是实测。', 'The stations connected now are simulated: nothing here was measured.'],
    unconfirmed: ['未确认', 'unconfirmed'],
  },
  state: {
    normal: ['正常', 'Normal'], exceeding: ['超标', 'Exceeding'], attention: ['需关注', 'Needs attention'], stale: ['数据陈旧', 'Stale'], offline: ['离线', 'Offline'], no_data: ['无数据', 'No data'], suspended: ['停运', 'Suspended'],
    since: ['自 {time}', 'since {time}'], legend: ['状态图例', 'Legend of states'],
  },
  kind: {
    air_station: ['环境空气站', 'Ambient air station'], micro_station: ['微型空气站', 'Air micro-station'], water_section: ['地表水断面', 'Surface-water section'], lake_point: ['湖库点位', 'Lake point'],
    drinking_water_source: ['饮用水水源地', 'Drinking-water source'], wastewater_outlet: ['废水排放口', 'Wastewater outlet'], waste_gas_outlet: ['废气排放口', 'Waste-gas outlet'], noise_point: ['声环境点', 'Noise point'],
    ecological_flow: ['生态流量', 'Ecological flow'], groundwater_well: ['地下水井', 'Groundwater well'], soil_point: ['土壤点', 'Soil point'], electromagnetic_station: ['电磁环境站', 'Electromagnetic station'],
    dust_point: ['扬尘监测点', 'Dust point'], hydrology_station: ['水文站', 'Hydrology station'], ecological_station: ['生态观测站', 'Ecological station'],
  },
  accuracy: {
    surveyed: ['实测坐标', 'surveyed'], township_centre: ['以乡镇驻地代替', 'township centre'], township_center: ['以乡镇驻地代替', 'township centre'], schematic: ['示意位置', 'schematic place'], approximate: ['大致位置', 'approximate'], none: ['位置不明', 'place not known'], unknown: ['位置不明', 'place not known'],
  },
  age: {
    second: ['{n} 秒前', '{n} s ago'], minute: ['{n} 分钟前', '{n} min ago'], hour: ['{n} 小时前', '{n} h ago'], day: ['{n} 天前', '{n} d ago'],
    aheadSecond: ['{n} 秒后', 'in {n} s'], aheadMinute: ['{n} 分钟后', 'in {n} min'], aheadHour: ['{n} 小时后', 'in {n} h'], aheadDay: ['{n} 天后', 'in {n} d'],
  },
  stale: { mark: ['陈旧', 'stale'], help: ['早该有更新的数，这是最后收到的', 'A newer value is overdue; this is the last that came'] },
  load: {
    loading: ['正在读取…', 'Loading…'], empty: ['没有内容', 'Nothing here'], retry: ['重试', 'Try again'], refresh: ['刷新', 'Refresh'],
    stale: ['以下是 {time} 的数据，刷新没有成功。', 'What you see is from {time}; refreshing failed.'],
    asOf: ['截至 {time}', 'as of {time}'],
    noPermission: ['您的角色看不到这一页', 'Your role does not include this page'], noPermissionHelp: ['需要权限“{action}”。如需开通，请联系安全管理员。', 'It needs the right “{action}”. Ask the security administrator.'],
    notFound: ['没有这个对象', 'There is no such thing'],
    whatToDo: ['怎么办', 'What to do'],
  },
  live: {
    open: ['实时', 'Live'], connecting: ['连接中', 'Connecting'], lost: ['实时中断', 'Feed lost'], idle: ['未连接', 'Not connected'],
    offline: ['离线：显示的是 {time} 的数，正在重连。', 'Offline: showing values of {time}; reconnecting.'],
    polling: ['实时连接中断：改为每分钟刷新，显示的是 {time} 的数；正在重连。', 'The live feed is interrupted: refreshed every minute instead, showing values of {time}; reconnecting.'],
    retry: ['立即重连', 'Reconnect now'],
  },
  act: {
    save: ['保存', 'Save'], cancel: ['取消', 'Cancel'], edit: ['修改', 'Edit'], create: ['新建', 'New'], remove: ['删除', 'Delete'], confirm: ['确定', 'Confirm'], back: ['返回', 'Back'], open: ['打开', 'Open'], close: ['关闭', 'Close'], search: ['搜索', 'Search'], all: ['全部', 'All'],
    csv: ['下载 CSV', 'Download CSV'], json: ['JSON', 'JSON'], reset: ['清除筛选', 'Clear filters'], why: ['为什么', 'Why'], details: ['详情', 'Details'], previous: ['上一页', 'Previous'], next: ['下一页', 'Next'], yes: ['是', 'Yes'], no: ['否', 'No'], more: ['更早的', 'Older'],
    total: ['共 {n} 条', '{n} in all'], totalMore: ['{n} 条以上', '{n}+'], pageOpen: ['第 {page} 页', 'Page {page}'], page: ['第 {page} / {pages} 页', 'Page {page} of {pages}'],
  },
  word: {
    value: ['数值', 'Value'], unit: ['单位', 'Unit'], time: ['时间', 'Time'], station: ['点位', 'Station'], kind: ['类型', 'Kind'], state: ['状态', 'State'], township: ['乡镇街道', 'Township'], factor: ['因子', 'Factor'], mark: ['标记', 'Mark'], limit: ['限值', 'Limit'], standard: ['标准', 'Standard'], edition: ['版本', 'Edition'], clause: ['条款', 'Clause'], level: ['级别', 'Level'], category: ['类别', 'Category'], primary: ['首要污染物', 'Primary pollutant'], none: ['无', 'none'], source: ['来源', 'Source'], method: ['方法', 'Method'], note: ['说明', 'Note'], name: ['名称', 'Name'], from: ['起', 'From'], until: ['止', 'Until'], year: ['年', 'Year'], date: ['日期', 'Date'], valid: ['有效', 'valid'], invalid: ['无效', 'not valid'], missing: ['缺', 'missing'], river: ['河流', 'River'], enterprise: ['企业', 'Enterprise'], hour: ['小时', 'Hour'], day: ['日', 'Day'], month: ['月', 'Month'], received: ['收到', 'Received'], revision: ['修订', 'Revision'], target: ['目标', 'Target'], reason: ['原因', 'Reason'],
  },
} as const;
