//! What the plan itself can be asked by formulas.

use std::collections::BTreeMap;

use kernel::Name;
use kernel::fact::{FactArgument, FactDescription};

use crate::portfolio::QUANTITY;

/// All facts of the plan, for whoever checks formulas.
pub fn fact_descriptions() -> Vec<FactDescription> {
    vec![quantity()]
}

/// Of [`QUANTITY`].
pub(crate) fn quantity() -> FactDescription {
    let argument = |zh: &str, en: &str| FactArgument::new(Name::new(zh, en)).required();
    FactDescription {
        name: QUANTITY.to_owned(),
        label: Name::new("项目已完成的工程量", "what projects have done"),
        arguments: BTreeMap::from([
            ("year".to_owned(), argument("到这一年年末", "to the end of this year").whole_number()),
            ("quantity".to_owned(), argument("工程量的 kind", "kind of the quantity")),
            ("unit".to_owned(), argument("答案的单位", "unit of the answer")),
        ]),
        unit: String::new(),
    }
}
