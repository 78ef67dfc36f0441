//! `qingshan hj212 …`: tools for the wire protocol (联网协议工具): decode, encode, send, simulate.

mod arguments;
mod decode;
mod encode;
mod send;
mod simulate;

use std::process::ExitCode;

pub const USAGE: &str = "\
用法 usage: qingshan hj212 <decode|encode|send|simulate>

  decode [--sm4-key HEX] [FILE|-]
      每帧输出一个 JSON 对象；坏字节之后重新同步 (one JSON object per frame, resynchronising after bad bytes)
  encode [FILE|-]                       从 JSON（每行一个）生成报文 (frames from JSON objects, one per line)
  encode --st ST --cn CN --mn MN [--cp TEXT] [--edition 2005|2017|2025] [--qn QN] [--pw PW] [--answer]
         [--rf] [--part N/OF] [--sm4-key HEX [--printed]]
  send HOST:PORT [FILE|-] [--wait SECONDS]
      发送报文并输出收到的应答 (send frames, print what comes back)
  simulate HOST:PORT [--stations N] [--type TYPE] [--edition 2017|2025] [--seed N] [--backfill-days N]
           [--realtime SECONDS] [--minute MINUTES] [--sm4-key HEX] [--demo] [--seconds N]
      模拟站点；数据均为虚构 (simulated stations; all data invented). TYPE: air, surface-water, waste-water,
      waste-gas, noise, dust, voc, electricity, mixed
";

/// Runs `qingshan hj212` with what follows it on the command line.
pub fn run(arguments: &[String]) -> ExitCode {
    let rest = arguments.get(1..).unwrap_or_default();
    let result = match arguments.first().map(String::as_str) {
        Some("decode") => decode::run(rest),
        Some("encode") => encode::run(rest),
        Some("send") => send::run(rest),
        Some("simulate") => simulate::run(rest),
        Some("--help" | "-h" | "help") => {
            print!("{USAGE}");
            return ExitCode::SUCCESS;
        }
        _ => Err(USAGE.to_owned()),
    };
    match result {
        Ok(()) => ExitCode::SUCCESS,
        Err(message) => {
            eprintln!("{message}");
            ExitCode::FAILURE
        }
    }
}
