//! A full disk: nothing is acknowledged, and the overview says why.

use std::time::Duration;

use sha2::{Digest, Sha256};
use store::sqlite::SqliteOptions;
use tokio::io::{AsyncReadExt, AsyncWriteExt};
use tokio::net::TcpStream;

use crate::flow::{packet, stamp};
use crate::rig::{Folder, Rig, open};

const PAGE: u64 = 4096;
/// Room beside what the county takes.
const SPARE_PAGES: u64 = 40;

#[tokio::test(flavor = "multi_thread", worker_threads = 2)]
async fn a_full_disk_is_told_and_nothing_is_acknowledged_that_is_not_kept() {
    let folder = Folder::new("full");
    let size = {
        let platform = open(&folder.0, SqliteOptions::default());
        platform.store.maintain().unwrap();
        std::fs::metadata(folder.0.join("qingshan.db")).unwrap().len()
    };
    let pages = u32::try_from(size / PAGE + SPARE_PAGES).unwrap();
    let options = SqliteOptions { max_pages: Some(pages), ..SqliteOptions::default() };
    let rig = Rig::of(open(&folder.0, options), None).await;
    let mut administrator = rig.administrator().await;
    assert!(administrator.json("/api/overview").await["trouble"].is_null());

    let mut station = TcpStream::connect(rig.hj212).await.unwrap();
    let devices = rig.platform.points.register.devices();
    let device = devices.iter().find(|device| device.password.as_deref() == Some("123456")).expect("a bound device");
    let mut refused = false;
    for number in 0..3000i64 {
        let sent = kernel::time::now();
        // Digits that do not compress well.
        let noise: String = (0..11).map(|part| hex::encode(Sha256::digest(format!("{number}.{part}")))).collect();
        let area = format!("DataTime={};note={noise};a34004-Rtd=1", stamp(sent.plus(-number * 1000)));
        station.write_all(&packet(&device.st, "2011", &device.mn, &area, sent)).await.unwrap();
        let mut buffer = [0; 4096];
        let answered = tokio::time::timeout(Duration::from_millis(1500), station.read(&mut buffer)).await;
        if !matches!(answered, Ok(Ok(length)) if length > 0) {
            refused = true;
            break;
        }
    }
    assert!(refused, "the disk never filled");
    let overview = administrator.json("/api/overview").await;
    assert!(overview["trouble"]["zh"].is_string(), "{}", overview["trouble"]);
    rig.stop().await;
}
