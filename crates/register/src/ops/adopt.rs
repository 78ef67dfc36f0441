//! Adopting a device that nobody knew: its binding is a record like any other.

use kernel::{Action, Actor, ErrorCode, Problem, Timestamp};
use serde_json::{Map, Value};

use super::Register;
use super::write::{Draft, Target};
use crate::points::BINDINGS;
use crate::record::Record;

impl Register {
    /// Adopts a device: binds it to a point from a moment on. The point is given by its id.
    pub fn bind_device(
        &self,
        actor: &Actor,
        (mn, st): (&str, &str),
        point: i64,
        from: Timestamp,
        now: Timestamp,
    ) -> Result<Record, Problem> {
        use kernel::PointSource as _;
        let points = self.points();
        let point = points.get(point).ok_or_else(|| Problem::not_found(format!("没有点位 {point} (no such point)")))?;
        if !actor.may(Action::AdoptDevices, point.owner.as_deref()) {
            return Err(Problem::new(ErrorCode::NotAllowed, "无权绑定设备 (devices may not be adopted)"));
        }
        let mut fields = Map::new();
        let key = format!("{mn}-{st}-{}", from.day().to_iso());
        for (field, value) in [
            ("number", key),
            ("mn", mn.to_owned()),
            ("st", st.to_owned()),
            ("point", format!("{}:{}", point.ledger, point.key)),
            ("from", from.to_iso()),
            ("source", format!("隔离区收编，{}", actor.name)),
        ] {
            fields.insert(field.to_owned(), Value::String(value));
        }
        if point.simulated {
            fields.insert("simulated".to_owned(), Value::Bool(true));
        }
        let draft = Draft { fields, reason: "收编未知设备".to_owned(), revision: None };
        // Whoever may adopt may write this one record.
        let author = Actor { name: actor.name.clone(), ..Actor::system(&actor.name) };
        self.write(&author, Target::New { ledger: BINDINGS }, &draft, now)
    }
}
