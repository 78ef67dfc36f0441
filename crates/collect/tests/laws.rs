//! Whatever the order, however often sent, whenever replayed: the same rows.
#![allow(clippy::unwrap_used, clippy::expect_used)]

mod common;

use common::{MN, Rig, device, hour_packet};
use proptest::prelude::*;

/// Packets of a few hours: (hour, which factors, a value). Values are a function of hour and factor, so that
/// no two packets contradict each other.
fn packet(hour: u8, factors: u8) -> Vec<u8> {
    let area: Vec<String> = (0..4)
        .filter(|bit| factors >> bit & 1 == 1)
        .map(|bit| format!("a3400{bit}-Avg={}.{bit},a3400{bit}-Flag=N", u32::from(hour) * 7 + bit))
        .collect();
    hour_packet(MN, &format!("20261124{hour:02}0000"), &area.join(";"))
}

fn rows(rig: &Rig) -> Vec<(i64, Vec<String>)> {
    rig.observations(1, 2061).iter().map(|row| (row.key.data_time.millis(), rig.values(row))).collect()
}

async fn send_all(rig: &Rig, packets: &[(u8, u8)]) {
    let mut station = rig.connect().await;
    for &(hour, factors) in packets {
        station.send(packet(hour, factors)).await;
    }
    assert_eq!(station.answers().await.len(), packets.len(), "every packet is answered, every time");
}

fn runtime() -> tokio::runtime::Runtime {
    tokio::runtime::Builder::new_multi_thread().worker_threads(2).enable_all().build().unwrap()
}

proptest! {
    #![proptest_config(ProptestConfig { cases: 24, failure_persistence: None, ..ProptestConfig::default() })]

    #[test]
    fn order_duplicates_and_replay_change_nothing(
        packets in proptest::collection::vec((0u8..6, 1u8..16), 1..25),
        seed in any::<u64>(),
    ) {
        runtime().block_on(async {
            let first = Rig::start(vec![device(MN, 22, 1)]).await;
            send_all(&first, &packets).await;
            let expect = rows(&first);
            let revisions = first.revisions(1, 2061, true);
            let frames = first.frames().len();
            send_all(&first, &packets).await;
            prop_assert_eq!(first.revisions(1, 2061, true), revisions, "a replay adds no revision");
            prop_assert_eq!(first.frames().len(), frames, "nor a frame");

            let mut shuffled = packets.clone();
            shuffled.extend(packets.iter().take(packets.len() / 2).copied());
            let mut state = seed | 1;
            for place in (1..shuffled.len()).rev() {
                state = state.wrapping_mul(6_364_136_223_846_793_005).wrapping_add(1_442_695_040_888_963_407);
                shuffled.swap(place, (state >> 33) as usize % (place + 1));
            }
            let second = Rig::start(vec![device(MN, 22, 1)]).await;
            send_all(&second, &shuffled).await;
            prop_assert_eq!(rows(&second), expect);
            Ok(())
        })?;
    }

    #[test]
    fn any_bytes_leave_the_way_in_alive(chunks in proptest::collection::vec(proptest::collection::vec(any::<u8>(), 0..300), 0..8)) {
        runtime().block_on(async {
            let rig = Rig::start(vec![device(MN, 22, 1)]).await;
            let mut station = rig.connect().await;
            for chunk in chunks {
                station.send(chunk).await;
            }
            drop(station);
            send_all(&rig, &[(1, 1)]).await;
            assert_eq!(rows(&rig).len(), 1);
        });
    }
}

/// A correction that is replayed together with what it corrected changes nothing either.
#[tokio::test(flavor = "multi_thread")]
async fn replaying_a_corrected_day_three_times_changes_nothing() {
    let rig = Rig::start(vec![device(MN, 22, 1)]).await;
    let mut station = rig.connect().await;
    let mut after_first = Vec::new();
    for round in 0..3 {
        for value in ["35.2", "36.0", "34.9"] {
            station.send(hour_packet(MN, "20261124080000", &format!("a34004-Avg={value},a34004-Flag=N"))).await;
        }
        assert_eq!(station.answers().await.len(), 3);
        let rows = rig.revisions(1, 2061, true);
        if round == 0 {
            after_first = rows;
        } else {
            assert_eq!(rows, after_first);
        }
    }
    assert_eq!(rig.values(&rig.observations(1, 2061)[0]), ["a34004-Avg=34.9"]);
}
