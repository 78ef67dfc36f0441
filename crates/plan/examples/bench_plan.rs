//! A plan of 10,000 indicators × 10 years: `cargo run --release -p plan --example bench_plan`.
//!
//! Nine of ten indicators are ratios of two facts, the tenth reads two other indicators, one of them a year back.
//! Facts are handed in from memory; asking the other mechanisms for them is not measured.

use std::process::ExitCode;
use std::sync::Arc;
use std::time::{Duration, Instant};

use kernel::{FactQuery, FactValue};
use plan::evaluate::{Book, Known, Sheet, key_of};
use plan::model::{Indicator, IndicatorFile};

const INDICATORS: usize = 10_000;

fn main() -> ExitCode {
    match run() {
        Ok(()) => ExitCode::SUCCESS,
        Err(error) => {
            eprintln!("bench_plan: {error}");
            ExitCode::FAILURE
        }
    }
}

fn indicator(number: usize) -> String {
    let head = format!(
        "[[indicator]]\nid = \"i{number}\"\nname = \"i{number}\"\nunit = \"%\"\ndirection = \"higher_is_better\"\n\
         bindingness = \"text\"\nplace = \"p\"\n"
    );
    let formula = match number % 10 {
        9 => format!(
            "formula = \"v * 0.5 + w\"\nfacts = {{ v = {{ indicator = \"i{}\" }}, w = {{ indicator = \"i{}\", years_back = 1 }} }}\n",
            number - 1,
            number - 2
        ),
        _ => format!(
            "numerator = \"done\"\ndenominator = \"all\"\nfactor = 100\nfacts = {{ done = {{ fact = \"known.done\", arguments = \
             {{ of = {number} }} }}, all = {{ fact = \"known.all\", arguments = {{ of = {} }} }} }}\n",
            number / 10
        ),
    };
    head + &formula
}

fn known(value: i64) -> Known {
    Known { value: FactValue::Integer(value), ..Known::default() }
}

fn run() -> Result<(), Box<dyn std::error::Error>> {
    let text: String = (0..INDICATORS).map(indicator).collect();
    let file: IndicatorFile = toml::from_str(&text)?;
    let list: Vec<Indicator> = file.indicators.into_iter().map(|one| one.into_inner()).collect();
    let started = Instant::now();
    let book = Arc::new(Book::new(&list, &|_| true));
    let compiled = started.elapsed();
    let mut sheet = Sheet::new(book, 2021, 2030);
    let queries: Vec<FactQuery> = sheet.queries().to_vec();
    for query in &queries {
        sheet.put(&key_of(query), known(7));
    }
    let started = Instant::now();
    sheet.recompute();
    let whole = started.elapsed();
    let value = sheet.cell("i0", 2030).and_then(|cell| cell.value);
    if value != Some(100.0) {
        return Err(format!("i0 of 2030 is {value:?}, not 100").into());
    }
    let mut worst = Duration::ZERO;
    for query in queries.iter().take(2000) {
        let started = Instant::now();
        if sheet.learn(&key_of(query), known(8)).is_empty() {
            return Err(format!("{} moves nothing", key_of(query)).into());
        }
        worst = worst.max(started.elapsed());
    }
    println!("{INDICATORS} indicators × 10 years: compiled {compiled:.2?}, computed {whole:.2?} (goal 2 s)");
    println!("one changed fact, worst of 2,000: {worst:.2?} (goal 50 ms)");
    Ok(())
}
