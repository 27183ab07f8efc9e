//! What Linux tells of a process: memory and processor time (`proc_pid_status(5)`, `proc_pid_stat(5)`).

use std::fs;
use std::path::Path;
use std::time::Duration;

/// Linux counts processor time in hundredths of a second towards user space, whatever the kernel's own tick is.
const TICK: Duration = Duration::from_millis(10);

/// Memory in use by the process itself, in bytes.
pub fn resident(pid: u32) -> Option<u64> {
    let status = fs::read_to_string(format!("/proc/{pid}/status")).ok()?;
    let line = status.lines().find_map(|line| line.strip_prefix("VmRSS:"))?;
    line.trim().strip_suffix("kB")?.trim().parse::<u64>().ok().map(|kibibytes| kibibytes * 1024)
}

/// What a process has used of the processors.
pub fn processor_time(pid: u32) -> Option<Duration> {
    let stat = Stat::read(Path::new(&format!("/proc/{pid}/stat")))?;
    Some(TICK * u32::try_from(stat.ticks).ok()?)
}

/// The same of all children of a process that live now.
pub fn processor_time_of_children(parent: u32) -> Duration {
    let ticks: u64 = processes().filter(|stat| stat.parent == parent).map(|stat| stat.ticks).sum();
    TICK * u32::try_from(ticks).unwrap_or(u32::MAX)
}

/// The process that started this one.
pub fn parent(pid: u32) -> Option<u32> {
    Stat::read(Path::new(&format!("/proc/{pid}/stat"))).map(|stat| stat.parent)
}

fn processes() -> impl Iterator<Item = Stat> {
    let folders = fs::read_dir("/proc").into_iter().flatten().flatten();
    folders.filter_map(|folder| Stat::read(&folder.path().join("stat")))
}

struct Stat {
    parent: u32,
    /// User and kernel.
    ticks: u64,
}

impl Stat {
    fn read(path: &Path) -> Option<Self> {
        Self::parse(&fs::read_to_string(path).ok()?)
    }

    /// The name in parentheses may hold anything, so fields are counted from its end: state is the third.
    fn parse(stat: &str) -> Option<Self> {
        let fields: Vec<_> = stat.rsplit_once(')')?.1.split_whitespace().collect();
        let number = |field: usize| fields.get(field - 3)?.parse::<u64>().ok();
        Some(Self { parent: u32::try_from(number(4)?).ok()?, ticks: number(14)? + number(15)? })
    }
}

/// How many processors there are, and how busy the machine is by its own account.
pub fn description() -> String {
    let cores = std::thread::available_parallelism().map_or(1, std::num::NonZero::get);
    let load = fs::read_to_string("/proc/loadavg").unwrap_or_default();
    let load = load.split_whitespace().next().unwrap_or("?").to_owned();
    format!(
        "{cores} cores, shared by the server, its database and the load; load average {load} at the start"
    )
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn this_process_uses_memory_and_was_started_by_another() {
        let me = std::process::id();
        assert!(resident(me).unwrap() > 100_000);
        assert!(processor_time(me).is_some());
        assert_ne!(parent(me), Some(me));
    }

    #[test]
    fn a_name_with_spaces_and_parentheses_does_not_shift_the_fields() {
        let line = "7 (a b) c) S 3 7 7 0 -1 4194304 100 0 0 0 12 30 0 0 20 0 1 0 5 0 0";
        let stat = Stat::parse(line).unwrap();
        assert_eq!((stat.parent, stat.ticks), (3, 42));
    }
}
