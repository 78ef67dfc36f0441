//! `judge round`: GB/T 8170.

use super::Outcome;
use super::arguments::Arguments;
use super::table::{Problem, Problems, read_text};
use standards::Decimal;
use standards::decimal::{round_half_even, round_to_interval};
use std::fmt::Write as _;

/// Most decimals a decimal holds.
const MOST_DECIMALS: u32 = 28;

/// Rounds each value given, or each line `x` or `x,decimals` of a file; prints one a line.
pub fn round(arguments: &Arguments) -> Outcome {
    arguments.only(&["decimals", "interval"])?;
    let decimals: Option<u32> = arguments.number("decimals")?;
    let interval: Option<Decimal> = arguments.number("interval")?;
    if decimals.is_some_and(|decimals| decimals > MOST_DECIMALS) {
        return Err(vec![Problem::new(format!("--decimals 不能大于 cannot be above {MOST_DECIMALS}"))]);
    }
    let mut output = String::new();
    let mut problems = Problems::default();
    for (line, value, own_decimals) in values(arguments)? {
        let Ok(value) = value.parse::<Decimal>() else {
            problems.push(Problem::at(line, format!("`{value}` 不是数 is not a number"), "例 for example 60.5"));
            continue;
        };
        let rounded = match (own_decimals.or(decimals), interval) {
            (Some(decimals), _) => Ok(round_half_even(value, decimals.min(MOST_DECIMALS))),
            (None, Some(interval)) => round_to_interval(value, interval).map_err(|error| error.to_string()),
            (None, None) => Err("需要 --decimals 或 --interval one of the two is needed".to_owned()),
        };
        match rounded {
            Ok(rounded) if arguments.flag("explain") => {
                let _ = writeln!(
                    output,
                    "{value} → {rounded}  [GB/T 8170-2008 3.2：四舍六入五成双，一次修约到位 half to even, in one step]"
                );
            }
            Ok(rounded) => {
                let _ = writeln!(output, "{rounded}");
            }
            Err(message) => return Err(vec![Problem::new(message)]),
        }
    }
    problems.finish()?;
    Ok(output)
}

/// Line, text and decimals of its own.
type Asked = (u64, String, Option<u32>);

/// Every value: operands, or a file when the only operand is one.
fn values(arguments: &Arguments) -> Result<Vec<Asked>, Vec<Problem>> {
    let operands = &arguments.operands;
    let is_file = matches!(operands.as_slice(), [one] if one == "-" || (one.parse::<Decimal>().is_err() && std::path::Path::new(one).exists()));
    if !is_file {
        if operands.is_empty() {
            return Err(vec![Problem::new("没有给出数值 no value is given")]);
        }
        return Ok(operands.iter().map(|value| (1, value.clone(), None)).collect());
    }
    let text = read_text(&operands[0])?;
    let lines =
        text.lines().enumerate().filter(|(at, line)| !(line.trim().is_empty() || *at == 0 && line.starts_with('x')));
    Ok(lines
        .map(|(at, line)| {
            let (value, decimals) = line.split_once(',').unwrap_or((line, ""));
            (at as u64 + 1, value.trim().to_owned(), decimals.trim().parse().ok())
        })
        .collect())
}
