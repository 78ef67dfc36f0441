//! The newest value of each series (最新值), kept in memory and written with each group commit.

use std::collections::HashMap;
use std::sync::RwLock;

use kernel::{Division, Timestamp};

use super::relock;
use crate::contract::{LatestValue, Reader, StoreError};
use crate::packed::{PackedValue, get_varint, pack_value, put_varint, unpack_value, unzigzag, zigzag};

/// Point, system code, command code.
pub type SeriesKey = (i64, u16, u16);

/// A device that invents factor names must not grow a row without end.
const MAX_CELLS: usize = 512;

#[derive(Clone, Debug)]
pub struct Cell {
    pub value: PackedValue,
    pub data_time: Timestamp,
    pub received_at: Timestamp,
    pub frame: i64,
}

pub type Cells = Vec<Cell>;

pub struct LatestValues {
    series: RwLock<HashMap<SeriesKey, Cells>>,
}

impl LatestValues {
    pub fn load(reader: &dyn Reader, division: Division) -> Result<Self, StoreError> {
        let mut series = HashMap::new();
        for row in
            reader.query("SELECT point, system, kind, packed FROM latest WHERE division = $1", &[division.into()])?
        {
            let key = (row.integer(0)?, row.integer(1)? as u16, row.integer(2)? as u16);
            series.insert(key, decode(row.bytes(3)?));
        }
        Ok(Self { series: RwLock::new(series) })
    }

    /// A copy of one series to change within a commit.
    pub fn copy(&self, key: &SeriesKey) -> Cells {
        relock(self.series.read()).get(key).cloned().unwrap_or_default()
    }

    /// Puts in place what a commit has made durable.
    pub fn replace(&self, changed: HashMap<SeriesKey, Cells>) {
        relock(self.series.write()).extend(changed);
    }

    pub fn of(&self, points: &[i64]) -> Vec<LatestValue> {
        let series = relock(self.series.read());
        let mut values = Vec::new();
        for (&(point, system, kind), cells) in series.iter() {
            if !points.is_empty() && !points.contains(&point) {
                continue;
            }
            values.extend(cells.iter().map(|cell| LatestValue {
                point,
                system,
                kind,
                value: cell.value.clone(),
                data_time: cell.data_time,
                received_at: cell.received_at,
                frame: cell.frame,
            }));
        }
        values
    }
}

/// Takes over a packet's values where they are not older than what is there.
pub fn merge(cells: &mut Cells, values: &[PackedValue], data_time: Timestamp, received_at: Timestamp, frame: i64) {
    for (place, value) in values.iter().enumerate() {
        let same = |cell: &Cell| cell.value.factor == value.factor && cell.value.statistic == value.statistic;
        // Packets of one series list their factors in the same order, so the place is nearly always right.
        let found = match cells.get(place) {
            Some(cell) if same(cell) => Some(place),
            _ => cells.iter().position(same),
        };
        match found {
            Some(found) if cells[found].data_time <= data_time => {
                cells[found] = Cell { value: value.clone(), data_time, received_at, frame };
            }
            Some(_) => {}
            None if cells.len() < MAX_CELLS => {
                cells.push(Cell { value: value.clone(), data_time, received_at, frame });
            }
            None => {}
        }
    }
}

pub fn encode(cells: &Cells) -> Vec<u8> {
    let mut out = Vec::with_capacity(cells.len() * 12);
    let mut time = 0;
    let mut frame = 0;
    for cell in cells {
        pack_value(&cell.value, &mut out);
        put_varint(zigzag(cell.data_time.millis() - time), &mut out);
        put_varint(zigzag(cell.received_at.millis() - cell.data_time.millis()), &mut out);
        put_varint(zigzag(cell.frame - frame), &mut out);
        (time, frame) = (cell.data_time.millis(), cell.frame);
    }
    out
}

fn decode(mut bytes: &[u8]) -> Cells {
    let mut cells = Vec::new();
    let (mut time, mut frame) = (0i64, 0i64);
    while let Some(value) = unpack_value(&mut bytes) {
        let (Some(time_step), Some(delay), Some(frame_step)) =
            (get_varint(&mut bytes), get_varint(&mut bytes), get_varint(&mut bytes))
        else {
            break;
        };
        time += unzigzag(time_step);
        frame += unzigzag(frame_step);
        cells.push(Cell { value, data_time: Timestamp(time), received_at: Timestamp(time + unzigzag(delay)), frame });
    }
    cells
}
