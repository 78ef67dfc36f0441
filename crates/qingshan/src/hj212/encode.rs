//! `encode`: frames from options or from JSON objects, such as `decode` prints.

use std::io::{Read, Write};

use hj212::Edition;
use hj212::cipher::{Key, WireForm};
use hj212::encode::{Draft, encrypted_frame, frame_of};
use serde::Deserialize;

use super::arguments::{Arguments, open};

/// More input than anyone writes by hand.
const MAX_INPUT: u64 = 64 << 20;

pub fn run(arguments: &[String]) -> Result<(), String> {
    let options = ["edition", "qn", "st", "cn", "mn", "pw", "cp", "part", "sm4-key"];
    let arguments = Arguments::read(arguments, &options, &["answer", "rf", "printed"])?;
    let key = arguments.key()?;
    let form = if arguments.has("printed") { WireForm::Printed } else { WireForm::Binary };
    let mut frames = Vec::new();
    if arguments.get("cn").is_some() {
        frames.extend(build(&Message::from_options(&arguments)?, key.as_ref(), form)?);
    } else {
        let mut text = String::new();
        open(arguments.rest.first().map(String::as_str))?
            .take(MAX_INPUT)
            .read_to_string(&mut text)
            .map_err(|error| format!("读取输入失败 (cannot read the input): {error}"))?;
        for (place, message) in serde_json::Deserializer::from_str(&text).into_iter::<Message>().enumerate() {
            let number = place + 1;
            let message = message.map_err(|error| format!("第{number}个 JSON 对象 (object {number}): {error}"))?;
            let frame = build(&message, key.as_ref(), form);
            frames.extend(frame.map_err(|error| format!("第{number}个 JSON 对象 (object {number}): {error}"))?);
        }
    }
    std::io::stdout().write_all(&frames).map_err(|error| format!("写出结果失败 (cannot write the result): {error}"))
}

/// A packet as JSON; the keys are those of `decode`, and `pw`, `answer`, `cp`.
#[derive(Debug, Default, Deserialize)]
pub struct Message {
    pub edition: Option<String>,
    pub qn: Option<String>,
    pub st: String,
    pub cn: String,
    pub mn: String,
    pub pw: Option<String>,
    /// Flag as a number; tells edition and answer where they are not given.
    pub flag: Option<u8>,
    #[serde(alias = "need_ack")]
    pub answer: Option<bool>,
    pub rf: Option<String>,
    pub pnum: Option<u16>,
    pub pno: Option<u16>,
    /// The data area as text; otherwise it is made of the rest.
    pub cp: Option<String>,
    pub data_time: Option<String>,
    #[serde(default)]
    pub params: serde_json::Map<String, serde_json::Value>,
    #[serde(default)]
    pub values: Vec<Value>,
}

#[derive(Debug, Deserialize)]
pub struct Value {
    pub factor: String,
    pub stat: String,
    pub value: String,
    pub flag: Option<String>,
}

impl Message {
    fn from_options(arguments: &Arguments) -> Result<Self, String> {
        let text = |name: &str| arguments.get(name).map(str::to_owned);
        let needed = |name: &str| text(name).ok_or_else(|| format!("缺少 --{name} (is missing)"));
        let part = match arguments.get("part") {
            None => None,
            Some(text) => Some(
                text.split_once('/')
                    .and_then(|(number, of)| Some((number.parse().ok()?, of.parse().ok()?)))
                    .ok_or_else(|| "--part 形如 1/2 (looks like 1/2)".to_owned())?,
            ),
        };
        Ok(Self {
            edition: text("edition"),
            qn: text("qn"),
            st: needed("st")?,
            cn: needed("cn")?,
            mn: needed("mn")?,
            pw: text("pw"),
            answer: Some(arguments.has("answer")),
            rf: arguments.has("rf").then(|| "1".to_owned()),
            pnum: part.map(|part: (u16, u16)| part.1),
            pno: part.map(|part| part.0),
            cp: Some(text("cp").unwrap_or_default()),
            ..Self::default()
        })
    }

    /// DataTime, the parameters, then one item a factor with its values and its mark.
    fn area(&self) -> String {
        if let Some(cp) = &self.cp {
            return cp.clone();
        }
        let mut items = Vec::new();
        if let Some(time) = &self.data_time {
            items.push(format!("DataTime={time}"));
        }
        for (name, value) in self.params.iter().filter(|(name, _)| *name != "DataTime") {
            let text = value.as_str().map_or_else(|| value.to_string(), str::to_owned);
            items.push(format!("{name}={text}"));
        }
        let mut place = 0;
        while let Some(first) = self.values.get(place) {
            let group: Vec<&Value> =
                self.values[place..].iter().take_while(|value| value.factor == first.factor).collect();
            let mut parts: Vec<String> =
                group.iter().map(|value| format!("{}-{}={}", value.factor, value.stat, value.value)).collect();
            if let Some(flag) = group.iter().find_map(|value| value.flag.as_ref()) {
                parts.push(format!("{}-Flag={flag}", first.factor));
            }
            items.push(parts.join(","));
            place += group.len();
        }
        items.join(";")
    }
}

/// The frame of a message. Without an edition Flag tells it; without either it is 2017.
pub fn build(message: &Message, key: Option<&Key>, form: WireForm) -> Result<Vec<u8>, String> {
    let edition = match (&message.edition, message.flag) {
        (Some(year), _) => {
            Edition::from_year(year).ok_or_else(|| format!("版本 {year} 不是 2005、2017、2025 (no such edition)"))?
        }
        (None, Some(flag)) => Edition::of_flag(Some(flag)),
        (None, None) => Edition::V2017,
    };
    let draft = Draft {
        edition,
        qn: message.qn.as_deref(),
        st: &message.st,
        cn: &message.cn,
        pw: message.pw.as_deref(),
        mn: &message.mn,
        answer: message.answer.unwrap_or(message.flag.is_some_and(|flag| flag & 1 == 1)),
        part: message.pnum.zip(message.pno),
        catch_up: message.rf.as_deref() == Some("1"),
        with_flag: edition != Edition::V2005 || message.flag.is_some() || message.answer == Some(true),
        cp: message.area(),
    };
    let segment = draft.segment().map_err(|error| format!("无法生成报文 (cannot build the packet): {error}"))?;
    match key {
        Some(key) => encrypted_frame(&segment, key, form).map_err(|error| error.to_string()),
        None => Ok(frame_of(&segment)),
    }
}
