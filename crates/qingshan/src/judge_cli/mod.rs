//! `qingshan judge …` and `qingshan standards …`: the evaluations the server runs, on files.
//!
//! A file is checked whole before anything is printed: on bad input every problem is named with its line and a hint,
//! nothing is judged, and the exit code is not zero.

mod air;
mod air_year;
mod arguments;
mod convert;
mod flux;
mod groundwater;
mod noise;
mod plausible;
mod readings;
mod round;
mod safe_use;
mod soil;
mod standards_reader;
mod table;
#[cfg(test)]
mod tests;
#[cfg(test)]
mod tests_water;
mod tli;
mod water;

use arguments::Arguments;
use std::process::ExitCode;
use table::Problem;

/// What a subcommand prints on success, or what is wrong with its input.
pub type Outcome = Result<String, Vec<Problem>>;

pub const USAGE: &str = "\
用法 usage: qingshan judge COMMAND [OPTIONS] FILE     (FILE - = standard input)
  aqi --edition 2012|2026 --report daily|hourly FILE.csv   id,SO2,NO2,CO,PM10,PM25,O3 → IAQI, AQI, 级别, 首要污染物
  mda8 FILE.csv                      time,O3 或 id,0..23 → 臭氧日最大 8 小时 daily maximum 8-hour ozone
  percentile --p 95 FILE|VALUES      HJ 663 百分位数 percentile
  round --decimals N VALUES          GB/T 8170 修约 rounding (--interval 0.5)
  air-year FILE.csv                  time,SO2,NO2,CO,PM10,PM25,O3 → 年统计与有效性 a year with its validity
  noise --class 2 FILE.csv           time,level → Ld, Ln, Ldn, 达标 compliance
  water --body river|lake FILE.csv   pH,DO,CODMn,NH3-N,TP,… → 类别, 水质状况, 主要污染指标 class, grade, main pollutants (--target III)
  tli FILE.csv                       CHLA,TP,TN,SD,CODMn → 综合营养状态指数 trophic level index
  groundwater FILE.csv               GB/T 14848 类别 class per item and overall
  soil --land paddy|orchard|rotation|other|first|second FILE.csv   pH,Cd,Hg,As,Pb,… → 风险 risk (mg/kg)
  flux [--estimator NAME] FILE.csv   c (mg/L),q (m3/s)[,interval_flow][,id] → 断面通量 flux (--period-flow, --alpha, --population)
  safe-use --land farmland|construction FILE.csv   面积 areas → 安全利用率 safe-use rate
  noise-grade --kind region|traffic --period day|night FILE.csv   level → HJ 640 等级 grade
  convert --reference-oxygen 9 FILE.csv   c,o2[,o2_ref] → 折算浓度 converted concentration
选项 options: --explain 逐步列出条款 clauses step by step; --missing NA 视为缺失的文字 text that means missing";

pub const STANDARDS_USAGE: &str = "\
用法 usage: qingshan standards list | show CODE | unconfirmed   [--json]";

/// `qingshan judge ARGUMENTS`.
pub fn run(args: &[String]) -> ExitCode {
    let Some((command, rest)) = args.split_first() else { return usage(USAGE) };
    let arguments = Arguments::parse(rest);
    let outcome = match command.as_str() {
        "aqi" => arguments.and_then(|arguments| air::aqi(&arguments)),
        "mda8" => arguments.and_then(|arguments| air::mda8(&arguments)),
        "percentile" => arguments.and_then(|arguments| air::percentile(&arguments)),
        "round" => arguments.and_then(|arguments| round::round(&arguments)),
        "air-year" => arguments.and_then(|arguments| air_year::air_year(&arguments)),
        "noise" => arguments.and_then(|arguments| noise::noise(&arguments)),
        "water" => arguments.and_then(|arguments| water::water(&arguments)),
        "tli" => arguments.and_then(|arguments| tli::tli(&arguments)),
        "groundwater" => arguments.and_then(|arguments| groundwater::groundwater(&arguments)),
        "soil" => arguments.and_then(|arguments| soil::soil(&arguments)),
        "flux" => arguments.and_then(|arguments| flux::flux(&arguments)),
        "safe-use" => arguments.and_then(|arguments| safe_use::safe_use(&arguments)),
        "noise-grade" => arguments.and_then(|arguments| safe_use::noise_grade(&arguments)),
        "convert" => arguments.and_then(|arguments| convert::convert(&arguments)),
        _ => return usage(USAGE),
    };
    finish(outcome)
}

/// `qingshan standards ARGUMENTS`.
pub fn run_standards(args: &[String]) -> ExitCode {
    let Some((command, rest)) = args.split_first() else { return usage(STANDARDS_USAGE) };
    let arguments = Arguments::parse(rest);
    let outcome = match command.as_str() {
        "list" => arguments.and_then(|arguments| standards_reader::list(&arguments)),
        "show" => arguments.and_then(|arguments| standards_reader::show(&arguments)),
        "unconfirmed" => arguments.and_then(|arguments| standards_reader::unconfirmed(&arguments)),
        _ => return usage(STANDARDS_USAGE),
    };
    finish(outcome)
}

fn usage(text: &str) -> ExitCode {
    eprintln!("{text}");
    ExitCode::from(2)
}

fn finish(outcome: Outcome) -> ExitCode {
    use std::io::Write as _;
    match outcome {
        Ok(text) => {
            // A closed pipe (`| head`) is not a failure of the evaluation.
            let _ = std::io::stdout().lock().write_all(text.as_bytes());
            ExitCode::SUCCESS
        }
        Err(problems) => {
            for problem in &problems {
                eprintln!("{problem}");
            }
            ExitCode::FAILURE
        }
    }
}
