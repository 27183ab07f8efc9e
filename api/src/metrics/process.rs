//! What this process takes of the machine, as Linux tells it; elsewhere nothing is known.

use std::fs;

/// The kernel counts time in hundredths of a second for programs (`USER_HZ`), on every machine that we build for.
const TICKS_A_SECOND: f64 = 100.0;

#[derive(Clone, Copy, Debug, Default, PartialEq)]
pub struct Resources {
    pub cpu_seconds: Option<f64>,
    /// Bytes that are in memory now.
    pub resident: Option<u64>,
    /// Bytes that this process may have: of its container, else of the machine.
    pub memory_limit: Option<u64>,
    pub open_files: Option<u64>,
    pub open_files_limit: Option<u64>,
    pub threads: Option<u64>,
    /// Seconds since it was started.
    pub uptime: Option<f64>,
}

impl Resources {
    pub fn read() -> Self {
        let stat = fs::read_to_string("/proc/self/stat").ok();
        let field = |place| stat.as_deref().and_then(|stat| field(stat, place));
        let (user, system, began) = (field(14), field(15), field(22));
        let up = fs::read_to_string("/proc/uptime").ok();
        let up: Option<f64> = up.as_deref().and_then(|up| up.split_whitespace().next()?.parse().ok());
        let status = fs::read_to_string("/proc/self/status").ok();
        let kilobytes = |name| status.as_deref().and_then(|status| named(status, name)).map(|kb| kb * 1024);
        Self {
            cpu_seconds: user.zip(system).map(|(user, system)| (user + system) as f64 / TICKS_A_SECOND),
            resident: kilobytes("VmRSS:"),
            memory_limit: memory_limit(),
            open_files: fs::read_dir("/proc/self/fd").ok().map(|files| files.count() as u64),
            open_files_limit: fs::read_to_string("/proc/self/limits")
                .ok()
                .and_then(|limits| files_limit(&limits)),
            threads: field(20),
            uptime: up.zip(began).map(|(up, began)| (up - began as f64 / TICKS_A_SECOND).max(0.0)),
        }
    }
}

/// The field at this place, from 1 (proc(5)). The second one is a name in brackets and may hold anything.
fn field(stat: &str, place: usize) -> Option<u64> {
    let (_, behind_name) = stat.rsplit_once(')')?;
    behind_name.split_whitespace().nth(place.checked_sub(3)?)?.parse().ok()
}

/// The number behind a name, of files with a name and a number a line.
fn named(text: &str, name: &str) -> Option<u64> {
    let line = text.lines().find(|line| line.starts_with(name))?;
    line.split_whitespace().nth(1)?.parse().ok()
}

fn files_limit(limits: &str) -> Option<u64> {
    let line = limits.lines().find(|line| line.starts_with("Max open files"))?;
    line.split_whitespace().nth(3)?.parse().ok()
}

fn memory_limit() -> Option<u64> {
    let machine = fs::read_to_string("/proc/meminfo").ok().and_then(|info| named(&info, "MemTotal:"));
    let machine = machine.map(|kb| kb * 1024);
    let container = ["/sys/fs/cgroup/memory.max", "/sys/fs/cgroup/memory/memory.limit_in_bytes"];
    let container =
        container.iter().find_map(|path| fs::read_to_string(path).ok()?.trim().parse::<u64>().ok());
    match (container, machine) {
        (Some(container), Some(machine)) => Some(container.min(machine)),
        (container, machine) => container.or(machine),
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn a_name_with_brackets_and_spaces_moves_no_field() {
        let stat = "42 (a) b (c) S 1 42 42 0 -1 4194304 1 0 0 0 17 4 0 0 20 0 9 0 12345 1 2";
        assert_eq!((field(stat, 14), field(stat, 15)), (Some(17), Some(4)));
        assert_eq!((field(stat, 20), field(stat, 22)), (Some(9), Some(12345)));
        assert_eq!(field("nonsense", 14), None);
    }

    #[cfg(target_os = "linux")]
    #[test]
    fn this_process_takes_something_and_less_than_it_may() {
        let taken = Resources::read();
        assert!(taken.resident.unwrap() > 1_000_000 && taken.resident < taken.memory_limit, "{taken:?}");
        assert!(taken.open_files.unwrap() >= 3 && taken.open_files < taken.open_files_limit, "{taken:?}");
        assert!(
            taken.cpu_seconds.is_some() && taken.threads >= Some(1) && taken.uptime.is_some(),
            "{taken:?}"
        );
    }
}
