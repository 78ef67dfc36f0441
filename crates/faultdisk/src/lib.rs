//! A disk that forgets (for the oracle test only): preloaded into the server with `LD_PRELOAD`, it keeps, for
//! every file below `$FAULTDISK_DIR`, what each write has overwritten since the file was last synced. After
//! the process has been killed, [`forget`] puts that back, as a power cut would: only synced writes remain. Or
//! the last unsynced write is torn (its first half stays).
//!
//! Undo records of `name` stand in `name.undo`, one after another: offset, length before, old length of the
//! file, old bytes. A record is complete before the write it undoes is made; a sync empties the undo file only
//! after the real sync has returned. So a write that was ever acknowledged after a sync is never undone.
//!
//! The library must not allocate in surprising places or panic: every failure falls back to the real call.

use std::ffi::{CStr, c_int, c_void};
use std::fs::{File, OpenOptions};
use std::io::{Read, Seek, SeekFrom, Write};
use std::os::unix::fs::FileExt;
use std::path::{Path, PathBuf};
use std::sync::Mutex;
use std::sync::atomic::{AtomicPtr, Ordering};

static LOCK: Mutex<()> = Mutex::new(());

/// The next definition of a C function behind this library.
fn real(name: &'static CStr, cache: &AtomicPtr<c_void>) -> *mut c_void {
    let mut found = cache.load(Ordering::Relaxed);
    if found.is_null() {
        // SAFETY: dlsym with RTLD_NEXT and a valid C string has no other requirement.
        found = unsafe { libc::dlsym(libc::RTLD_NEXT, name.as_ptr()) };
        cache.store(found, Ordering::Relaxed);
    }
    found
}

macro_rules! real {
    ($name:literal as $kind:ty) => {{
        static CACHE: AtomicPtr<c_void> = AtomicPtr::new(std::ptr::null_mut());
        // SAFETY: the C library's function of that name has this signature.
        unsafe { std::mem::transmute::<*mut c_void, $kind>(real($name, &CACHE)) }
    }};
}

/// The path of a descriptor when it is a file to watch.
fn watched(descriptor: c_int) -> Option<PathBuf> {
    let folder = std::env::var_os("FAULTDISK_DIR")?;
    let path = std::fs::read_link(format!("/proc/self/fd/{descriptor}")).ok()?;
    let name = path.file_name()?.to_str()?;
    let kept = path.starts_with(&folder) && !name.ends_with(".undo") && !name.ends_with("-shm");
    kept.then_some(path)
}

fn undo_path(path: &Path) -> PathBuf {
    let mut name = path.to_path_buf().into_os_string();
    name.push(".undo");
    name.into()
}

/// Records what a write or truncation at `offset` of `length` bytes is about to destroy.
fn remember(path: &Path, offset: u64, length: u64) -> std::io::Result<()> {
    let file = File::open(path)?;
    let size = file.metadata()?.len();
    let old_length = size.saturating_sub(offset).min(length);
    let mut record = Vec::with_capacity(24 + old_length as usize);
    for number in [offset, old_length, size] {
        record.extend_from_slice(&number.to_le_bytes());
    }
    let start = record.len();
    record.resize(start + old_length as usize, 0);
    file.read_exact_at(&mut record[start..], offset)?;
    OpenOptions::new().create(true).append(true).open(undo_path(path))?.write_all(&record)
}

fn before_change(descriptor: c_int, offset: u64, length: u64) {
    if let Some(path) = watched(descriptor) {
        let _held = LOCK.lock();
        let _ = remember(&path, offset, length);
    }
}

fn after_sync(descriptor: c_int) {
    if let Some(path) = watched(descriptor) {
        let _held = LOCK.lock();
        let _ = std::fs::remove_file(undo_path(&path));
    }
}

/// # Safety
/// As the C function.
#[unsafe(no_mangle)]
pub unsafe extern "C" fn pwrite64(descriptor: c_int, bytes: *const c_void, count: usize, offset: i64) -> isize {
    before_change(descriptor, offset as u64, count as u64);
    let next = real!(c"pwrite64" as unsafe extern "C" fn(c_int, *const c_void, usize, i64) -> isize);
    // SAFETY: arguments handed on unchanged.
    unsafe { next(descriptor, bytes, count, offset) }
}

/// # Safety
/// As the C function.
#[unsafe(no_mangle)]
pub unsafe extern "C" fn pwrite(descriptor: c_int, bytes: *const c_void, count: usize, offset: i64) -> isize {
    before_change(descriptor, offset as u64, count as u64);
    let next = real!(c"pwrite" as unsafe extern "C" fn(c_int, *const c_void, usize, i64) -> isize);
    // SAFETY: arguments handed on unchanged.
    unsafe { next(descriptor, bytes, count, offset) }
}

/// # Safety
/// As the C function.
#[unsafe(no_mangle)]
pub unsafe extern "C" fn write(descriptor: c_int, bytes: *const c_void, count: usize) -> isize {
    if let Some(path) = watched(descriptor) {
        // SAFETY: asking for the current offset of a descriptor changes nothing.
        let offset = unsafe { libc::lseek(descriptor, 0, libc::SEEK_CUR) };
        if offset >= 0 {
            let _held = LOCK.lock();
            let _ = remember(&path, offset as u64, count as u64);
        }
    }
    let next = real!(c"write" as unsafe extern "C" fn(c_int, *const c_void, usize) -> isize);
    // SAFETY: arguments handed on unchanged.
    unsafe { next(descriptor, bytes, count) }
}

/// # Safety
/// As the C function.
#[unsafe(no_mangle)]
pub unsafe extern "C" fn ftruncate64(descriptor: c_int, length: i64) -> c_int {
    before_change(descriptor, length as u64, u64::MAX / 2);
    let next = real!(c"ftruncate64" as unsafe extern "C" fn(c_int, i64) -> c_int);
    // SAFETY: arguments handed on unchanged.
    unsafe { next(descriptor, length) }
}

/// # Safety
/// As the C function.
#[unsafe(no_mangle)]
pub unsafe extern "C" fn ftruncate(descriptor: c_int, length: i64) -> c_int {
    before_change(descriptor, length as u64, u64::MAX / 2);
    let next = real!(c"ftruncate" as unsafe extern "C" fn(c_int, i64) -> c_int);
    // SAFETY: arguments handed on unchanged.
    unsafe { next(descriptor, length) }
}

/// # Safety
/// As the C function.
#[unsafe(no_mangle)]
pub unsafe extern "C" fn fsync(descriptor: c_int) -> c_int {
    let next = real!(c"fsync" as unsafe extern "C" fn(c_int) -> c_int);
    // SAFETY: arguments handed on unchanged.
    let result = unsafe { next(descriptor) };
    if result == 0 {
        after_sync(descriptor);
    }
    result
}

/// # Safety
/// As the C function.
#[unsafe(no_mangle)]
pub unsafe extern "C" fn fdatasync(descriptor: c_int) -> c_int {
    let next = real!(c"fdatasync" as unsafe extern "C" fn(c_int) -> c_int);
    // SAFETY: arguments handed on unchanged.
    let result = unsafe { next(descriptor) };
    if result == 0 {
        after_sync(descriptor);
    }
    result
}

/// Puts a folder back to what had been synced. With `tear_last`, all unsynced writes of each file stay but the
/// second half of the last: the disk was just writing when the power went. Returns how many writes were undone.
pub fn forget(folder: &Path, tear_last: bool) -> std::io::Result<usize> {
    let mut undone = 0;
    for entry in std::fs::read_dir(folder)? {
        let path = entry?.path();
        if path.extension().is_some_and(|extension| extension == "undo") {
            let original = path.with_extension("");
            undone += undo_file(&original, &path, tear_last)?;
            std::fs::remove_file(&path)?;
        }
    }
    Ok(undone)
}

fn undo_file(original: &Path, undo: &Path, tear_last: bool) -> std::io::Result<usize> {
    let mut bytes = Vec::new();
    File::open(undo)?.read_to_end(&mut bytes)?;
    let mut records = Vec::new();
    let mut rest = bytes.as_slice();
    while rest.len() >= 24 {
        let number = |place: usize| {
            let mut array = [0; 8];
            array.copy_from_slice(&rest[place..place + 8]);
            u64::from_le_bytes(array)
        };
        let (offset, length, size) = (number(0), number(8) as usize, number(16));
        // A record cut short was being written when the process died: its write never happened.
        let Some(old) = rest.get(24..24 + length) else { break };
        records.push((offset, old, size));
        rest = &rest[24 + length..];
    }
    let Ok(mut file) = OpenOptions::new().read(true).write(true).open(original) else { return Ok(0) };
    if tear_last {
        if let Some((offset, old, size)) = records.last() {
            tear(&mut file, *offset, old, *size)?;
        }
        return Ok(usize::from(!records.is_empty()));
    }
    for (offset, old, size) in records.iter().rev() {
        file.seek(SeekFrom::Start(*offset))?;
        file.write_all(old)?;
        file.set_len(*size)?;
    }
    Ok(records.len())
}

/// Takes back the second half of a write: what it had overwritten, or what it had added at the end.
fn tear(file: &mut File, offset: u64, old: &[u8], size: u64) -> std::io::Result<()> {
    let now = file.metadata()?.len();
    if now > size {
        let added_from = offset.max(size);
        return file.set_len(added_from + (now - added_from) / 2);
    }
    let half = old.len() / 2;
    file.seek(SeekFrom::Start(offset + half as u64))?;
    file.write_all(&old[half..])
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn unsynced_writes_are_put_back() {
        let folder = std::env::temp_dir().join(format!("qingshan-faultdisk-{}", std::process::id()));
        std::fs::create_dir_all(&folder).unwrap();
        let path = folder.join("file");
        std::fs::write(&path, b"0123456789").unwrap();
        for (offset, text) in [(2u64, b"ab".as_slice()), (8, b"cdef"), (2, b"xy")] {
            remember(&path, offset, text.len() as u64).unwrap();
            OpenOptions::new().write(true).open(&path).unwrap().write_all_at(text, offset).unwrap();
        }
        assert_eq!(std::fs::read(&path).unwrap(), b"01xy4567cdef");
        let undo = std::fs::read(undo_path(&path)).unwrap();
        assert_eq!(forget(&folder, true).unwrap(), 1);
        assert_eq!(std::fs::read(&path).unwrap(), b"01xb4567cdef", "the last write reached half of its bytes");
        std::fs::write(&path, b"01xy4567cdef").unwrap();
        std::fs::write(undo_path(&path), undo).unwrap();
        assert_eq!(forget(&folder, false).unwrap(), 3);
        assert_eq!(std::fs::read(&path).unwrap(), b"0123456789");
        std::fs::remove_dir_all(&folder).unwrap();
    }
}
