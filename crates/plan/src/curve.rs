//! The S-curve (累计投资曲线) of a portfolio. Pure.

use rust_decimal::Decimal;
use serde::{Deserialize, Serialize};

use crate::item::MoneyStep;
use crate::portfolio::{ProjectState, Sums};

/// One year of the S-curve, cumulative, 万元.
#[derive(Clone, Debug, PartialEq, Serialize, Deserialize, schemars::JsonSchema)]
pub struct CurveYear {
    pub year: i32,
    /// The estimates spread evenly over each project's period: an assumption, and said so.
    #[schemars(with = "String")]
    pub even: Decimal,
    #[schemars(with = "Option<String>")]
    pub arranged: Option<Decimal>,
    #[schemars(with = "Option<String>")]
    pub arrived: Option<Decimal>,
    #[schemars(with = "Option<String>")]
    pub paid: Option<Decimal>,
}

pub fn curve(projects: &[ProjectState]) -> Vec<CurveYear> {
    let Some(first) = projects.iter().map(|project| project.years[0]).min() else { return Vec::new() };
    let last = projects.iter().map(|project| project.years[1]).max().unwrap_or(first).min(first + 60);
    (first..=last)
        .map(|year| {
            let mut even = Decimal::ZERO;
            let mut sums = Sums::default();
            for project in projects {
                let whole = (project.years[1] - project.years[0] + 1).max(1);
                let gone = (year - project.years[0] + 1).clamp(0, whole);
                // What was given up is not going to be spent; what was paid before was.
                if !project.given_up {
                    even += project.estimate_now * Decimal::from(gone) / Decimal::from(whole);
                }
                for row in project.money.iter().filter(|row| row.year <= year) {
                    let steps = [
                        (MoneyStep::Arranged, row.sums.arranged),
                        (MoneyStep::Arrived, row.sums.arrived),
                        (MoneyStep::Paid, row.sums.paid),
                    ];
                    for (step, amount) in steps {
                        if let Some(amount) = amount {
                            sums.add(step, amount);
                        }
                    }
                }
            }
            CurveYear {
                year,
                even: even.round_dp(2).normalize(),
                arranged: sums.arranged,
                arrived: sums.arrived,
                paid: sums.paid,
            }
        })
        .collect()
}
