//! A simulated station between its clock and its connection: decides what to send and how to answer. Pure:
//! time and packets in, bytes out.

use std::collections::{BTreeMap, VecDeque};
use std::sync::Arc;

use hj212::cipher::{self, WireForm};
use hj212::encode::{Answer, Draft, STANDARD_AREA, answer, encrypted_frame, frame_of};
use hj212::time::CivilTime;
use hj212::{Content, Edition, Packet};

use super::plan::StationPlan;
use super::values::{self, Period};

/// Packets that may wait for their 9014 at once.
const WINDOW: usize = 32;
/// Packets kept while the link is down; older ones are lost, as in a logger whose memory is full.
const MEMORY: usize = 20_000;
/// A history request gets at most so many packets.
const MAX_HISTORY: i64 = 5000;
const ANSWER_MILLIS: i64 = 10_000;
const MAX_TRIES: u32 = 3;
const HEARTBEAT_MILLIS: i64 = 60_000;
const HOUR: i64 = 3_600_000;
const DAY: i64 = 24 * HOUR;

/// A packet that waits to be sent.
#[derive(Clone, Debug, PartialEq, Eq)]
struct Waiting {
    period: Period,
    start: i64,
}

/// A packet that waits for its answer.
#[derive(Clone, Debug)]
struct Pending {
    bytes: Vec<u8>,
    sent_at: i64,
    tries: u32,
    packet: Waiting,
}

/// What to do with the connection.
#[derive(Debug, Default, PartialEq, Eq)]
pub struct Turn {
    pub send: Vec<Vec<u8>>,
    /// No answers come any more: connect anew.
    pub reconnect: bool,
}

#[derive(Debug)]
pub struct Station {
    plan: Arc<StationPlan>,
    seed: u64,
    password: String,
    realtime: Option<u32>,
    minute: Option<u32>,
    realtime_on: bool,
    /// What the platform has set the clock to, less the true time.
    clock_offset: i64,
    /// Next period of each kind that is not made yet.
    next: BTreeMap<&'static str, i64>,
    /// Next hour of the time before the start, and where it ends.
    backfill: (i64, i64),
    fresh: VecDeque<Waiting>,
    late: VecDeque<Waiting>,
    pending: BTreeMap<String, Pending>,
    last_qn: i64,
    last_sent: i64,
}

impl Station {
    pub fn new(plan: Arc<StationPlan>, seed: u64, now: i64, backfill_days: u32) -> Self {
        let hour = Period::Hour.start(now);
        let from = if plan.hour { Period::Day.start(now - i64::from(backfill_days) * DAY) } else { hour };
        Self {
            password: plan.password.clone(),
            realtime: plan.realtime_seconds.filter(|&seconds| seconds > 0),
            minute: plan.minute_minutes.filter(|&minutes| minutes > 0),
            realtime_on: true,
            clock_offset: 0,
            next: BTreeMap::new(),
            backfill: (if backfill_days == 0 { hour } else { from }, hour),
            fresh: VecDeque::new(),
            late: VecDeque::new(),
            pending: BTreeMap::new(),
            last_qn: 0,
            last_sent: now,
            plan,
            seed,
        }
    }

    pub fn plan(&self) -> &StationPlan {
        &self.plan
    }

    /// Packets that are kept and not sent yet.
    #[cfg(test)]
    pub fn kept(&self) -> usize {
        self.fresh.len() + self.late.len() + self.pending.len()
    }

    /// The connection is gone: what was not answered will be caught up.
    pub fn disconnected(&mut self) {
        let unanswered = std::mem::take(&mut self.pending);
        let mut back: Vec<Waiting> = unanswered.into_values().map(|pending| pending.packet).collect();
        back.extend(self.fresh.drain(..));
        back.sort_by_key(|packet| packet.start);
        self.late.extend(back);
        while self.late.len() > MEMORY {
            self.late.pop_front();
        }
    }

    /// What is due by now.
    pub fn turn(&mut self, now: i64, connected: bool) -> Turn {
        self.measure(now, connected);
        let mut turn = Turn::default();
        if !connected {
            return turn;
        }
        for pending in self.pending.values_mut().filter(|pending| now - pending.sent_at >= ANSWER_MILLIS) {
            if pending.tries >= MAX_TRIES {
                turn.reconnect = true;
                return turn;
            }
            pending.tries += 1;
            pending.sent_at = now;
            turn.send.push(pending.bytes.clone());
        }
        while self.pending.len() < WINDOW {
            // Fresh data first, then what was kept, then the time before the start.
            let (packet, late) = match (self.fresh.pop_front(), self.late.pop_front()) {
                (Some(fresh), late) => {
                    if let Some(late) = late {
                        self.late.push_front(late);
                    }
                    (fresh, false)
                }
                (None, Some(late)) => (late, true),
                (None, None) if self.fill() => continue,
                (None, None) => break,
            };
            self.send(packet, late, now, &mut turn.send);
        }
        if self.plan.edition == Edition::V2025 && now - self.last_sent >= HEARTBEAT_MILLIS {
            turn.send.extend(self.heartbeat(now));
        }
        if !turn.send.is_empty() {
            self.last_sent = now;
        }
        turn
    }

    /// Puts what has been measured since the last turn into memory.
    fn measure(&mut self, now: i64, connected: bool) {
        let realtime =
            self.realtime.filter(|_| self.realtime_on).map(|seconds| (Period::Realtime, i64::from(seconds) * 1000));
        let minute = self.minute.map(|minutes| (Period::Minute(minutes), i64::from(minutes) * 60_000));
        let hour = self.plan.hour.then_some((Period::Hour, HOUR));
        let day = self.plan.hour.then_some((Period::Day, DAY));
        for (period, step) in [realtime, minute, hour, day].into_iter().flatten() {
            let first = match period {
                Period::Realtime => now.div_euclid(step) * step,
                other => other.start(now),
            };
            let next = self.next.entry(period.cn()).or_insert(first);
            // A period is reported when it is over, an instant at once.
            let mut made = 0;
            while *next + period.millis() <= now && made < MEMORY {
                let packet = Waiting { period, start: *next };
                if connected {
                    self.fresh.push_back(packet)
                } else {
                    self.late.push_back(packet)
                }
                *next += step;
                made += 1;
            }
        }
        while self.fresh.len() + self.late.len() > MEMORY {
            if self.late.pop_front().is_none() {
                self.fresh.pop_front();
            }
        }
    }

    /// The next hour before the start, and the day when it is full; false: there is none.
    fn fill(&mut self) -> bool {
        let (next, end) = self.backfill;
        if next >= end {
            return false;
        }
        self.late.push_back(Waiting { period: Period::Hour, start: next });
        self.backfill.0 = next + HOUR;
        if Period::Day.start(next + HOUR) != Period::Day.start(next) {
            self.late.push_back(Waiting { period: Period::Day, start: Period::Day.start(next) });
        }
        true
    }

    fn send(&mut self, packet: Waiting, late: bool, now: i64, out: &mut Vec<Vec<u8>>) {
        let Some(cp) = values::area(self.seed, &self.plan, packet.period, packet.start) else { return };
        for (qn, bytes) in self.upload(packet.period.cn(), cp, late, now) {
            out.push(bytes.clone());
            self.pending.insert(qn, Pending { bytes, sent_at: now, tries: 1, packet: packet.clone() });
        }
    }

    fn qn(&mut self, now: i64) -> String {
        self.last_qn = (now + self.clock_offset).max(self.last_qn + 1);
        CivilTime::from_unix_millis(self.last_qn).map(CivilTime::to_qn).unwrap_or_default()
    }

    /// Frames of an upload, split where it is long, each with a QN of its own.
    fn upload(&mut self, cn: &str, cp: String, late: bool, now: i64) -> Vec<(String, Vec<u8>)> {
        let plan = Arc::clone(&self.plan);
        let password = self.password.clone();
        let mut draft = Draft::new(plan.edition, "", &plan.st, cn, &password, &plan.mn, cp);
        draft.answer = true;
        draft.catch_up = late && plan.edition == Edition::V2025;
        let parts = draft.split(STANDARD_AREA).unwrap_or_default();
        let mut frames = Vec::with_capacity(parts.len());
        for part in parts {
            let qn = self.qn(now);
            let Ok(segment) = (Draft { qn: Some(&qn), ..part }).segment() else { continue };
            let encrypted = plan.sm4_key.and_then(|key| encrypted_frame(&segment, &key, WireForm::Binary).ok());
            frames.push((qn, encrypted.unwrap_or_else(|| frame_of(&segment))));
        }
        frames
    }

    /// 9015, which the platform answers by 9013.
    fn heartbeat(&mut self, now: i64) -> Option<Vec<u8>> {
        let qn = self.qn(now);
        let plan = &self.plan;
        let mut draft = Draft::new(plan.edition, &qn, &plan.st, "9015", &self.password, &plan.mn, String::new());
        draft.answer = true;
        draft.frame().ok()
    }

    /// What to send back for a packet from the platform.
    pub fn receive(&mut self, segment: &[u8], now: i64) -> Vec<Vec<u8>> {
        let Ok(packet) = Packet::parse(segment) else { return Vec::new() };
        match packet.cn {
            "9013" | "9014" => {
                let qn = packet.qn.or_else(|| Content::of(&packet).param("QN"));
                if let Some(qn) = qn {
                    self.pending.remove(qn);
                }
                Vec::new()
            }
            "9011" | "9012" | "9015" => Vec::new(),
            "2012" | "2022" => {
                self.realtime_on = self.realtime_on && packet.cn != "2012";
                vec![answer(&packet, Answer::Notify)]
            }
            _ => self.execute(&packet, now),
        }
    }

    fn execute(&mut self, packet: &Packet<'_>, now: i64) -> Vec<Vec<u8>> {
        let refusal = if packet.mn != self.plan.mn {
            Some(4)
        } else if packet.pw != Some(&self.password) {
            Some(3)
        } else if packet.st != self.plan.st {
            Some(5)
        } else {
            None
        };
        if let Some(code) = refusal {
            return vec![answer(packet, Answer::Request(code))];
        }
        let content = Content::of(packet);
        let mut out = vec![answer(packet, Answer::Request(1))];
        let result = match packet.cn {
            "1011" => {
                let time = CivilTime::from_unix_millis(now + self.clock_offset).map(CivilTime::to_data_time);
                let pollutant = content.param("PolId").map(|code| format!("PolId={code};")).unwrap_or_default();
                self.reply(packet, format!("{pollutant}SystemTime={}", time.unwrap_or_default()), &mut out)
            }
            "1012" => match content.param("SystemTime").and_then(|text| hj212::time::parse(text.as_bytes())) {
                Some(time) => {
                    self.clock_offset = time.unix_millis() - now;
                    1
                }
                None => 3,
            },
            "1061" => self.reply(packet, format!("RtdInterval={}", self.realtime.unwrap_or(0)), &mut out),
            "1063" => self.reply(packet, format!("MinInterval={}", self.minute.unwrap_or(0)), &mut out),
            "1062" => match number(&content, "RtdInterval").filter(|seconds| (30..=3600).contains(seconds)) {
                Some(seconds) => {
                    self.realtime = Some(seconds);
                    self.next.remove(Period::Realtime.cn());
                    1
                }
                None => 3,
            },
            "1064" => match number(&content, "MinInterval")
                .filter(|minutes| 60 % (*minutes).max(1) == 0 && (1..=30).contains(minutes))
            {
                Some(minutes) => {
                    self.minute = Some(minutes);
                    self.next.remove(Period::Minute(minutes).cn());
                    1
                }
                None => 3,
            },
            "1072" => match content.param("NewPW").filter(|word| word.len() == 6) {
                Some(word) => {
                    self.password = word.to_owned();
                    1
                }
                None => 3,
            },
            "1000" | "2021" | "3011" | "3012" | "3013" | "3014" | "3022" => 1,
            "2011" => {
                self.realtime_on = true;
                1
            }
            "2051" | "2061" | "2031" => self.history(packet.cn, &content, now, &mut out),
            "3019" => {
                self.reply(packet, format!("{}-SN={}", first_factor(&self.plan, &content), self.plan.mn), &mut out)
            }
            "3020" => self.reply(packet, "i22001-Info=0".to_owned(), &mut out),
            "3024" => self.standard_check(&content, now, &mut out),
            _ => {
                return vec![answer(packet, Answer::Request(8))];
            }
        };
        out.push(answer(packet, Answer::Execution(result)));
        out
    }

    /// The data part of an answer keeps the request's QN, ST and CN.
    fn reply(&self, packet: &Packet<'_>, cp: String, out: &mut Vec<Vec<u8>>) -> u16 {
        let draft = Draft::new(
            self.plan.edition,
            packet.qn.unwrap_or_default(),
            packet.st,
            packet.cn,
            &self.password,
            &self.plan.mn,
            cp,
        );
        out.extend(draft.frame());
        1
    }

    /// What was measured in the range, as it was sent the first time; 100: nothing.
    fn history(&mut self, cn: &str, content: &Content<'_>, now: i64, out: &mut Vec<Vec<u8>>) -> u16 {
        let time = |key: &str| content.param(key).and_then(|text| hj212::time::parse(text.as_bytes()));
        let (Some(begin), Some(end)) = (time("BeginTime"), time("EndTime")) else { return 3 };
        let period = match (cn, self.minute) {
            ("2061", _) => Period::Hour,
            ("2031", _) => Period::Day,
            (_, Some(minutes)) => Period::Minute(minutes),
            _ => return 100,
        };
        let mut start = period.start(begin.unix_millis());
        if start < begin.unix_millis() {
            start += period.millis();
        }
        let end = end.unix_millis().min(now - period.millis()).min(start + MAX_HISTORY * period.millis());
        let before = out.len();
        while start <= end {
            if let Some(cp) = values::area(self.seed, &self.plan, period, start) {
                let frames = self.upload(period.cn(), cp, true, now);
                out.extend(frames.into_iter().map(|frame| frame.1));
            }
            start += period.millis();
        }
        if out.len() == before { 100 } else { 1 }
    }

    /// A standard sample is measured and reported by 2062.
    fn standard_check(&mut self, content: &Content<'_>, now: i64, out: &mut Vec<Vec<u8>>) -> u16 {
        let code = first_factor(&self.plan, content);
        let Some(factor) = self.plan.factors.iter().find(|factor| factor.code == code) else { return 3 };
        let time = CivilTime::from_unix_millis(now).map(CivilTime::to_data_time).unwrap_or_default();
        let (standard, decimals) = (factor.base, factor.decimals.min(6) as usize);
        let cp = format!(
            "DataTime={time};{code}-SampleRd={:.decimals$},{code}-StandardValue={standard:.decimals$},{code}-ResultType=1",
            standard * 1.01
        );
        let frames = self.upload("2062", cp, false, now);
        out.extend(frames.into_iter().map(|frame| frame.1));
        1
    }

    /// Reads a frame from the platform; encrypted ones (1014) with the station's key.
    pub fn open(&self, frame: &hj212::Frame<'_>) -> Option<Vec<u8>> {
        match frame.crc.kind {
            hj212::CrcKind::Hj212 => Some(frame.segment.to_vec()),
            _ => self.plan.sm4_key.and_then(|key| cipher::open(frame, &key).ok()),
        }
    }
}

fn number(content: &Content<'_>, key: &str) -> Option<u32> {
    content.param(key)?.parse().ok()
}

fn first_factor(plan: &StationPlan, content: &Content<'_>) -> String {
    let first = plan.factors.first().map_or("w00000", |factor| factor.code.as_str());
    content.param("PolId").unwrap_or(first).to_owned()
}
