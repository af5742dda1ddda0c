//! `cargo xtask bench`: what the core costs, beside the limit of each measure, all from one run.

use std::{fs, path::Path};

use serde_json::{Value, json};

use crate::process::{execute, execute_and_capture, program, root};

/// A row: what is measured, its limit, and the ratio to reach. Names are those of `crates/clerk-core/benches/core.rs`.
struct Row {
    measure: &'static str,
    limit: &'static str,
    to_reach: f64,
}

const fn row(measure: &'static str, limit: &'static str, to_reach: f64) -> Row {
    Row { measure, limit, to_reach }
}

const ROWS: &[Row] = &[
    row("tokens/get_token/1", "tokens/limit", 5.0),
    row("tokens/get_token/10000", "tokens/limit", 5.0),
    row("tokens/session_token/1", "tokens/limit", 5.0),
    row("tokens/session_token/10000", "tokens/limit", 5.0),
    row("reading/user/10000", "reading/user/1", 1.5),
    row("reading/session/10000", "reading/session/1", 1.5),
    row("reading/snapshot/10000", "reading/snapshot/1", 1.5),
    row("applying/response/1", "applying/limit/1", 2.0),
    row("applying/response/100", "applying/limit/100", 2.0),
    row("applying/response/1000", "applying/limit/1000", 2.0),
    row("applying/response/10000", "applying/limit/10000", 2.0),
    row("loading/load/1", "loading/limit/1", 1.5),
    row("loading/load/100", "loading/limit/100", 2.0),
    row("loading/load/1000", "loading/limit/1000", 5.0),
];

/// Runs the benchmarks and prints the table, with the same as JSON in `target/bench.json`.
pub(crate) fn run(arguments: &[&str]) -> Result<(), String> {
    let quick = match arguments {
        [] => false,
        ["--quick"] => true,
        other => return Err(format!("unknown arguments: {}; there is --quick", other.join(" "))),
    };
    let of_core = ["bench", "--locked", "--package", "clerk-core", "--bench"];
    let mut speed = program("cargo", &of_core);
    speed.args(["core", "--"]);
    if quick {
        speed.arg("--quick");
    }
    execute(&mut speed)?;
    let output = execute_and_capture(program("cargo", &of_core).arg("memory"))?;
    let counts = output.lines().find_map(|line| serde_json::from_str::<Value>(line).ok());
    let counts = counts.ok_or("the memory benchmark printed no counts")?;
    let target = root().join("target");
    let report = report(&target.join("criterion"), &counts)?;
    print!("{}", table(&report));
    let path = target.join("bench.json");
    fs::write(&path, format!("{report:#}\n"))
        .map_err(|error| format!("{} can't be written: {error}", path.display()))?;
    println!("\nThe same as JSON: target/bench.json");
    Ok(())
}

/// The median of a benchmark, in nanoseconds.
fn median(folder: &Path, name: &str) -> Result<f64, String> {
    let path = folder.join(name).join("new/estimates.json");
    let text = fs::read_to_string(&path).map_err(|error| format!("there is no result of {name}: {error}"))?;
    let json: Value = serde_json::from_str(&text).map_err(|error| format!("{}: {error}", path.display()))?;
    json["median"]["point_estimate"].as_f64().ok_or_else(|| format!("{} has no median", path.display()))
}

fn report(criterion: &Path, counts: &Value) -> Result<Value, String> {
    let mut rows = Vec::new();
    for Row { measure, limit, to_reach } in ROWS {
        let (measured, limit_ns) = (median(criterion, measure)?, median(criterion, limit)?);
        rows.push(json!({
            "measure": measure, "ns": measured, "limit": limit, "limit_ns": limit_ns,
            "ratio": measured / limit_ns, "to_reach": to_reach,
        }));
    }
    Ok(json!({ "rows": rows, "counts": counts }))
}

fn time(nanoseconds: f64) -> String {
    match nanoseconds {
        ns if ns < 1e3 => format!("{ns:.0} ns"),
        ns if ns < 1e6 => format!("{:.1} µs", ns / 1e3),
        ns => format!("{:.2} ms", ns / 1e6),
    }
}

fn table(report: &Value) -> String {
    let mut table =
        String::from("\n| measure | this project | limit | ratio | to reach |\n| --- | --- | --- | --- | --- |\n");
    for row in report["rows"].as_array().into_iter().flatten() {
        let number = |name: &str| row[name].as_f64().unwrap_or_default();
        table.push_str(&format!(
            "| {} | {} | {}: {} | {:.1} × | {} × |\n",
            row["measure"].as_str().unwrap_or_default(),
            time(number("ns")),
            row["limit"].as_str().unwrap_or_default(),
            time(number("limit_ns")),
            number("ratio"),
            number("to_reach"),
        ));
    }
    let count = |name: &str| report["counts"][name].as_f64().unwrap_or_default();
    let (held, json) = (count("bytes_per_membership"), count("json_bytes_per_membership"));
    table.push_str(&format!(
        "| memory of a membership | {held:.0} B | its JSON: {json:.0} B | {:.1} × | 3 × |\n",
        held / json
    ));
    for (what, name) in [
        ("revisions of 31 equal responses", "revisions_of_31_equal_responses"),
        ("allocations of session_token() and user()", "allocations_of_session_token_and_user"),
    ] {
        table.push_str(&format!("| {what} | {} | | | 0 |\n", count(name)));
    }
    table
}

#[cfg(test)]
mod tests {
    #![allow(clippy::unwrap_used, reason = "these are tests")]

    use super::*;

    #[test]
    fn report_has_the_ratio_of_each_measure_to_its_limit() {
        let folder = tempfile::tempdir().unwrap();
        for Row { measure, limit, .. } in ROWS {
            for (name, ns) in [(measure, 3_000.0), (limit, 1_000.0)] {
                // A limit may be another measure.
                if ROWS.iter().any(|row| row.measure == *name) && name == limit {
                    continue;
                }
                let path = folder.path().join(name).join("new");
                fs::create_dir_all(&path).unwrap();
                let estimates = json!({ "median": { "point_estimate": ns } });
                fs::write(path.join("estimates.json"), estimates.to_string()).unwrap();
            }
        }
        let counts = json!({ "bytes_per_membership": 1_600, "json_bytes_per_membership": 800 });
        let table = table(&report(folder.path(), &counts).unwrap());
        assert!(
            table.contains("| applying/response/1000 | 3.0 µs | applying/limit/1000: 1.0 µs | 3.0 × | 2 × |"),
            "{table}"
        );
        assert!(table.contains("| memory of a membership | 1600 B | its JSON: 800 B | 2.0 × | 3 × |"), "{table}");
        assert!(report(&folder.path().join("nothing"), &counts).unwrap_err().contains("there is no result of"));
    }
}
