//! `backup`, `restore`, `verify`: keeping the data folder and proving that nothing in it was changed.

use std::path::{Path, PathBuf};
use std::process::ExitCode;

use kernel::Division;
use store::sqlite::{SqliteOptions, backup_to};
use store::{Store, event_log};

use crate::check::DEFAULT_PACK;

pub const USAGE: &str = "\
用法 usage: qingshan backup  --data DIR --to FILE       运行中也可备份 (works while the server runs)
          qingshan restore --from FILE --data DIR     DIR 必须还没有数据 (DIR must hold no data yet)
          qingshan verify  --data DIR [--county DIR]  校验原始报文链和事件链 (checks both hash chains)
";
pub const DATABASE: &str = "qingshan.db";
/// Links checked in one read.
const STEP: i64 = 20_000;

fn option(arguments: &[String], name: &str) -> Option<PathBuf> {
    let place = arguments.iter().position(|argument| argument == name)?;
    arguments.get(place + 1).map(PathBuf::from)
}

fn needed(arguments: &[String], name: &str) -> Result<PathBuf, String> {
    option(arguments, name).ok_or_else(|| format!("缺 {name} (is missing)\n\n{USAGE}"))
}

fn finish(result: Result<String, String>) -> ExitCode {
    match result {
        Ok(message) => {
            println!("{message}");
            ExitCode::SUCCESS
        }
        Err(message) => {
            eprintln!("{message}");
            ExitCode::FAILURE
        }
    }
}

pub fn backup(arguments: &[String]) -> ExitCode {
    finish((|| {
        let (data, to) = (needed(arguments, "--data")?, needed(arguments, "--to")?);
        let database = data.join(DATABASE);
        if !database.exists() {
            return Err(format!("{} 不存在 (does not exist)", database.display()));
        }
        if to.exists() {
            return Err(format!("{} 已存在，不覆盖 (exists, not overwritten)", to.display()));
        }
        backup_to(&database, &to).map_err(|error| error.to_string())?;
        Ok(format!("已备份到 {} (saved)", to.display()))
    })())
}

pub fn restore(arguments: &[String]) -> ExitCode {
    finish((|| {
        let (from, data) = (needed(arguments, "--from")?, needed(arguments, "--data")?);
        let database = data.join(DATABASE);
        if database.exists() {
            return Err(format!("{} 已有数据，不覆盖 (holds data, not overwritten)", data.display()));
        }
        let failed = |error: std::io::Error| format!("恢复 {} (restoring): {error}", from.display());
        std::fs::create_dir_all(&data).map_err(failed)?;
        // Under another name first, so that a broken copy never looks like a data folder.
        let part = data.join("qingshan.db.part");
        std::fs::copy(&from, &part).map_err(failed)?;
        std::fs::File::open(&part).and_then(|file| file.sync_all()).map_err(failed)?;
        std::fs::rename(&part, &database).map_err(failed)?;
        Ok(format!("已恢复到 {} (restored)；运行 qingshan verify 校验", data.display()))
    })())
}

pub fn verify(arguments: &[String]) -> ExitCode {
    finish((|| {
        let data = needed(arguments, "--data")?;
        let county = option(arguments, "--county").unwrap_or_else(|| DEFAULT_PACK.into());
        let division = crate::serve::load_pack(&county)?.county.division;
        let _claim = crate::serve::claim_existing(&data)?;
        verify_folder(&data, division)
    })())
}

fn verify_folder(data: &Path, division: Division) -> Result<String, String> {
    let store = server::platform::open_store(data, division, SqliteOptions::default())
        .map_err(|problem| problem.to_string())?;
    let store: &dyn Store = &*store;
    let frames = store.verify_frames(1, i64::MAX).map_err(|error| error.to_string())?;
    let last = store.read(|reader| event_log::last_sequence(reader, division)).map_err(|error| error.to_string())?;
    let mut sequence = 0;
    while sequence < last {
        sequence = store
            .read(|reader| event_log::verify(reader, division, sequence, STEP))
            .map_err(|error| error.to_string())?;
    }
    Ok(format!("原始报文 {frames} 条、事件 {last} 条，链完好 (frames and events, both chains are whole)"))
}
