//! `qingshan serve`: store, county pack, mechanisms, listeners; in that order, and nothing half-started.

use std::net::SocketAddr;
use std::path::{Path, PathBuf};
use std::process::ExitCode;
use std::sync::Arc;
use std::time::Duration;

use collect::mqtt::MqttSettings;
use kernel::{Point, PointSource};
use register::Pack;
use register::simulation::Simulation as PackSimulation;
use server::platform::{Platform, Settings};
use store::sqlite::SqliteOptions;
use tokio::net::TcpListener;
use tokio::sync::watch;

use crate::check::DEFAULT_PACK;
use crate::simulate::plan::FactorPlan;
use crate::simulate::{self, Simulation, StationPlan};

const USAGE: &str = "\
用法 usage: qingshan serve [--county DIR] [--data DIR] [--listen ADDR] [--hj212-listen ADDR]
                      [--simulate] [--seed N] [--backfill-days N] [--mqtt mqtt://[user:password@]host:port]

  --county DIR         县域数据包 (county pack), default counties/500242-youyang
  --data DIR           数据目录 (data folder), default data
  --listen ADDR        网页与接口 (web and API), default 127.0.0.1:8080
  --hj212-listen ADDR  数采仪 (data loggers), default 127.0.0.1:9212
  --simulate           启动模拟站点 (start simulated stations; all they send is marked 模拟)
";
const VERSION: &str = env!("CARGO_PKG_VERSION");
/// How long what runs may take to end.
const FAREWELL: Duration = Duration::from_secs(10);
const MOST_BACKFILL_DAYS: u32 = 60;

#[derive(Debug, PartialEq)]
struct Options {
    county: PathBuf,
    data: PathBuf,
    listen: SocketAddr,
    hj212: SocketAddr,
    simulate: bool,
    seed: u64,
    backfill_days: u32,
    mqtt: Option<String>,
}

impl Options {
    fn parse(arguments: &[String]) -> Result<Self, String> {
        let mut options = Self {
            county: DEFAULT_PACK.into(),
            data: "data".into(),
            listen: SocketAddr::from(([127, 0, 0, 1], 8080)),
            hj212: SocketAddr::from(([127, 0, 0, 1], 9212)),
            simulate: false,
            seed: 1,
            backfill_days: 3,
            mqtt: None,
        };
        let mut rest = arguments.iter();
        while let Some(option) = rest.next() {
            if option == "--simulate" {
                options.simulate = true;
                continue;
            }
            let value =
                rest.next().ok_or_else(|| format!("{option} 后面缺值，或不认识 (needs a value, or unknown)"))?;
            let wrong = |what: &str| format!("{option}: “{value}”不是{what}");
            match option.as_str() {
                "--county" => options.county = value.into(),
                "--data" => options.data = value.into(),
                "--listen" => options.listen = value.parse().map_err(|_| wrong("地址:端口 (not address:port)"))?,
                "--hj212-listen" => options.hj212 = value.parse().map_err(|_| wrong("地址:端口 (not address:port)"))?,
                "--seed" => options.seed = value.parse().map_err(|_| wrong("整数 (not a whole number)"))?,
                "--backfill-days" => {
                    let days: u32 = value.parse().map_err(|_| wrong("天数 (not a number of days)"))?;
                    options.backfill_days = days.min(MOST_BACKFILL_DAYS);
                }
                "--mqtt" => options.mqtt = Some(value.clone()),
                other => return Err(format!("不认识 {other} (unknown option)")),
            }
        }
        Ok(options)
    }
}

/// `mqtt://[user:password@]host[:port]`.
fn mqtt_of(url: &str) -> Result<MqttSettings, String> {
    let rest = url
        .strip_prefix("mqtt://")
        .ok_or_else(|| format!("“{url}”应写成 mqtt://主机:端口 (write mqtt://host:port)"))?;
    let (user, place) = match rest.rsplit_once('@') {
        Some((user, place)) => (user.split_once(':').map(|(name, word)| (name.to_owned(), word.to_owned())), place),
        None => (None, rest),
    };
    let (host, port) = place.rsplit_once(':').unwrap_or((place, "1883"));
    let port = port.parse().map_err(|_| format!("“{port}”不是端口 (not a port)"))?;
    Ok(MqttSettings { host: host.to_owned(), port, user, client_id: "qingshan".into() })
}

/// Reads and checks a county pack.
pub fn load_pack(county: &Path) -> Result<Pack, String> {
    let base = register::built_in::catalog()
        .map_err(|problems| problems.iter().map(ToString::to_string).collect::<Vec<_>>().join("\n"))?;
    register::pack_files::load(county, &base).map_err(|error| format!("{}：\n{error}", county.display()))
}

pub fn run(arguments: &[String]) -> ExitCode {
    if arguments.iter().any(|argument| argument == "--help" || argument == "-h") {
        print!("{USAGE}");
        return ExitCode::SUCCESS;
    }
    let options = match Options::parse(arguments) {
        Ok(options) => options,
        Err(message) => {
            eprintln!("{message}\n\n{USAGE}");
            return ExitCode::from(2);
        }
    };
    let filter = tracing_subscriber::EnvFilter::try_from_default_env().unwrap_or_else(|_| "info".into());
    tracing_subscriber::fmt()
        .with_env_filter(filter)
        .with_writer(std::io::stderr)
        .with_ansi(std::io::IsTerminal::is_terminal(&std::io::stderr()))
        .init();
    let runtime = match tokio::runtime::Builder::new_multi_thread().enable_all().build() {
        Ok(runtime) => runtime,
        Err(error) => {
            eprintln!("启动失败 (starting): {error}");
            return ExitCode::FAILURE;
        }
    };
    match runtime.block_on(serve(options)) {
        Ok(()) => ExitCode::SUCCESS,
        Err(message) => {
            eprintln!("启动失败 (cannot start): {message}");
            ExitCode::FAILURE
        }
    }
}

/// One process writes a data folder: two would each think that they know what is marked for judging. The lock goes with
/// the process, however it ends.
///
/// # Errors
/// When another process holds the folder, or it cannot be written.
pub fn claim(data: &Path) -> Result<std::fs::File, String> {
    use std::io::Write as _;
    let failed = |error: std::io::Error| format!("数据目录 {} (data folder): {error}", data.display());
    std::fs::create_dir_all(data).map_err(failed)?;
    let path = data.join("lock");
    let mut file =
        std::fs::File::options().read(true).write(true).create(true).truncate(false).open(&path).map_err(failed)?;
    match file.try_lock() {
        Ok(()) => {}
        Err(std::fs::TryLockError::WouldBlock) => {
            let holder = std::fs::read_to_string(&path).unwrap_or_default();
            return Err(format!(
                "数据目录 {} 已被另一个进程使用（进程 {pid}）；先停掉它，或换一个 --data (the data folder is used by another process, {pid}: stop it, or name another with --data)",
                data.display(),
                pid = holder.trim()
            ));
        }
        Err(std::fs::TryLockError::Error(error)) => return Err(failed(error)),
    }
    file.set_len(0).and_then(|()| writeln!(file, "{}", std::process::id())).map_err(failed)?;
    Ok(file)
}

/// The same for a folder that must be there: for commands that write into what a server left.
pub fn claim_existing(data: &Path) -> Result<std::fs::File, String> {
    if !data.join(crate::keep::DATABASE).is_file() {
        let folder = data.display();
        return Err(format!("{folder} 里没有数据，先启动一次平台 (it holds no data; start the platform once)"));
    }
    claim(data)
}

async fn serve(options: Options) -> Result<(), String> {
    let mqtt = options.mqtt.as_deref().map(mqtt_of).transpose()?;
    let pack = load_pack(&options.county)?;
    let files = register::pack_files::read_tree(&options.county)
        .map_err(|error| format!("{}: {error}", options.county.display()))?;
    let simulation = pack.simulation.clone();
    let zones = zone::model::load_folder(&options.county, zone::shape::Extent::WORLD)?;
    // Both ports before anything runs: a second server on the same folder fails here, not half-way.
    let bind = async |address: SocketAddr| {
        TcpListener::bind(address).await.map_err(|error| format!("监听 {address} (listening): {error}；端口被占用时用 --listen 或 --hj212-listen 换一个 (name another with --listen or --hj212-listen)"))
    };
    let (http, hj212) = (bind(options.listen).await?, bind(options.hj212).await?);
    let local = |listener: &TcpListener| listener.local_addr().map_err(|error| error.to_string());
    let (http_address, hj212_address) = (local(&http)?, local(&hj212)?);
    let _claim = claim(&options.data)?;
    let settings = Settings {
        data: options.data.clone(),
        pack,
        files,
        zones,
        simulating: options.simulate,
        store: SqliteOptions::default(),
        version: VERSION,
    };
    let opened = tokio::task::spawn_blocking(move || Platform::open(settings)).await;
    let platform = opened.map_err(|error| error.to_string())?.map_err(|problem| problem.to_string())?;
    let identity = Arc::clone(&platform.identity);
    let token = tokio::task::spawn_blocking(move || identity.setup_token(kernel::time::now())).await;
    let token = token.map_err(|error| error.to_string())?.map_err(|problem| problem.to_string())?;
    let (stopper, stop) = watch::channel(false);
    let mut running = platform.start(&stop);
    platform.serve(&mut running, http, hj212, &stop);
    if let Some(settings) = mqtt {
        running.spawn(Arc::clone(&platform.points.collect).run_mqtt(settings, stop.clone()));
    }
    println!("青山 Qingshan {VERSION}");
    println!("网页 web        http://{http_address}/        工作人员 staff  http://{http_address}/app/");
    println!("HJ 212          {hj212_address}");
    if options.simulate {
        let mut stations = station_plans(&platform, &simulation);
        simulate::script_demonstration(&mut stations, kernel::time::now().millis());
        println!("模拟站点 simulated stations: {}（数据全部是模拟的 all they send is made up）", stations.len());
        let plan =
            Simulation { stations, address: hj212_address, seed: options.seed, backfill_days: options.backfill_days };
        let spawned = simulate::spawn(plan, stop.clone());
        running.spawn(async move {
            let _ = spawned.await;
        });
    }
    if let Some(token) = token {
        println!(
            "第一次使用，请在 24 小时内打开这条一次性链接建立管理员 (open this one-time link to make the administrator):"
        );
        println!("  http://{http_address}/setup?token={token}");
    }
    wait_for_signal().await;
    tracing::info!("stopping");
    let _ = stopper.send(true);
    let ended = tokio::time::timeout(FAREWELL, async { while running.join_next().await.is_some() {} }).await;
    if ended.is_err() {
        tracing::warn!("some tasks did not end in time");
    }
    Ok(())
}

async fn wait_for_signal() {
    let interrupt = tokio::signal::ctrl_c();
    match tokio::signal::unix::signal(tokio::signal::unix::SignalKind::terminate()) {
        Ok(mut terminate) => {
            tokio::select! {
                _ = interrupt => {}
                _ = terminate.recv() => {}
            }
        }
        Err(_) => {
            let _ = interrupt.await;
        }
    }
}

/// A station for each simulated (模拟) binding whose point the pack's simulation describes.
fn station_plans(platform: &Platform, simulation: &PackSimulation) -> Vec<StationPlan> {
    let points = platform.points.register.points();
    let now = kernel::time::now();
    let devices = platform.points.register.devices();
    let in_force = |from: kernel::Timestamp, until: Option<kernel::Timestamp>| {
        from <= now && until.is_none_or(|until| now < until)
    };
    devices
        .iter()
        .filter(|device| device.simulated && in_force(device.from, device.until))
        .filter_map(|device| {
            let point = points.get(device.point)?;
            let factors = factors_of(simulation, point);
            (!factors.is_empty()).then(|| StationPlan {
                mn: device.mn.clone(),
                st: device.st.clone(),
                password: device.password.clone().unwrap_or_else(|| "123456".into()),
                edition: device.edition.as_deref().and_then(hj212::Edition::from_year).unwrap_or(hj212::Edition::V2017),
                factors,
                realtime_seconds: device.realtime_seconds,
                minute_minutes: device.minute_minutes,
                hour: device.hourly,
                reference_oxygen: None,
                sm4_key: device.sm4_key.as_deref().and_then(|key| hex::decode(key).ok()?.try_into().ok()),
                incidents: Vec::new(),
                disturbed: true,
            })
        })
        .collect()
}

fn factors_of(simulation: &PackSimulation, point: &Point) -> Vec<FactorPlan> {
    let factors = simulation.factors_of(&point.ledger, &point.key);
    factors
        .into_iter()
        .map(|factor| FactorPlan {
            code: factor.code,
            base: factor.base,
            swing: factor.swing,
            noise: factor.noise,
            peak_hour: factor.peak_hour,
            decimals: factor.decimals,
            least: factor.least,
        })
        .collect()
}

#[cfg(test)]
mod tests {
    use super::*;

    fn check(arguments: &[&str], expect: Result<&str, &str>) {
        let arguments: Vec<String> = arguments.iter().map(|argument| (*argument).to_owned()).collect();
        match (Options::parse(&arguments), expect) {
            (Ok(options), Ok(listen)) => assert_eq!(options.listen.to_string(), listen),
            (Err(message), Err(part)) => assert!(message.contains(part), "{message}"),
            (found, expect) => panic!("{found:?}, wanted {expect:?}"),
        }
    }

    #[test]
    fn options_are_read_or_named() {
        check(&[], Ok("127.0.0.1:8080"));
        check(&["--simulate", "--listen", "127.0.0.1:1"], Ok("127.0.0.1:1"));
        check(&["--listen", "here"], Err("not address:port"));
        check(&["--fly", "1"], Err("unknown option"));
        check(&["--data"], Err("needs a value"));
    }

    #[test]
    fn broker_addresses_are_read() {
        let settings = mqtt_of("mqtt://anna:se:cret@broker:1884").unwrap();
        assert_eq!((settings.host.as_str(), settings.port), ("broker", 1884));
        assert_eq!(settings.user, Some(("anna".into(), "se:cret".into())));
        assert_eq!(mqtt_of("mqtt://b").unwrap().port, 1883);
        assert!(mqtt_of("http://b").is_err());
    }
}
