//! What the cases can tell others.

use std::collections::BTreeMap;

use kernel::fact::{Evidence, FactArgument, FactDescription};
use kernel::{Day, ErrorCode, Fact, FactQuery, FactSource, FactValue, Name, Problem, Timestamp};

use crate::ops::Act;
use crate::rows;

const IN_TIME: &str = "act.cases_closed_in_time";

/// All facts, for whoever checks formulas without a running act.
pub fn fact_descriptions() -> Vec<FactDescription> {
    let argument = |zh: &str, en: &str| FactArgument::new(Name::new(zh, en));
    vec![FactDescription {
        name: IN_TIME.into(),
        label: Name::new("按期关闭的案件比例", "share of cases closed in time"),
        arguments: BTreeMap::from([
            ("year".into(), argument("年份", "year").required().whole_number()),
            ("workflow".into(), argument("只数这种流程的", "only cases of this workflow")),
        ]),
        unit: "%".into(),
    }]
}

impl FactSource for Act {
    fn describe(&self) -> Vec<FactDescription> {
        fact_descriptions()
    }

    fn answer(&self, query: &FactQuery, now: Timestamp) -> Result<Fact, Problem> {
        if query.name != IN_TIME {
            return Err(Problem::new(ErrorCode::NotFound, format!("没有事实“{}” (no such fact)", query.name)));
        }
        let year = i32::try_from(query.integer("year")?).map_err(|_| Problem::invalid("year"))?;
        let (from, until) = (Day::from_civil(year, 1, 1).start(), Day::from_civil(year + 1, 1, 1).start());
        let workflow = query.text("workflow").ok();
        if let Some(workflow) = workflow {
            self.workflows.get(workflow)?;
        }
        let counted =
            self.store.read(|reader| rows::closed_in_time(reader, self.division, workflow, (from, until), now))?;
        let rows::InTime { opened, due, in_time } = counted;
        let value = match due {
            0 => FactValue::Missing,
            _ => FactValue::Number(in_time as f64 * 100.0 / due as f64),
        };
        Ok(Fact {
            value,
            unit: "%".into(),
            as_of: now,
            method: Name::new(
                format!(
                    "{year} 年立案 {opened} 件，已关闭或已到期 {due} 件，其中在期限内关闭 {in_time} 件；未到期的不计"
                ),
                format!(
                    "{opened} cases opened in {year}, {due} of them closed or due by now, {in_time} of these closed in time"
                ),
            ),
            evidence: vec![Evidence { label: Name::new("案件列表", "cases"), href: "/app/cases".into() }],
            missing: if due == 0 {
                vec![Name::new("没有已关闭或已到期的案件", "no cases closed or due")]
            } else {
                Vec::new()
            },
            simulated: false,
        })
    }
}
