//! How many instructions a cold Create takes, from the process's start to its answer: steadier than any time, so that
//! growth shows. It is a warning and no failure: what the growth buys may be worth it. The record is renewed by
//! `RECORD_INSTRUCTIONS=1 tests/run binary`.

use crate::stand_ins::{Stack, Testbed, bootstrap, say};
use serde_json::json;
use std::process::{Command, Stdio};
use std::{env, fs};

const RECORD: &str = "benches/instructions.txt";
const MOST_GROWTH: f64 = 0.05;

#[test]
fn a_create_takes_as_many_instructions_as_recorded_or_a_warning_is_given() {
    let program = match deployed_function() {
        Ok(program) => program,
        Err(why) => return say(&format!("instructions of a Create not counted: {why}")),
    };
    let counted = instructions_of_a_create(program);
    if env::var_os("RECORD_INSTRUCTIONS").is_some() {
        return fs::write(RECORD, record(counted)).unwrap();
    }
    match recorded() {
        None => say(&format!(
            "a Create takes {counted} instructions; {RECORD} has none for {}",
            env::consts::ARCH
        )),
        Some(recorded) => {
            let growth = counted as f64 / recorded as f64 - 1.0;
            let percent = growth * 100.0;
            let warning = if growth > MOST_GROWTH { "warning: " } else { "" };
            say(&format!(
                "{warning}a Create takes {counted} instructions, {percent:+.1} % on the {recorded} in {RECORD}"
            ));
        }
    }
}

/// The function as it is deployed. The one that cargo builds for tests is another program.
fn deployed_function() -> Result<&'static str, String> {
    if env::var_os("BOOTSTRAP").is_none() {
        return Err("this is not the function as it is deployed (`tests/run binary` has that)".into());
    }
    Command::new("valgrind")
        .arg("--version")
        .stdout(Stdio::null())
        .status()
        .map_err(|_| "valgrind is not installed".to_owned())?;
    Ok(bootstrap())
}

fn instructions_of_a_create(program: &str) -> u64 {
    let counts = env::temp_dir().join(format!("callgrind-{}", std::process::id()));
    let bed = Testbed::with(|function| {
        function
            .program("valgrind")
            .argument("--tool=callgrind")
            .argument(&format!("--callgrind-out-file={}", counts.display()))
            .argument(program)
    });
    let create = Stack::named("fleet").create(
        "Reboot",
        json!({"JobTemplateId": "reboot", "Description": "Reboot", "Document": "{}"}),
    );

    assert!(bed.send(create).succeeded());
    bed.lambda.terminate();

    let text = fs::read_to_string(&counts).unwrap();
    let _ = fs::remove_file(&counts);
    let total = text.lines().find_map(|line| line.strip_prefix("totals: "));
    total.unwrap().trim().parse().unwrap()
}

/// The count for this architecture.
fn recorded() -> Option<u64> {
    let text = fs::read_to_string(RECORD).unwrap();
    let mut lines = text.lines().filter_map(|line| line.split_once(' '));
    let (_, count) = lines.find(|(architecture, _)| *architecture == env::consts::ARCH)?;
    Some(count.parse().unwrap())
}

/// The record's text, with this architecture's count renewed.
fn record(counted: u64) -> String {
    let text = fs::read_to_string(RECORD).unwrap();
    let ours = format!("{} ", env::consts::ARCH);
    let others = text.lines().filter(|line| !line.starts_with(&ours));
    let mut lines: Vec<_> = others.map(str::to_owned).collect();
    lines.push(format!("{ours}{counted}"));
    lines.join("\n") + "\n"
}
