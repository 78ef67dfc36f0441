//! What the cases can tell others.

use std::collections::BTreeMap;

use kernel::fact::{Evidence, FactDescription};
use kernel::{Day, ErrorCode, Fact, FactQuery, FactSource, FactValue, Name, Problem, Timestamp};

use crate::ops::Act;
use crate::rows;

const IN_TIME: &str = "act.cases_closed_in_time";
/// Names of all facts, for whoever checks formulas without a running act.
pub const FACT_NAMES: [&str; 1] = [IN_TIME];

impl FactSource for Act {
    fn describe(&self) -> Vec<FactDescription> {
        vec![FactDescription {
            name: IN_TIME.into(),
            label: Name::new("按期关闭的案件比例", "share of cases closed in time"),
            arguments: BTreeMap::from([("year".into(), Name::new("年份", "year"))]),
            unit: "%".into(),
        }]
    }

    fn answer(&self, query: &FactQuery, now: Timestamp) -> Result<Fact, Problem> {
        if query.name != IN_TIME {
            return Err(Problem::new(ErrorCode::NotFound, format!("没有事实“{}” (no such fact)", query.name)));
        }
        let year = i32::try_from(query.integer("year")?).map_err(|_| Problem::invalid("year"))?;
        let (from, until) = (Day::from_civil(year, 1, 1).start(), Day::from_civil(year + 1, 1, 1).start());
        let (opened, in_time) = self.store.read(|reader| rows::closed_in_time(reader, self.division, from, until))?;
        let value = match opened {
            0 => FactValue::Missing,
            _ => FactValue::Number(in_time as f64 * 100.0 / opened as f64),
        };
        Ok(Fact {
            value,
            unit: "%".into(),
            as_of: now,
            method: Name::new(
                format!("{year} 年立案 {opened} 件，其中在期限内关闭 {in_time} 件"),
                format!("{opened} cases opened in {year}, {in_time} of them closed in time"),
            ),
            evidence: vec![Evidence { label: Name::new("案件列表", "cases"), href: "/app/cases".into() }],
            missing: if opened == 0 { vec![Name::new("没有案件", "no cases")] } else { Vec::new() },
            simulated: false,
        })
    }
}
