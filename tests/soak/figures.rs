//! What is measured, and the rule for growth.

use std::{fs, path::Path};

use crate::ALLOCATOR;

/// The names of what is measured, and how much of it may come and go: a figure grows if its median in the last third of the
/// measurements exceeds the one in the first third by more than this. Noise hardly moves a median, and what leaks with every use
/// of something adds up.
pub(crate) const FIGURES: [(&str, u64); 10] = [
    // A session that can't be ended on the server, because FAPI refuses all tokens of its client, takes a few.
    ("allocated blocks", 100),
    ("allocated KiB", 40),
    // Mostly what the allocator of the system keeps for later: the more, the more was once in use at the same moment.
    ("resident KiB", 8_192),
    // One for such sessions.
    ("tasks", 4),
    ("file handles", 2),
    ("files", 0),
    ("stored KiB", 8),
    ("stored secrets", 0),
    ("running calls and pending flows", 0),
    ("closed apps in memory", 0),
];

/// One measurement, in the order of [`FIGURES`].
pub(crate) type Figures = [u64; FIGURES.len()];

/// What the process does not know of itself.
pub(crate) struct Known {
    pub(crate) secrets: usize,
    pub(crate) pending: usize,
    pub(crate) closed_apps: usize,
}

/// Measures this process.
pub(crate) fn measure(storage: &Path, known: &Known) -> Figures {
    // First, before anything here allocates.
    let stats = ALLOCATOR.stats();
    let blocks = stats.allocations - stats.deallocations;
    let bytes = stats.bytes_allocated - stats.bytes_deallocated;
    let tasks = tokio::runtime::Handle::current().metrics().num_alive_tasks();
    // Reading the folder needs one itself.
    let handles = fs::read_dir("/proc/self/fd").unwrap().count() - 1;
    let (files, stored) = stored(storage);
    let figures = [blocks, bytes / 1024, resident_kib(), tasks, handles, files, stored / 1024];
    let known = [known.secrets, known.pending, known.closed_apps];
    let mut all = figures.into_iter().chain(known).map(|figure| u64::try_from(figure).unwrap());
    std::array::from_fn(|_| all.next().unwrap())
}

/// Without the pages of files, which are read as parts of the program are used for the first time.
fn resident_kib() -> usize {
    let status = fs::read_to_string("/proc/self/status").unwrap();
    let line = status.lines().find(|line| line.starts_with("RssAnon:")).unwrap();
    line.split_whitespace().nth(1).unwrap().parse().unwrap()
}

/// Returns the number and the size of the files in a folder.
fn stored(folder: &Path) -> (usize, usize) {
    let mut sum = (0, 0);
    for entry in fs::read_dir(folder).unwrap().flatten() {
        let (files, bytes) = match entry.metadata().unwrap().is_dir() {
            true => stored(&entry.path()),
            false => (1, size(&entry.path())),
        };
        sum = (sum.0 + files, sum.1 + bytes);
    }
    sum
}

/// Returns the size of a file. From a change of the key to the next write, a sealed file has its content twice, which counts once.
fn size(file: &Path) -> usize {
    let content = fs::read(file).unwrap();
    if content.starts_with(b"clerk-states-") { content.len() / 2 } else { content.len() }
}

/// Returns the names of the figures that grow.
pub(crate) fn growing(measurements: &[Figures]) -> Vec<&'static str> {
    let third = measurements.len() / 3;
    let (first, last) = (&measurements[..third], &measurements[measurements.len() - third..]);
    let median = |of: &[Figures], place: usize| {
        let mut values: Vec<u64> = of.iter().map(|figures| figures[place]).collect();
        values.sort_unstable();
        values[values.len() / 2]
    };
    let grows = |place: usize| median(last, place) > median(first, place) + FIGURES[place].1;
    FIGURES.iter().enumerate().filter(|(place, _)| grows(*place)).map(|(_, (name, _))| *name).collect()
}

#[test]
fn growing_tells_a_leak_from_noise() {
    let series = |value: &dyn Fn(u64) -> u64| {
        (0..15)
            .map(|number| std::array::from_fn(|place| if place == 5 { value(number) } else { 7 }))
            .collect::<Vec<_>>()
    };
    assert_eq!(growing(&series(&|number| 10 + number)), ["files"], "one more each time");
    assert_eq!(growing(&series(&|number| 10 + number / 8)), ["files"], "one more once");
    for noise in [|number: u64| number * 7 % 5, |number| 15 - number, |_| 3, |number| u64::from(number == 14) * 100] {
        assert_eq!(growing(&series(&noise)), [""; 0]);
    }
}
