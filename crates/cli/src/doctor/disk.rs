//! Room on the disks.

use std::path::Path;

use helder_platform::disk::{Room, room};

use super::{Finding, patient::Patient};

/// Less than this is as good as full.
const FULL: u64 = 64 << 20;
/// Less than this, and less than a tenth, and somebody should look.
const LOW: u64 = 5 << 30;

pub(super) fn look(patient: &Patient) -> Vec<Finding> {
    let folders = patient.folders.iter();
    folders
        .map(|folder| {
            let there = folder.ancestors().find(|path| path.exists());
            match room(there.unwrap_or(Path::new("."))) {
                Ok(room) => judge(folder, room),
                Err(error) => Finding::bad("disk", folder.display().to_string(), error.to_string()),
            }
        })
        .collect()
}

fn judge(folder: &Path, room: Room) -> Finding {
    let of = folder.display().to_string();
    let mib = room.available_bytes >> 20;
    let seen = format!("{mib} MiB free of {}", room.total_bytes >> 20);
    let advice =
        "make room, or move the folder to a larger disk; uploads are refused when it is full";
    if room.available_bytes < FULL {
        Finding::bad("disk", of, seen).advice(advice)
    } else if room.available_bytes < LOW && room.available_bytes < room.total_bytes / 10 {
        Finding::attention("disk", of, seen).advice(advice)
    } else {
        Finding::good("disk", of, seen)
    }
}

#[cfg(test)]
mod tests {
    use super::{super::State, *};

    #[test]
    fn a_disk_is_full_before_the_last_byte() {
        for (available, total, state) in [
            (63 << 20, 1 << 40, State::Bad),
            (4 << 30, 1 << 40, State::Attention),
            (4 << 30, 8 << 30, State::Good),
            (6 << 30, 1 << 40, State::Good),
        ] {
            let room = Room {
                available_bytes: available,
                total_bytes: total,
            };
            let found = judge(Path::new("/data"), room);
            assert_eq!(found.state, state, "{found:?}");
        }
    }
}
