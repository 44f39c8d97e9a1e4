//! How much memory a piece of work may take.

use std::{fs, path::Path};

/// Of the memory of the machine or container, what all work together may take: the rest is for answering meanwhile, for the database
/// and for what is written.
const SHARE_OF_ALL: f64 = 0.75;
/// Bytes of a MiB.
pub const MIB: u64 = 1 << 20;

/// Where Linux says how much there is, most telling first: container (version 2, then 1), machine.
const LIMITS: [&str; 2] = [
    "/sys/fs/cgroup/memory.max",
    "/sys/fs/cgroup/memory/memory.limit_in_bytes",
];
const MACHINE: &str = "/proc/meminfo";

/// Bytes that one piece of work may take; `None` where neither the setting nor the system says a number.
///
/// * `mib` – as set; 0 is an equal share, for each of `at_once` that run at a time, of three quarters of what the process may have
#[must_use]
pub fn allowed(mib: u64, at_once: usize) -> Option<u64> {
    match mib {
        0 => {
            let all = available(Path::new("/"))? as f64 * SHARE_OF_ALL;
            Some(all as u64 / at_once.max(1) as u64)
        }
        mib => Some(mib.saturating_mul(MIB)),
    }
}

/// Bytes that this process may have, of the container or else of the machine.
fn available(root: &Path) -> Option<u64> {
    let read = |path: &str| fs::read_to_string(root.join(path.trim_start_matches('/'))).ok();
    let machine = read(MACHINE).and_then(|text| {
        let line = text.lines().find(|line| line.starts_with("MemTotal:"))?;
        let kib: u64 = line.split_whitespace().nth(1)?.parse().ok()?;
        Some(kib * 1024)
    });
    // Without a limit the file holds a word, or a number beyond any machine.
    let limits = LIMITS
        .iter()
        .filter_map(|path| read(path)?.trim().parse::<u64>().ok());
    limits.chain(machine).min()
}

#[cfg(test)]
mod tests {
    use super::*;

    fn system(files: &[(&str, &str)]) -> Option<u64> {
        let root = tempfile::tempdir().unwrap();
        for (path, text) in files {
            let path = root.path().join(path.trim_start_matches('/'));
            fs::create_dir_all(path.parent().unwrap()).unwrap();
            fs::write(path, text).unwrap();
        }
        available(root.path())
    }

    #[test]
    fn a_container_has_what_it_is_given_and_a_machine_what_is_in_it() {
        let machine = (MACHINE, "MemTotal:       16384 kB\nMemFree:  1 kB\n");
        assert_eq!(system(&[machine]), Some(16 * MIB));
        assert_eq!(system(&[machine, (LIMITS[0], "max\n")]), Some(16 * MIB));
        assert_eq!(system(&[machine, (LIMITS[0], "4194304\n")]), Some(4 * MIB));
        let none = "9223372036854771712\n";
        assert_eq!(system(&[machine, (LIMITS[1], none)]), Some(16 * MIB));
        assert_eq!(system(&[]), None);
    }
}
