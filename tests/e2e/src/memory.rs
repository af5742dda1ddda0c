//! Searching the memory of processes.

use std::{
    fs::File,
    io::{BufRead, BufReader},
    os::unix::fs::FileExt,
};

use crate::Result;

/// How much is read at a time.
const CHUNK: usize = 1 << 20;

/// Returns which of the texts are in the memory of a process, now.
pub(crate) fn find_in(pid: u32, texts: &[&str]) -> Result<Vec<bool>> {
    let memory = File::open(format!("/proc/{pid}/mem"))?;
    let mut found = vec![false; texts.len()];
    // What ends in the next chunk is found there.
    let overlap = texts.iter().map(|text| text.len()).max().unwrap_or_default();
    let mut buffer = vec![0; CHUNK + overlap];
    let zeros = buffer.clone();
    for line in BufReader::new(File::open(format!("/proc/{pid}/maps"))?).lines() {
        let line = line?;
        let mut columns = line.split_ascii_whitespace();
        let (Some(range), Some(access)) = (columns.next(), columns.next()) else { continue };
        let Some((Ok(start), Ok(end))) =
            range.split_once('-').map(|(start, end)| (u64::from_str_radix(start, 16), u64::from_str_radix(end, 16)))
        else {
            continue;
        };
        // The program itself is not written.
        if !access.starts_with("rw") {
            continue;
        }
        let mut at = start;
        while at < end {
            let length = usize::try_from(end - at).unwrap_or(usize::MAX).min(buffer.len());
            // Some regions can't be read, and a region may be gone meanwhile.
            let Ok(read) = memory.read_at(&mut buffer[..length], at) else { break };
            at += CHUNK as u64;
            // A web process reserves far more than it uses.
            if buffer[..read] == zeros[..read] {
                continue;
            }
            for (text, found) in texts.iter().zip(&mut found) {
                *found |= memchr::memmem::find(&buffer[..read], text.as_bytes()).is_some();
            }
        }
    }
    Ok(found)
}
