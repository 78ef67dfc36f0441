//! Hashing a password costs 19 MiB and tens of milliseconds on purpose: a few at a time, a short queue, and whoever
//! comes then is told to come again. The stations' data share this machine.

use std::sync::Arc;
use std::sync::atomic::{AtomicUsize, Ordering};

use api::{ApiResult, blocking};
use kernel::{ErrorCode, Problem};
use tokio::sync::Semaphore;

const MOST_AT_ONCE: usize = 2;
/// Those who hash and those who wait: less than a second of waiting.
const MOST_PRESENT: usize = 32;

#[derive(Debug)]
pub struct HashingGate {
    places: Arc<Semaphore>,
    present: Arc<AtomicUsize>,
}

/// Somebody who hashes or waits; a caller who goes away leaves by dropping it.
struct Present(Arc<AtomicUsize>);

impl Drop for Present {
    fn drop(&mut self) {
        self.0.fetch_sub(1, Ordering::Relaxed);
    }
}

impl Default for HashingGate {
    fn default() -> Self {
        Self { places: Arc::new(Semaphore::new(MOST_AT_ONCE)), present: Arc::default() }
    }
}

impl HashingGate {
    fn enter(&self) -> Result<Present, Problem> {
        let present = Present(Arc::clone(&self.present));
        if self.present.fetch_add(1, Ordering::Relaxed) >= MOST_PRESENT {
            return Err(Problem::new(
                ErrorCode::Busy,
                "同时登录的人太多，几秒后再试 (too many sign in at this moment, try again in a few seconds)",
            ));
        }
        Ok(present)
    }

    /// Runs work that hashes.
    ///
    /// # Errors
    /// `Busy` when the queue is full, otherwise what the work says.
    pub async fn run<T, W>(&self, work: W) -> ApiResult<T>
    where
        T: Send + 'static,
        W: FnOnce() -> Result<T, Problem> + Send + 'static,
    {
        let present = self.enter()?;
        let place = Arc::clone(&self.places).acquire_owned().await;
        let place = place.map_err(|error| Problem::new(ErrorCode::Internal, format!("waiting to hash: {error}")))?;
        blocking(move || {
            // Held by the work itself: a caller who goes away does not make room while the work goes on.
            let _held = (present, place);
            work()
        })
        .await
    }
}

#[cfg(test)]
mod tests {
    use super::*;
    use std::sync::atomic::AtomicBool;
    use std::time::Duration;

    #[tokio::test(flavor = "multi_thread", worker_threads = 2)]
    async fn few_hash_at_once_and_a_full_queue_refuses() {
        let gate = Arc::new(HashingGate::default());
        let (running, most) = (Arc::new(AtomicUsize::new(0)), Arc::new(AtomicUsize::new(0)));
        let open = Arc::new(AtomicBool::new(false));
        let asked = MOST_PRESENT + 20;
        let callers: Vec<_> = (0..asked)
            .map(|_| {
                let (gate, running, most, open) =
                    (Arc::clone(&gate), Arc::clone(&running), Arc::clone(&most), Arc::clone(&open));
                tokio::spawn(async move {
                    gate.run(move || {
                        most.fetch_max(running.fetch_add(1, Ordering::SeqCst) + 1, Ordering::SeqCst);
                        while !open.load(Ordering::SeqCst) {
                            std::thread::sleep(Duration::from_millis(1));
                        }
                        running.fetch_sub(1, Ordering::SeqCst);
                        Ok(())
                    })
                    .await
                    .map_err(|problem| problem.0.code)
                })
            })
            .collect();
        // Everybody has come before the first may go on: those refused have their answer already.
        while callers.iter().filter(|caller| caller.is_finished()).count() < asked - MOST_PRESENT {
            tokio::time::sleep(Duration::from_millis(5)).await;
        }
        open.store(true, Ordering::SeqCst);
        let mut answers = Vec::new();
        for caller in callers {
            answers.push(caller.await.unwrap());
        }
        let refused = answers.iter().filter(|answer| **answer == Err(ErrorCode::Busy)).count();
        assert_eq!((refused, answers.len() - refused), (asked - MOST_PRESENT, MOST_PRESENT));
        assert!(most.load(Ordering::SeqCst) <= MOST_AT_ONCE, "{most:?}");
        assert!(gate.run(|| Ok(())).await.is_ok(), "room again");
    }
}
