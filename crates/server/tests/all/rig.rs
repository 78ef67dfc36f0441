//! A whole platform in a scratch folder on scratch ports.

use std::net::SocketAddr;
use std::path::{Path, PathBuf};
use std::sync::Arc;
use std::sync::atomic::{AtomicU64, Ordering};
use std::time::Duration;

use kernel::Division;
use register::Pack;
use server::platform::{Platform, Settings};
use store::sqlite::SqliteOptions;
use tokio::net::TcpListener;
use tokio::sync::watch;
use tokio::task::JoinSet;

use crate::browser::Browser;

/// Sealing of frames runs with little priority: on a machine that compiles beside it the end takes its time.
const END_LIMIT: Duration = Duration::from_secs(40);

pub const PASSWORD: &str = "绿水青山就是金山-2026";

/// A scratch folder, gone at the end.
pub struct Folder(pub PathBuf);

impl Folder {
    pub fn new(name: &str) -> Self {
        static NUMBER: AtomicU64 = AtomicU64::new(0);
        let number = NUMBER.fetch_add(1, Ordering::Relaxed);
        let path = std::env::temp_dir().join(format!("qingshan-server-{name}-{}-{number}", std::process::id()));
        let _ = std::fs::remove_dir_all(&path);
        std::fs::create_dir_all(&path).unwrap();
        Self(path)
    }
}

impl Drop for Folder {
    fn drop(&mut self) {
        let _ = std::fs::remove_dir_all(&self.0);
    }
}

/// The county that ships with the project, in a store below `data`.
pub fn open(data: &Path, options: SqliteOptions) -> Arc<Platform> {
    open_pack(data, options, pack())
}

/// The same as if it lay elsewhere.
pub fn open_as(data: &Path, division: Division) -> Arc<Platform> {
    let mut pack = pack();
    pack.county.division = division;
    open_pack(data, SqliteOptions::default(), pack)
}

fn county() -> PathBuf {
    Path::new(env!("CARGO_MANIFEST_DIR")).join("../../counties/500242-youyang")
}

fn pack() -> Pack {
    register::pack_files::load(&county(), &register::built_in::catalog().unwrap()).unwrap()
}

fn open_pack(data: &Path, options: SqliteOptions, pack: Pack) -> Arc<Platform> {
    let files = register::pack_files::read_tree(&county()).unwrap();
    let zones = zone::model::load_folder(&county(), zone::shape::Extent::WORLD).unwrap();
    let settings = Settings {
        data: data.to_owned(),
        pack,
        files,
        zones,
        simulating: false,
        store: options,
        version: "0.0.0-test",
    };
    Platform::open(settings).unwrap()
}

pub struct Rig {
    pub platform: Arc<Platform>,
    pub http: SocketAddr,
    pub hj212: SocketAddr,
    stop: watch::Sender<bool>,
    running: JoinSet<()>,
    _folder: Option<Folder>,
}

impl Rig {
    pub async fn start(name: &str) -> Self {
        let folder = Folder::new(name);
        let platform = open(&folder.0, SqliteOptions::default());
        Self::of(platform, Some(folder)).await
    }

    pub async fn of(platform: Arc<Platform>, folder: Option<Folder>) -> Self {
        let (stop, stopped) = watch::channel(false);
        let (http, hj212) =
            (TcpListener::bind("127.0.0.1:0").await.unwrap(), TcpListener::bind("127.0.0.1:0").await.unwrap());
        let (web, station) = (http.local_addr().unwrap(), hj212.local_addr().unwrap());
        let mut running = platform.start(&stopped);
        platform.serve(&mut running, http, hj212, &stopped);
        Self { platform, http: web, hj212: station, stop, running, _folder: folder }
    }

    /// Nobody signed in.
    pub fn visitor(&self) -> Browser {
        Browser::new(self.http)
    }

    /// The first administrator, by the one-time link.
    pub async fn administrator(&self) -> Browser {
        let token = self.platform.identity.setup_token(kernel::time::now()).unwrap().unwrap();
        let mut browser = self.visitor();
        let answer = browser
            .post(
                "/api/setup",
                &serde_json::json!({ "token": token, "name": "admin", "display_name": "管理员", "password": PASSWORD }),
            )
            .await;
        assert_eq!(answer.status, 200, "{}", answer.text());
        assert!(browser.sign_in("admin", PASSWORD).await);
        browser
    }

    /// Somebody with these roles, made by the administrator.
    pub async fn person(&self, administrator: &mut Browser, name: &str, roles: &[&str], body: Option<&str>) -> Browser {
        let answer = administrator
            .post("/api/users", &serde_json::json!({ "name": name, "display_name": name, "password": PASSWORD, "roles": roles, "body": body }))
            .await;
        assert_eq!(answer.status, 200, "{}", answer.text());
        let mut browser = self.visitor();
        assert!(browser.sign_in(name, PASSWORD).await);
        browser
    }

    /// Stops as a signal would; everything must end by itself.
    pub async fn stop(mut self) {
        self.stop.send_replace(true);
        let ended = tokio::time::timeout(END_LIMIT, async { while self.running.join_next().await.is_some() {} }).await;
        assert!(ended.is_ok(), "the server did not end");
    }
}
