//! The guides name what there is.

#![allow(clippy::unwrap_used, clippy::expect_used)]

use register::definition::{Observed, RESERVED};
use register::problem::ProblemCode;

#[test]
fn the_guides_name_every_number_and_every_reserved_field() {
    let read = |name: &str| {
        let path = std::path::Path::new(env!("CARGO_MANIFEST_DIR")).join("../../docs/guides").join(name);
        std::fs::read_to_string(path).unwrap()
    };
    let (pack, ledgers) = (read("county-pack.md"), read("ledgers.md"));
    for code in ProblemCode::ALL {
        assert!(pack.contains(code.number()), "county-pack.md does not explain {}", code.number());
    }
    for field in RESERVED {
        assert!(ledgers.contains(&format!("`{field}`")), "ledgers.md does not name {field}");
    }
    let roles = ledgers.split("Roles: ").nth(1).and_then(|rest| rest.split("A `limits` table").next()).unwrap();
    for role in Observed::ROLES {
        assert!(roles.contains(&format!("`{role}`")), "ledgers.md does not name the role {role}");
    }
}
