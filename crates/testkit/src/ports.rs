//! Which ports a process listens on, as Linux tells it.

use std::{collections::BTreeSet, fs, io};

/// Local TCP ports on which process `pid` listens, IPv4.
pub(crate) fn listening(pid: u32) -> io::Result<BTreeSet<u16>> {
    let sockets = sockets_of(pid)?;
    let table = fs::read_to_string(format!("/proc/{pid}/net/tcp"))?;
    let rows = table
        .lines()
        .skip(1)
        .map(|line| line.split_whitespace().collect::<Vec<_>>());
    // Columns: number, local address, remote address, state (0A is listening), …, inode in the tenth.
    let own = rows.filter(|row| {
        row.get(3) == Some(&"0A") && row.get(9).is_some_and(|inode| sockets.contains(*inode))
    });
    Ok(own
        .filter_map(|row| u16::from_str_radix(row.get(1)?.split_once(':')?.1, 16).ok())
        .collect())
}

/// Inodes of the sockets a process holds.
fn sockets_of(pid: u32) -> io::Result<BTreeSet<String>> {
    let mut found = BTreeSet::new();
    for entry in fs::read_dir(format!("/proc/{pid}/fd"))? {
        // A descriptor may be closed while we look.
        if let Ok(target) = fs::read_link(entry?.path()) {
            let inode = target
                .to_str()
                .and_then(|text| text.strip_prefix("socket:[")?.strip_suffix(']'));
            found.extend(inode.map(str::to_owned));
        }
    }
    Ok(found)
}
