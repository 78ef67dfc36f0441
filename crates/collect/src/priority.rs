//! How much of the processors a thread asks for.

/// Lowers the priority of the calling thread, by up to 19; on Linux niceness belongs to the thread. Elsewhere, and
/// where the system refuses, nothing changes: it is a courtesy, not a condition.
pub fn lower(niceness: i32) {
    #[cfg(target_os = "linux")]
    // SAFETY: takes a number and touches no memory of ours.
    unsafe {
        libc::nice(niceness);
    }
    #[cfg(not(target_os = "linux"))]
    let _ = niceness;
}
