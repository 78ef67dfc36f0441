//! As much HTTP/1.1 as a test needs: one request a connection, cookies kept.

use std::net::SocketAddr;
use std::time::Duration;

use serde_json::Value;
use tokio::io::{AsyncReadExt, AsyncWriteExt};
use tokio::net::TcpStream;

const PATIENCE: Duration = Duration::from_secs(20);

pub struct Answer {
    pub status: u16,
    pub head: String,
    pub body: Vec<u8>,
}

impl Answer {
    pub fn text(&self) -> String {
        String::from_utf8_lossy(&self.body).into_owned()
    }

    pub fn json(&self) -> Value {
        serde_json::from_slice(&self.body).unwrap_or_else(|error| panic!("{error}: {}", self.text()))
    }

    pub fn header(&self, name: &str) -> Option<&str> {
        self.head.lines().find_map(|line| {
            let (key, value) = line.split_once(':')?;
            key.eq_ignore_ascii_case(name).then(|| value.trim())
        })
    }

    /// Status and number of a refusal.
    pub fn refusal(&self) -> (u16, String) {
        assert_eq!(self.header("content-type"), Some("application/problem+json"), "{} {}", self.head, self.text());
        (self.status, self.json()["code"].as_str().unwrap_or_default().to_owned())
    }
}

pub struct Browser {
    server: SocketAddr,
    pub cookie: Option<String>,
    /// Of the live stream.
    pub accept: Option<&'static str>,
}

impl Browser {
    pub fn new(server: SocketAddr) -> Self {
        Self { server, cookie: None, accept: None }
    }

    pub async fn send(&mut self, method: &str, path: &str, headers: &[(&str, &str)], body: &[u8]) -> Answer {
        let mut stream = self.open(method, path, headers, body).await;
        let mut bytes = Vec::new();
        tokio::time::timeout(PATIENCE, stream.read_to_end(&mut bytes)).await.expect("an answer in time").unwrap();
        let answer = parse(&bytes);
        if let Some(cookie) = answer.header("set-cookie") {
            let value = cookie.split(';').next().unwrap();
            self.cookie = (!value.ends_with('=')).then(|| value.to_owned());
        }
        answer
    }

    async fn open(&self, method: &str, path: &str, headers: &[(&str, &str)], body: &[u8]) -> TcpStream {
        let mut head = format!("{method} {path} HTTP/1.1\r\nhost: {}\r\nconnection: close\r\n", self.server);
        if !headers.iter().any(|(name, _)| *name == "transfer-encoding") {
            head += &format!("content-length: {}\r\n", body.len());
        }
        if let Some(cookie) = &self.cookie {
            head += &format!("cookie: {cookie}\r\n");
        }
        for (name, value) in headers {
            head += &format!("{name}: {value}\r\n");
        }
        head += "\r\n";
        let mut stream = TcpStream::connect(self.server).await.unwrap();
        stream.write_all(head.as_bytes()).await.unwrap();
        // The server may refuse before it has read everything.
        let _ = stream.write_all(body).await;
        stream
    }

    pub async fn get(&mut self, path: &str) -> Answer {
        self.send("GET", path, &[], b"").await
    }

    pub async fn json(&mut self, path: &str) -> Value {
        let answer = self.get(path).await;
        assert_eq!(answer.status, 200, "{path}: {}", answer.text());
        answer.json()
    }

    pub async fn post(&mut self, path: &str, body: &Value) -> Answer {
        let headers = [("content-type", "application/json"), ("x-qingshan", "1")];
        self.send("POST", path, &headers, body.to_string().as_bytes()).await
    }

    pub async fn sign_in(&mut self, name: &str, password: &str) -> bool {
        let answer = self.post("/api/session", &serde_json::json!({ "name": name, "password": password })).await;
        answer.status == 200
    }

    /// The live stream, after its first event.
    pub async fn live(&self) -> Live {
        let accept: Vec<_> = self.accept.iter().map(|said| ("accept-encoding", *said)).collect();
        let stream = self.open("GET", "/api/live", &accept, b"").await;
        let mut live = Live { stream, read: String::new(), begun: String::new() };
        live.begun = live.until("event: hello", PATIENCE).await.expect("the stream opens");
        live
    }
}

fn parse(bytes: &[u8]) -> Answer {
    let end = bytes.windows(4).position(|four| four == b"\r\n\r\n").expect("a head");
    let head = String::from_utf8_lossy(&bytes[..end]).into_owned();
    let status = head.split(' ').nth(1).unwrap().parse().unwrap();
    let mut answer = Answer { status, head, body: bytes[end + 4..].to_vec() };
    if answer.header("transfer-encoding") == Some("chunked") {
        answer.body = unchunk(&answer.body);
    }
    answer
}

fn unchunk(mut bytes: &[u8]) -> Vec<u8> {
    let mut out = Vec::new();
    while let Some(end) = bytes.windows(2).position(|two| two == b"\r\n") {
        let length = usize::from_str_radix(std::str::from_utf8(&bytes[..end]).unwrap(), 16).unwrap();
        if length == 0 {
            break;
        }
        out.extend_from_slice(&bytes[end + 2..end + 2 + length]);
        bytes = &bytes[end + 4 + length..];
    }
    out
}

pub struct Live {
    stream: TcpStream,
    read: String,
    begun: String,
}

impl Live {
    /// Head of the answer, and the greeting.
    pub fn head(&self) -> String {
        self.begun.clone()
    }

    /// Whether the server ends the stream in time.
    pub async fn ends(&mut self, limit: Duration) -> bool {
        let mut buffer = [0; 4096];
        let reading = async { while matches!(self.stream.read(&mut buffer).await, Ok(length) if length > 0) {} };
        tokio::time::timeout(limit, reading).await.is_ok()
    }

    /// Reads on until a text has come; what was read until then.
    pub async fn until(&mut self, text: &str, limit: Duration) -> Option<String> {
        let reading = async {
            let mut buffer = [0; 4096];
            loop {
                if let Some(place) = self.read.find(text) {
                    // To the end of the event.
                    if let Some(end) = self.read[place..].find("\n\n") {
                        let rest = self.read.split_off(place + end + 2);
                        return Some(std::mem::replace(&mut self.read, rest));
                    }
                }
                match self.stream.read(&mut buffer).await {
                    Ok(0) | Err(_) => return None,
                    Ok(length) => self.read.push_str(&String::from_utf8_lossy(&buffer[..length])),
                }
            }
        };
        tokio::time::timeout(limit, reading).await.ok().flatten()
    }
}
