//! `cargo xtask bench`: what the core or, with `--apps`, a whole app costs, beside the limit of each measure, all from one run.

use std::{fs, path::Path};

use serde_json::{Value, json};

use crate::process::{built, execute, execute_and_capture, program, root};

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

/// Runs the benchmarks and prints the table, with the same as JSON in `target/bench.json`, or `target/bench-apps.json` for whole apps.
pub(crate) fn run(arguments: &[&str]) -> Result<(), String> {
    let known = ["--quick", "--apps"];
    if let Some(other) = arguments.iter().find(|argument| !known.contains(argument)) {
        return Err(format!("unknown argument {other}; there are --quick and --apps"));
    }
    let (quick, of_apps) = (arguments.contains(&"--quick"), arguments.contains(&"--apps"));
    let (report, name) = if of_apps { (apps(quick)?, "bench-apps.json") } else { (core(quick)?, "bench.json") };
    let path = root().join("target").join(name);
    fs::write(&path, format!("{report:#}\n"))
        .map_err(|error| format!("{} can't be written: {error}", path.display()))?;
    println!("\nThe same as JSON: target/{name}");
    Ok(())
}

/// Measures the core.
fn core(quick: bool) -> Result<Value, String> {
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
    let report = report(&root().join("target/criterion"), &counts)?;
    print!("{}", table(&report));
    Ok(report)
}

/// Measures whole apps, with and without the plugin, in windows on a display of their own.
fn apps(quick: bool) -> Result<Value, String> {
    execute(&mut program("npm", &["run", "build:all"]))?;
    execute(&mut program("cargo", &["build", "--locked", "--release", "--package", "clerk-bench-apps"]))?;
    execute(&mut program("cargo", &["build", "--locked", "--workspace", "--bin", "bench-apps"]))?;
    let mut measure = program(&built("bench-apps").to_string_lossy(), &["target/release"]);
    if quick {
        measure.arg("--quick");
    }
    let output = execute_and_capture(&mut measure)?;
    let report: Value = serde_json::from_str(&output).map_err(|error| format!("{output}: {error}"))?;
    print!("{}", apps_table(&report));
    Ok(report)
}

/// The table of whole apps.
fn apps_table(report: &Value) -> String {
    const MIB: f64 = 1024.0 * 1024.0;
    let number = |pointer: &str| report.pointer(pointer).and_then(Value::as_f64).unwrap_or(f64::NAN);
    let mut table = String::from(
        "\n| measure | this project | peer | difference or ratio | to reach |\n| --- | --- | --- | --- | --- |\n",
    );
    let mut row = |measure: &str, own: String, peer: String, result: String, to_reach: &str| {
        table.push_str(&format!("| {measure} | {own} | {peer} | {result} | {to_reach} |\n"));
    };
    let ms = |pointer: &str| format!("{:.0} ms", number(pointer));
    row(
        "start until the user is painted, no response",
        ms("/silent/clerk"),
        format!("without the plugin: {}", ms("/silent/static")),
        format!("{:+.0} ms, paired", number("/silent/paired")),
        "+20 ms",
    );
    let above = |page: &str| number(&format!("/late/{page}")) - number("/late/static");
    row(
        "the same above a static page, each response 150 ms late",
        format!("{:.0} ms", above("clerk")),
        format!("clerk-js: {:.0} ms", above("clerk-js")),
        format!("{:.2} ×", above("clerk") / above("clerk-js")),
        "0.1 ×",
    );
    for (at_once, to_reach) in [(1, "1.15 ×"), (16, "1.15 ×")] {
        let time = |what: &str| number(&format!("/ipc/ipc-{at_once}/{what}"));
        row(
            &format!("cached `getToken()` over IPC, {at_once} at once"),
            format!("{:.2} ms", time("token")),
            format!("a constant: {:.2} ms", time("constant")),
            format!("{:.2} ×", time("token") / time("constant")),
            to_reach,
        );
    }
    for change in report["changes"].as_array().into_iter().flatten() {
        let time = |what: &str| change[what].as_f64().unwrap_or(f64::NAN);
        row(
            &format!("one change to {} windows", change["windows"]),
            format!("{:.1} ms", time("change")),
            format!("an event: {:.1} ms", time("event")),
            format!("{:.1} ×", time("change") / time("event")),
            "1.5 ×",
        );
    }
    for (measure, pointer, unit, name, to_reach) in [
        ("memory when idle (PSS of the app's process)", "memory", MIB, "MiB", "+8 MiB"),
        ("release binary, stripped", "binary", 1e6, "MB", "+9 MB"),
    ] {
        let size = |app: &str| number(&format!("/{pointer}/{app}")) / unit;
        row(
            measure,
            format!("{:.1} {name}", size("clerk")),
            format!("without the plugin: {:.1} {name}", size("bare")),
            format!("{:+.1} {name}", size("clerk") - size("bare")),
            to_reach,
        );
    }
    table
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
    fn apps_table_has_what_the_plugin_adds() {
        let report = json!({
            "memory": { "bare": 80.0 * 1024.0 * 1024.0, "clerk": 90.0 * 1024.0 * 1024.0 },
            "binary": { "bare": 8_000_000, "clerk": 20_500_000 },
            "silent": { "static": 300.0, "clerk": 310.0, "paired": 12.0 },
            "late": { "static": 300.0, "clerk": 340.0, "clerk-js": 700.0, "paired": 40.0 },
            "ipc": { "ipc-1": { "token": 1.1, "constant": 1.0 }, "ipc-16": { "token": 0.6, "constant": 0.4 } },
            "changes": [{ "windows": 10, "change": 30.0, "event": 12.0 }],
        });
        let table = apps_table(&report);
        for row in [
            "| 310 ms | without the plugin: 300 ms | +12 ms, paired |",
            "| 40 ms | clerk-js: 400 ms | 0.10 × |",
            "16 at once | 0.60 ms | a constant: 0.40 ms | 1.50 × |",
            "| one change to 10 windows | 30.0 ms | an event: 12.0 ms | 2.5 × | 1.5 × |",
            "| 90.0 MiB | without the plugin: 80.0 MiB | +10.0 MiB |",
            "| 20.5 MB | without the plugin: 8.0 MB | +12.5 MB |",
        ] {
            assert!(table.contains(row), "{row} is not in {table}");
        }
    }

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
