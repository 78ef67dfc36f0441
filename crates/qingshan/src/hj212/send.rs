//! `send`: frames to a platform, answers to the screen.

use std::io::{ErrorKind, Read, Write};
use std::net::{TcpStream, ToSocketAddrs};
use std::time::{Duration, Instant};

use hj212::describe::describe;
use hj212::{Framer, Packet, Unit};

use super::arguments::{Arguments, open};

const MAX_INPUT: u64 = 64 << 20;

pub fn run(arguments: &[String]) -> Result<(), String> {
    let arguments = Arguments::read(arguments, &["wait"], &[])?;
    let address = arguments.rest.first().ok_or("缺少 HOST:PORT (is missing)")?;
    let wait = Duration::from_secs(arguments.number("wait")?.unwrap_or(5).min(3600));
    let mut bytes = Vec::new();
    open(arguments.rest.get(1).map(String::as_str))?
        .take(MAX_INPUT)
        .read_to_end(&mut bytes)
        .map_err(|error| format!("读取输入失败 (cannot read the input): {error}"))?;
    let failed = |error: std::io::Error| format!("与 {address} 通信失败 (exchange failed): {error}");
    let target = address.to_socket_addrs().map_err(failed)?.next().ok_or("没有这个地址 (no such address)")?;
    let mut stream = TcpStream::connect_timeout(&target, Duration::from_secs(10)).map_err(failed)?;
    stream.set_write_timeout(Some(Duration::from_secs(30))).map_err(failed)?;
    stream.set_read_timeout(Some(Duration::from_millis(200))).map_err(failed)?;
    // Answers are read while sending, or a platform that answers much would wait for us and we for it.
    let mut writer = stream.try_clone().map_err(failed)?;
    let expected = wanted_answers(&bytes);
    let sender = std::thread::spawn(move || writer.write_all(&bytes));
    let answers = listen(&mut stream, wait, expected, || sender.is_finished()).map_err(failed)?;
    match sender.join() {
        Ok(sent) => sent.map_err(failed)?,
        Err(_) => return Err("发送中断 (sending broke off)".to_owned()),
    }
    eprintln!("收到应答 {answers}／期望 {expected} (answers received / expected)");
    Ok(())
}

/// Frames in the input that ask for an answer.
fn wanted_answers(bytes: &[u8]) -> usize {
    let mut framer = Framer::new();
    framer.push(bytes);
    framer.end();
    let mut count = 0;
    while let Some(unit) = framer.next() {
        if let Unit::Frame(frame) = unit {
            count += usize::from(Packet::parse(frame.segment).is_ok_and(|packet| packet.needs_answer()));
        }
    }
    count
}

/// Prints what comes back until all answers are here, or none has come for `wait`.
fn listen(
    stream: &mut TcpStream,
    wait: Duration,
    expected: usize,
    is_sent: impl Fn() -> bool,
) -> std::io::Result<usize> {
    let mut framer = Framer::new();
    let mut buffer = vec![0; 64 << 10];
    let mut answers = 0;
    let mut last = Instant::now();
    while !is_sent() || (last.elapsed() < wait && (answers < expected || expected == 0)) {
        match stream.read(&mut buffer) {
            Ok(0) => break,
            Ok(count) => {
                last = Instant::now();
                framer.push(&buffer[..count]);
                while let Some(unit) = framer.next() {
                    if let Unit::Frame(frame) = unit {
                        println!("{}", describe(&frame, None).to_json());
                        let is_answer = Packet::parse(frame.segment).is_ok_and(|packet| packet.cn.starts_with("90"));
                        answers += usize::from(is_answer);
                    }
                }
            }
            Err(error)
                if matches!(error.kind(), ErrorKind::WouldBlock | ErrorKind::TimedOut | ErrorKind::Interrupted) => {}
            Err(error) => return Err(error),
        }
    }
    Ok(answers)
}
