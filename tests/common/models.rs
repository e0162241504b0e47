//! The I/O models that this machine has.

use httpsys::kernel::{Kernel, NoProbe};
use httpsys::server::IoModel;

/// Whether io_uring may be used. Many containers forbid it: a test that needs it says so and passes.
pub fn io_uring_works() -> bool {
    let works = Kernel::new(NoProbe).io_uring_allowed().is_ok();
    if !works {
        eprintln!("skipped: io_uring not allowed here");
    }
    works
}

/// Whether io_uring may be used, and is that of Linux 6.1 or newer: older ones are asked twice for a ring, and
/// may bring results in another order.
pub fn io_uring_is_new() -> bool {
    let release = std::fs::read_to_string("/proc/sys/kernel/osrelease").unwrap_or_default();
    let mut numbers = release.split(|c: char| !c.is_ascii_digit());
    let mut number = || numbers.next().and_then(|text| text.parse::<u32>().ok());
    let version = (number().unwrap_or(0), number().unwrap_or(0));
    let new = version >= (6, 1);
    if !new {
        eprintln!("skipped: io_uring of Linux {}", release.trim());
    }
    new && io_uring_works()
}

/// Every model, without `uring` where the kernel refuses it.
pub fn models() -> impl Iterator<Item = IoModel> {
    let ring = io_uring_works();
    IoModel::ALL
        .into_iter()
        .filter(move |io| *io != IoModel::Uring || ring)
}
