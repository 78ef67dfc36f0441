//! Evaluation (计算): every indicator in every year, from facts and documented entries; one changed fact touches
//! only what reads it. Pure: facts are handed in, nothing is asked for here.
//!
//! A cell's value is, in this order: what the formula gives on complete evidence; an approved documented entry; what the
//! formula gives on incomplete evidence; what the plan itself
//! states for that year; missing. What was not taken stays beside it.

use std::collections::{BTreeMap, BTreeSet, HashMap};
use std::sync::Arc;

use kernel::{FactQuery, FactValue, Name};
use rust_decimal::prelude::ToPrimitive;
use serde::{Deserialize, Serialize};

use crate::formula::{self, Formula, FormulaError, Read, Shape};
use crate::model::Indicator;

/// Where a value comes from.
#[derive(Clone, Copy, Debug, Default, PartialEq, Eq, Serialize, Deserialize, schemars::JsonSchema)]
#[serde(rename_all = "snake_case")]
pub enum Basis {
    Formula,
    Document,
    /// Printed in the plan.
    Stated,
    #[default]
    Missing,
}

/// One indicator in one year.
#[derive(Clone, Debug, Default, PartialEq, Serialize, Deserialize, schemars::JsonSchema)]
pub struct Cell {
    pub value: Option<f64>,
    pub basis: Basis,
    /// What the formula gave, taken or not.
    pub computed: Option<f64>,
    pub numerator: Option<f64>,
    pub denominator: Option<f64>,
    pub documented: Option<f64>,
    pub stated: Option<f64>,
    pub error: Option<FormulaError>,
    pub missing: Vec<Name>,
    /// Rests on simulated (模拟) data.
    pub simulated: bool,
}

/// What is known of a fact.
#[derive(Clone, Debug, Default, PartialEq)]
pub struct Known {
    pub value: FactValue,
    pub unit: String,
    pub missing: Vec<Name>,
    pub simulated: bool,
    /// Why the source could not answer.
    pub failed: Option<String>,
}

/// An identifier of a question: its name and arguments, in order.
pub fn key_of(query: &FactQuery) -> String {
    let mut key = query.name.clone();
    for (name, value) in &query.arguments {
        let text = match value {
            FactValue::Text(text) => text.clone(),
            FactValue::Integer(number) => number.to_string(),
            other => serde_json::to_string(other).unwrap_or_default(),
        };
        key.push_str(&format!("|{name}={text}"));
    }
    key
}

/// All indicators with their formulas, in the order in which they can be computed.
#[derive(Debug)]
pub struct Book {
    pub ids: Vec<String>,
    place: HashMap<String, usize>,
    formulas: Vec<Option<Result<Formula, FormulaError>>>,
    stated: Vec<BTreeMap<i32, f64>>,
    order: Vec<usize>,
    /// Place in `order` of each indicator.
    rank: Vec<usize>,
}

impl Book {
    /// `known` says whether a fact exists. What is wrong with one formula is kept with that indicator.
    pub fn new<'i>(indicators: impl IntoIterator<Item = &'i Indicator>, known: &dyn Fn(&str) -> bool) -> Self {
        let indicators: Vec<&Indicator> = indicators.into_iter().collect();
        let ids: Vec<String> = indicators.iter().map(|indicator| indicator.id.clone()).collect();
        let place: HashMap<String, usize> = ids.iter().cloned().enumerate().map(|(at, id)| (id, at)).collect();
        let find = |id: &str| place.get(id).copied();
        let mut formulas: Vec<Option<Result<Formula, FormulaError>>> = indicators
            .iter()
            .map(|indicator| {
                indicator.has_formula().then(|| {
                    let formula = formula::compile(indicator, &find)?;
                    for input in &formula.inputs {
                        if let Read::Fact { query, .. } = &input.read
                            && !known(&query.name)
                        {
                            return Err(FormulaError::UnknownFact(query.name.clone()));
                        }
                    }
                    Ok(formula)
                })
            })
            .collect();
        let order = order_of(&ids, &mut formulas);
        let mut rank = vec![0; ids.len()];
        for (at, indicator) in order.iter().enumerate() {
            rank[*indicator] = at;
        }
        let stated = indicators
            .iter()
            .map(|indicator| {
                let values = indicator.values.iter();
                values.filter_map(|value| Some((value.year, value.value?.to_f64()?))).collect()
            })
            .collect();
        Self { ids, place, formulas, stated, order, rank }
    }

    pub fn place(&self, id: &str) -> Option<usize> {
        self.place.get(id).copied()
    }

    /// What is wrong with a formula, whatever the facts are.
    pub fn error(&self, indicator: usize) -> Option<&FormulaError> {
        self.formulas.get(indicator)?.as_ref()?.as_ref().err()
    }

    pub fn formula(&self, indicator: usize) -> Option<&Formula> {
        self.formulas.get(indicator)?.as_ref()?.as_ref().ok()
    }
}

/// Indicators that read another come after it; those on a circle (within one year) get the error.
fn order_of(ids: &[String], formulas: &mut [Option<Result<Formula, FormulaError>>]) -> Vec<usize> {
    let reads: Vec<Vec<usize>> = formulas
        .iter()
        .map(|formula| match formula {
            Some(Ok(formula)) => formula
                .inputs
                .iter()
                .filter(|input| input.years_back == 0)
                .filter_map(|input| match input.read {
                    Read::Indicator(other) => Some(other),
                    Read::Fact { .. } => None,
                })
                .collect(),
            _ => Vec::new(),
        })
        .collect();
    let mut order = Vec::with_capacity(ids.len());
    // 0 not seen, 1 on the way, 2 done.
    let mut state = vec![0u8; ids.len()];
    for start in 0..ids.len() {
        if state[start] != 0 {
            continue;
        }
        let mut way: Vec<(usize, usize)> = vec![(start, 0)];
        state[start] = 1;
        while let Some((at, next)) = way.last().copied() {
            let Some(&other) = reads[at].get(next) else {
                state[at] = 2;
                order.push(at);
                way.pop();
                continue;
            };
            if let Some(top) = way.last_mut() {
                top.1 += 1;
            }
            match state[other] {
                0 => {
                    state[other] = 1;
                    way.push((other, 0));
                }
                1 => {
                    let from = way.iter().position(|(on, _)| *on == other).unwrap_or(0);
                    let circle: Vec<usize> = way[from..].iter().map(|(on, _)| *on).collect();
                    let mut names: Vec<String> = circle.iter().map(|on| ids[*on].clone()).collect();
                    names.push(ids[other].clone());
                    for on in circle {
                        formulas[on] = Some(Err(FormulaError::Cycle(names.clone())));
                    }
                }
                _ => {}
            }
        }
    }
    order
}

/// What a variable of a cell reads.
#[derive(Clone, Copy, Debug)]
enum Source {
    Fact(u32),
    Cell(u32),
    /// Before the first year of the sheet.
    Outside,
}

/// All cells, with who reads what.
#[derive(Clone, Debug)]
pub struct Sheet {
    book: Arc<Book>,
    first: i32,
    years: usize,
    queries: Arc<Vec<FactQuery>>,
    numbers: Arc<HashMap<String, u32>>,
    known: Vec<Option<Known>>,
    cells: Vec<Cell>,
    sources: Arc<Vec<Vec<Source>>>,
    fact_readers: Arc<Vec<Vec<u32>>>,
    cell_readers: Arc<Vec<Vec<u32>>>,
}

impl Sheet {
    /// A sheet from `first` to `last` year, nothing known yet.
    pub fn new(book: Arc<Book>, first: i32, last: i32) -> Self {
        let years = usize::try_from(last - first + 1).unwrap_or(0);
        let count = book.ids.len() * years;
        let (mut queries, mut numbers): (Vec<FactQuery>, HashMap<String, u32>) = (Vec::new(), HashMap::new());
        let mut fact_readers: Vec<Vec<u32>> = Vec::new();
        let mut cell_readers: Vec<Vec<u32>> = vec![Vec::new(); count];
        let mut sources = Vec::with_capacity(count);
        let mut cells = Vec::with_capacity(count);
        for indicator in 0..book.ids.len() {
            for offset in 0..years {
                let (cell, year) = ((indicator * years + offset) as u32, first + offset as i32);
                let mut reads = Vec::new();
                for input in book.formula(indicator).map(|formula| formula.inputs.as_slice()).unwrap_or_default() {
                    let year = year - input.years_back;
                    reads.push(match &input.read {
                        Read::Indicator(_) if year < first => Source::Outside,
                        Read::Indicator(other) => {
                            let other = (other * years + (year - first) as usize) as u32;
                            cell_readers[other as usize].push(cell);
                            Source::Cell(other)
                        }
                        Read::Fact { query, .. } => {
                            let query = query.clone().with("year", FactValue::Integer(year.into()));
                            let number = *numbers.entry(key_of(&query)).or_insert_with(|| {
                                queries.push(query);
                                fact_readers.push(Vec::new());
                                queries.len() as u32 - 1
                            });
                            fact_readers[number as usize].push(cell);
                            Source::Fact(number)
                        }
                    });
                }
                sources.push(reads);
                let stated = book.stated[indicator].get(&year).copied();
                cells.push(Cell { stated, ..Cell::default() });
            }
        }
        let mut sheet = Self {
            known: vec![None; queries.len()],
            book,
            first,
            years,
            queries: Arc::new(queries),
            numbers: Arc::new(numbers),
            cells,
            sources: Arc::new(sources),
            fact_readers: Arc::new(fact_readers),
            cell_readers: Arc::new(cell_readers),
        };
        sheet.recompute();
        sheet
    }

    pub fn book(&self) -> &Arc<Book> {
        &self.book
    }

    pub fn years(&self) -> std::ops::RangeInclusive<i32> {
        self.first..=self.first + self.years as i32 - 1
    }

    /// Every question that the formulas ask.
    pub fn queries(&self) -> &[FactQuery] {
        &self.queries
    }

    pub fn known(&self, key: &str) -> Option<&Known> {
        self.known.get(*self.numbers.get(key)? as usize)?.as_ref()
    }

    pub fn cell(&self, id: &str, year: i32) -> Option<&Cell> {
        self.cells.get(self.at(self.book.place(id)?, year)?)
    }

    /// Values by year, those that there are.
    pub fn series(&self, id: &str) -> Vec<(i32, f64)> {
        self.years().filter_map(|year| Some((year, self.cell(id, year)?.value?))).collect()
    }

    /// Cells that have a documented value.
    pub fn documented(&self) -> Vec<(String, i32)> {
        let of = |(at, cell): (usize, &Cell)| {
            cell.documented?;
            Some((self.book.ids[at / self.years].clone(), self.first + (at % self.years) as i32))
        };
        self.cells.iter().enumerate().filter_map(of).collect()
    }

    fn at(&self, indicator: usize, year: i32) -> Option<usize> {
        let offset = usize::try_from(year - self.first).ok().filter(|offset| *offset < self.years)?;
        Some(indicator * self.years + offset)
    }

    /// Takes over an answer and recomputes what reads it. Returns the cells that changed: indicator and year.
    pub fn learn(&mut self, key: &str, known: Known) -> Vec<(usize, i32)> {
        let Some(&number) = self.numbers.get(key) else { return Vec::new() };
        if self.known[number as usize].as_ref() == Some(&known) {
            return Vec::new();
        }
        self.known[number as usize] = Some(known);
        let readers = self.fact_readers[number as usize].clone();
        self.spread(readers)
    }

    /// Takes over an answer without computing; [`Sheet::recompute`] follows.
    pub fn put(&mut self, key: &str, known: Known) {
        if let Some(&number) = self.numbers.get(key) {
            self.known[number as usize] = Some(known);
        }
    }

    /// Sets or withdraws an approved documented value.
    pub fn document(&mut self, id: &str, year: i32, value: Option<f64>) -> Vec<(usize, i32)> {
        let Some(at) = self.book.place(id).and_then(|place| self.at(place, year)) else { return Vec::new() };
        if self.cells[at].documented == value {
            return Vec::new();
        }
        self.cells[at].documented = value;
        self.spread(vec![at as u32])
    }

    /// What-if: pretends a value, whatever the formula says.
    pub fn assume(&mut self, id: &str, year: i32, value: f64) -> Vec<(usize, i32)> {
        let Some(at) = self.book.place(id).and_then(|place| self.at(place, year)) else { return Vec::new() };
        self.cells[at].value = Some(value);
        let mut changed = self.spread(self.cell_readers[at].clone());
        changed.push((at / self.years, year));
        changed
    }

    /// Everything, years outward, each after what it reads.
    pub fn recompute(&mut self) {
        let book = Arc::clone(&self.book);
        for offset in 0..self.years {
            for indicator in &book.order {
                let at = indicator * self.years + offset;
                self.cells[at] = self.compute(at);
            }
        }
    }

    /// Computes cells and whatever reads those that changed, each once, in an order in which it can be done.
    fn spread(&mut self, start: Vec<u32>) -> Vec<(usize, i32)> {
        let years = self.years;
        let book = Arc::clone(&self.book);
        let turn = |cell: u32| {
            let (indicator, offset) = (cell as usize / years, cell as usize % years);
            (offset, book.rank[indicator], cell)
        };
        let mut waiting: BTreeSet<(usize, usize, u32)> = start.into_iter().map(turn).collect();
        let mut changed = Vec::new();
        while let Some((offset, _, cell)) = waiting.pop_first() {
            let at = cell as usize;
            let computed = self.compute(at);
            if computed != self.cells[at] {
                let moved = computed.value != self.cells[at].value || computed.simulated != self.cells[at].simulated;
                self.cells[at] = computed;
                changed.push((at / years, self.first + offset as i32));
                if moved {
                    waiting.extend(self.cell_readers[at].iter().copied().map(turn));
                }
            }
        }
        changed
    }

    fn compute(&self, at: usize) -> Cell {
        let old = &self.cells[at];
        let mut cell = Cell { documented: old.documented, stated: old.stated, ..Cell::default() };
        match self.book.formulas.get(at / self.years.max(1)).and_then(Option::as_ref) {
            None => {}
            Some(Err(error)) => cell.error = Some(error.clone()),
            Some(Ok(formula)) => self.apply(formula, at, &mut cell),
        }
        // What was approved with a document precedes a computation whose evidence is incomplete.
        let complete = cell.computed.filter(|_| cell.missing.is_empty() || cell.documented.is_none());
        (cell.value, cell.basis) = match (complete, cell.documented, cell.stated) {
            (Some(value), _, _) => (Some(value), Basis::Formula),
            (None, Some(value), _) => (Some(value), Basis::Document),
            (None, None, Some(value)) => (Some(value), Basis::Stated),
            (None, None, None) => (None, Basis::Missing),
        };
        // A documented or printed value does not rest on the simulated facts that gave none.
        cell.simulated &= cell.basis == Basis::Formula;
        cell
    }

    fn apply(&self, formula: &Formula, at: usize, cell: &mut Cell) {
        let mut variables = BTreeMap::new();
        for (input, source) in formula.inputs.iter().zip(&self.sources[at]) {
            match self.input(input, *source, cell) {
                Ok(value) => variables.insert(input.variable.clone(), value),
                Err(error) => {
                    cell.error = Some(error);
                    return;
                }
            };
        }
        let evaluate = |expression: &expression::Expression| -> Result<Option<f64>, FormulaError> {
            let found = expression.evaluate(&variables)?;
            match found.value {
                FactValue::Integer(value) => Ok(Some(value as f64)),
                FactValue::Number(value) => Ok(Some(value)),
                FactValue::Missing if !found.missing.is_empty() => Ok(None),
                // Known inputs and no number: a floating division by zero, or a formula that gives no number.
                FactValue::Missing => Err(FormulaError::DivisionByZero),
                _ => Err(FormulaError::NotANumber),
            }
        };
        let result = match &formula.shape {
            Shape::Whole(whole) => evaluate(whole),
            Shape::Ratio { numerator, denominator, factor } => {
                evaluate(numerator).and_then(|above| Ok((above, evaluate(denominator)?))).and_then(|(above, below)| {
                    (cell.numerator, cell.denominator) = (above, below);
                    match (above, below) {
                        // Nothing found and not everything known is no division by zero but a lack of evidence.
                        (_, Some(0.0)) if !cell.missing.is_empty() => Ok(None),
                        (_, Some(0.0)) => Err(FormulaError::DivisionByZero),
                        (Some(above), Some(below)) => Ok(Some(above / below * factor)),
                        _ => Ok(None),
                    }
                })
            }
        };
        match result {
            Ok(value) => cell.computed = value.filter(|value| value.is_finite()),
            Err(error) => cell.error = Some(error),
        }
    }

    fn input(&self, input: &formula::Input, source: Source, cell: &mut Cell) -> Result<FactValue, FormulaError> {
        match source {
            Source::Outside => Ok(FactValue::Missing),
            Source::Cell(other) => {
                let other = &self.cells[other as usize];
                cell.simulated |= other.simulated;
                Ok(other.value.map_or(FactValue::Missing, FactValue::Number))
            }
            Source::Fact(number) => {
                let Some(known) = &self.known[number as usize] else { return Ok(FactValue::Missing) };
                if let Some(why) = &known.failed {
                    return Err(FormulaError::FactFailed { variable: input.variable.clone(), why: why.clone() });
                }
                if let Read::Fact { unit: Some(expected), .. } = &input.read
                    && *expected != known.unit
                {
                    let (variable, expected) = (input.variable.clone(), expected.clone());
                    return Err(FormulaError::UnitChanged { variable, expected, found: known.unit.clone() });
                }
                cell.simulated |= known.simulated;
                cell.missing.extend(known.missing.iter().take(20).cloned());
                Ok(match &known.value {
                    // CEL does not mix integers and floats, and would divide integers without a rest.
                    FactValue::Integer(value) => FactValue::Number(*value as f64),
                    other => other.clone(),
                })
            }
        }
    }
}
