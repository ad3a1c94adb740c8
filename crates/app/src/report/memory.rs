//! How much memory the process holds.

use std::fs;

/// Bytes of memory held now and at most so far; zero where the system does not tell.
#[derive(Clone, Copy, Debug, Default, PartialEq, Eq)]
pub struct Memory {
    /// Resident now.
    pub resident: u64,
    /// Resident at most so far.
    pub peak: u64,
}

impl Memory {
    /// Asks the system.
    #[must_use]
    pub fn now() -> Self {
        fs::read_to_string("/proc/self/status").map(|text| Self::parse(&text)).unwrap_or_default()
    }

    fn parse(status: &str) -> Self {
        let field = |name: &str| {
            let line = status.lines().find_map(|line| line.strip_prefix(name));
            let kib = line.and_then(|rest| rest.trim().strip_suffix("kB")?.trim().parse().ok());
            kib.unwrap_or(0_u64) * 1_024
        };
        Self { resident: field("VmRSS:"), peak: field("VmHWM:") }
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn the_two_figures_are_found_among_the_others() {
        let text = "Name:\tx\nVmPeak:\t 999 kB\nVmHWM:\t   20 kB\nVmRSS:\t   10 kB\n";
        assert_eq!(Memory::parse(text), Memory { resident: 10_240, peak: 20_480 });
    }

    #[test]
    fn this_process_holds_some() {
        let memory = Memory::now();
        assert!(memory.peak >= memory.resident && memory.resident > 0, "{memory:?}");
    }
}
