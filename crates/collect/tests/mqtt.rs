//! MQTT in, against a real broker where this machine has one.
#![allow(clippy::unwrap_used, clippy::expect_used)]

mod common;

use std::sync::Arc;
use std::time::Duration;

use collect::Limits;
use common::{MN, Rig, device, hour_packet};
use kernel::Actor;
use rumqttc::{AsyncClient, MqttOptions, QoS};
use store::sqlite::SqliteOptions;

const MESSAGE: &str = r#"{"data_time":"2026-11-24T08:00:00","values":[{"factor":"a34004","value":35.20,"flag":"N"}]}"#;

/// A broker of this test alone, the platform subscribed to it, and a station that publishes.
struct Broker {
    child: std::process::Child,
    station: AsyncClient,
    pump: tokio::task::JoinHandle<()>,
    _stop: tokio::sync::watch::Sender<bool>,
}

impl Drop for Broker {
    fn drop(&mut self) {
        self.pump.abort();
        let _ = self.child.kill();
        let _ = self.child.wait();
    }
}

impl Broker {
    /// `None`: no broker on this machine.
    async fn start(rig: &Rig) -> Option<Self> {
        let program = ["/usr/sbin/mosquitto", "/usr/bin/mosquitto", "/usr/local/sbin/mosquitto"]
            .into_iter()
            .find(|path| std::path::Path::new(path).exists())?;
        let port = std::net::TcpListener::bind("127.0.0.1:0").unwrap().local_addr().unwrap().port();
        let settings = rig.folder().0.join("mosquitto.conf");
        let text = format!("listener {port} 127.0.0.1\nallow_anonymous true\npersistence false\n");
        std::fs::write(&settings, text).unwrap();
        let child = std::process::Command::new(program)
            .arg("-c")
            .arg(&settings)
            .stdout(std::process::Stdio::null())
            .stderr(std::process::Stdio::null())
            .spawn()
            .unwrap();
        for _ in 0..100 {
            if std::net::TcpStream::connect(("127.0.0.1", port)).is_ok() {
                break;
            }
            tokio::time::sleep(Duration::from_millis(50)).await;
        }
        let (stop, stopped) = tokio::sync::watch::channel(false);
        let client_id = "qingshan-test".to_owned();
        let mqtt = collect::mqtt::MqttSettings { host: "127.0.0.1".into(), port, user: None, client_id };
        tokio::spawn(Arc::clone(&rig.collect).run_mqtt(mqtt, stopped));
        let mut options = MqttOptions::new("station", "127.0.0.1", port);
        options.set_max_packet_size(1 << 20, 1 << 20);
        let (station, mut events) = AsyncClient::new(options, 10);
        let pump = tokio::spawn(async move { while events.poll().await.is_ok() {} });
        Some(Self { child, station, pump, _stop: stop })
    }

    async fn publish(&self, topic: &str, message: &str) {
        self.station.publish(topic, QoS::AtLeastOnce, false, message).await.unwrap();
    }
}

#[tokio::test(flavor = "multi_thread")]
async fn messages_go_the_same_way() {
    let rig = Rig::start(vec![device(MN, 22, 1)]).await;
    let Some(broker) = Broker::start(&rig).await else { return };
    rig_hears(&rig, &broker).await;
    // Once, and the adoption after both: a copy on its way would reach the point before the kept one does.
    broker.publish("qingshan/STRANGER/2061", MESSAGE).await;
    broker.publish(&format!("qingshan/{MN}/2061"), "{").await;
    rig.until("refused", |rig| rig.anomaly(0, "bad_json") > 0).await;
    rig.until("quarantined", |rig| rig.collect.status().quarantined == 1).await;
    let observations = rig.observations(1, 2061);
    assert_eq!(rig.values(&observations[0]), ["a34004-Avg=35.20"], "the digits as written");
    let raw = rig.store.frame(observations[0].frame).unwrap().unwrap().bytes;
    assert_eq!(String::from_utf8(raw).unwrap(), format!("qingshan/{MN}/2061\n{MESSAGE}"));
    let report = rig.collect.adopt(&Actor::system("test"), "STRANGER", 22, 2, kernel::time::now()).await.unwrap();
    assert_eq!(report.stored, 1, "{report:?}");
    assert_eq!(rig.observations(2, 2061).len(), 1);
}

#[tokio::test(flavor = "multi_thread")]
async fn a_message_that_finds_the_disk_full_is_stored_when_there_is_room() {
    let options = SqliteOptions { max_pages: Some(120), ..SqliteOptions::default() };
    let rig = Rig::with(vec![device(MN, 22, 1)], Limits::default(), options).await;
    let Some(broker) = Broker::start(&rig).await else { return };
    // The line is up once a message has come in.
    rig_hears(&rig, &broker).await;
    let mut station = rig.connect().await;
    for number in 0..5000i64 {
        let at = kernel::Timestamp::parse("2024-01-01T00:00:00").unwrap().plus(number * 3_600_000);
        let noise: String =
            (0..24).map(|place| format!(";a{:05}-Avg={}", 10_000 + place, number * 7919 % 99_991 + place)).collect();
        station.send(hour_packet(MN, &collect::wire::data_time(at), &noise[1..])).await;
        if station.answer_within(Duration::from_millis(1500)).await.is_err() {
            break;
        }
    }
    let message = |hour: u64| {
        let values: Vec<String> = (0..24)
            .map(|place| {
                format!(r#"{{"factor":"a{:05}","value":{}}}"#, 10_000 + place, (hour + 3) * 7919 * place % 99_991)
            })
            .collect();
        format!(
            r#"{{"data_time":"2026-11-{:02}T{:02}:00:00","values":[{}]}}"#,
            1 + hour / 24,
            hour % 24,
            values.join(",")
        )
    };
    // Until one finds no room.
    let mut sent = 0;
    while rig.observations(1, 2051).len() as u64 == sent {
        broker.publish(&format!("qingshan/{MN}/2051"), &message(sent)).await;
        tokio::time::sleep(Duration::from_millis(300)).await;
        sent += 1;
        assert!(sent < 100, "the disk never filled");
    }
    rig.store.write(|transaction| transaction.execute("PRAGMA max_page_count = 100000", &[]).or(Ok(0))).unwrap();
    rig.until("stored", |rig| rig.observations(1, 2051).len() as u64 == sent).await;
}

async fn rig_hears(rig: &Rig, broker: &Broker) {
    for _ in 0..50 {
        broker.publish(&format!("qingshan/{MN}/2061"), MESSAGE).await;
        if !rig.observations(1, 2061).is_empty() {
            return;
        }
        tokio::time::sleep(Duration::from_millis(100)).await;
    }
    panic!("the broker was never heard");
}
