//! `decode`: bytes in, one JSON object per frame out.

use std::io::{BufWriter, ErrorKind, Read, Write};

use hj212::cipher::Key;
use hj212::describe::describe;
use hj212::{Framer, Unit};

use super::arguments::{Arguments, open};

pub fn run(arguments: &[String]) -> Result<(), String> {
    let arguments = Arguments::read(arguments, &["sm4-key"], &[])?;
    if arguments.rest.len() > 1 {
        return Err("decode 只读一个文件 (decode reads one file)".to_owned());
    }
    let key = arguments.key()?;
    let input = open(arguments.rest.first().map(String::as_str))?;
    let stdout = std::io::stdout().lock();
    let refused = decode(input, &mut BufWriter::new(stdout), key.as_ref())?;
    if refused > 0 {
        eprintln!("略过 {refused} 个不属于任何帧的字节 (passed over {refused} bytes that belong to no frame)");
    }
    Ok(())
}

/// Decodes a stream of any length in bounded memory; tells how many bytes were passed over. An error only
/// where the input cannot be read or the output not written; a reader that has had enough is no error.
pub fn decode(mut input: impl Read, out: &mut impl Write, key: Option<&Key>) -> Result<u64, String> {
    let mut framer = Framer::new();
    let mut buffer = vec![0; 64 << 10];
    let mut refused = 0;
    loop {
        let count = match input.read(&mut buffer) {
            Ok(count) => count,
            Err(error) if error.kind() == ErrorKind::Interrupted => continue,
            Err(error) => return Err(format!("读取输入失败 (cannot read the input): {error}")),
        };
        if count == 0 {
            framer.end();
        } else {
            framer.push(&buffer[..count]);
        }
        while let Some(unit) = framer.next() {
            let written = match unit {
                Unit::Frame(frame) => writeln!(out, "{}", describe(&frame, key).to_json()),
                Unit::Refused(refusal) => {
                    refused += refusal.bytes.len() as u64;
                    Ok(())
                }
            };
            if let Err(error) = written {
                return finish(error, refused);
            }
        }
        // What was read is shown before waiting for more: the input may be a pipe that goes on.
        if let Err(error) = out.flush() {
            return finish(error, refused);
        }
        if count == 0 {
            return Ok(refused);
        }
    }
}

fn finish(error: std::io::Error, refused: u64) -> Result<u64, String> {
    if error.kind() == ErrorKind::BrokenPipe {
        Ok(refused)
    } else {
        Err(format!("写出结果失败 (cannot write the result): {error}"))
    }
}
