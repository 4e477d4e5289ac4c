//! How long a cold function takes for a Create, and what it needs for that, beside its peers: `benches/run` builds them
//! all and runs this.
//!
//! Lambda, IoT and the response bucket are those of the tests, the latter two over TLS. A run starts a process for one
//! event; runs of all programs take turns, in an order of chance, so that what else the machine does meets all of them
//! alike.

#![allow(
    clippy::expect_used,
    clippy::indexing_slicing,
    clippy::panic,
    clippy::string_slice,
    clippy::unwrap_used
)]

// Each bench takes what it needs of them; what nothing needs shows in the tests.
#[allow(dead_code, unused_imports)]
#[path = "../../tests/binary/stand_ins/mod.rs"]
mod stand_ins;

mod chart;
mod quota;
mod report;

use quota::Quota;
use report::{Row, Spread};
use serde_json::json;
use stand_ins::{FakeLambda, Function, Stack, Testbed};
use std::path::{Path, PathBuf};
use std::process::{Command, ExitCode};
use std::time::{Duration, Instant};
use std::{env, fs, mem};

const USAGE: &str = "usage: cold [--runs N] [--results DIRECTORY] OURS [PEERS]\n\
    OURS is our bootstrap, PEERS the directory where benches/run built the others";

/// Far more than the slowest needs.
const DEADLINE: Duration = Duration::from_secs(60);

fn main() -> ExitCode {
    match Arguments::read(env::args().skip(1)) {
        Some(arguments) => {
            measure(&arguments);
            ExitCode::SUCCESS
        }
        None => {
            eprintln!("{USAGE}");
            ExitCode::from(2)
        }
    }
}

struct Arguments {
    runs: usize,
    /// Where to leave results.md and results.svg.
    results: Option<PathBuf>,
    ours: PathBuf,
    peers: Option<PathBuf>,
}

impl Arguments {
    fn read(given: impl Iterator<Item = String>) -> Option<Arguments> {
        let (mut runs, mut results, mut programs) = (5, None, Vec::new());
        let mut given = given;
        while let Some(argument) = given.next() {
            match argument.as_str() {
                // cargo gives this to every bench.
                "--bench" => {}
                "--runs" => runs = given.next()?.parse().ok().filter(|&runs| runs > 0)?,
                "--results" => results = Some(given.next()?.into()),
                _ if argument.starts_with('-') => return None,
                _ => programs.push(PathBuf::from(argument)),
            }
        }
        let mut programs = programs.into_iter();
        Some(Arguments {
            runs,
            results,
            ours: programs.next()?,
            peers: programs.next(),
        })
    }
}

/// A program that can be Custom::IoTJobTemplate's function, as far as a Create goes.
struct Program {
    name: &'static str,
    command: Vec<PathBuf>,
    /// Where it is one file.
    zip: Option<usize>,
}

impl Program {
    fn compiled(name: &'static str, file: PathBuf) -> Program {
        Program {
            name,
            zip: Some(zipped(&file)),
            command: vec![file],
        }
    }
}

fn programs(arguments: &Arguments) -> Vec<Program> {
    let mut programs = vec![Program::compiled(report::OURS, arguments.ours.clone())];
    if let Some(peers) = &arguments.peers {
        let peer = |path: &str| peers.join(path);
        programs.push(Program::compiled(report::FLOOR, peer("floor/release/bootstrap")));
        programs.push(Program::compiled(
            report::DEFAULTS,
            peer("sdk-defaults/release/bootstrap"),
        ));
        programs.push(Program {
            name: report::NODE,
            command: vec![which("node"), peer("node/bootstrap.mjs")],
            zip: None,
        });
        programs.push(Program {
            name: report::PYTHON,
            command: vec![peer("python/venv/bin/python"), peer("python/bootstrap.py")],
            zip: None,
        });
    }
    programs
}

fn measure(arguments: &Arguments) {
    let bed = Testbed::new();
    let quota = Quota::new();
    if let Err(why) = &quota {
        eprintln!("no column for 128 MB: {why}");
    }
    let programs = programs(arguments);
    let mut samples: Vec<Samples> = programs.iter().map(|_| Samples::default()).collect();
    let mut turns: Vec<usize> = (0..programs.len()).collect();
    // One more than asked for: the first brings the programs into the page cache and is not counted.
    for run in 0..=arguments.runs {
        // In another order each time: whoever comes after Python finds the processor's caches full of Python.
        fastrand::shuffle(&mut turns);
        for &turn in &turns {
            let (program, samples) = (&programs[turn], &mut samples[turn]);
            let at_full_speed = at_full_speed(&bed, program);
            let under_quota = quota.as_ref().ok().map(|quota| under(&bed, quota, program));
            if run > 0 {
                samples.spawn_to_answer.push(at_full_speed.spawn_to_answer);
                samples.cpu.push(at_full_speed.cpu);
                samples.peak.push(at_full_speed.peak);
                samples.event_to_answer.extend(under_quota);
            }
        }
        eprint!("\rrun {run} of {}", arguments.runs);
    }
    eprintln!();
    let rows: Vec<Row> = programs
        .iter()
        .zip(samples)
        .map(|(program, samples)| Row {
            name: program.name,
            spawn_to_answer: Spread::of(samples.spawn_to_answer),
            cpu: Spread::of(samples.cpu),
            peak: Spread::of(samples.peak),
            zip: program.zip.map(|bytes| bytes as f64 / 1e6),
            event_to_answer: (!samples.event_to_answer.is_empty()).then(|| Spread::of(samples.event_to_answer)),
        })
        .collect();
    let report = report::markdown(&rows, arguments.runs);
    println!("{report}");
    if let Some(results) = &arguments.results {
        fs::write(results.join("results.md"), report).unwrap();
        fs::write(results.join("results.svg"), chart::svg(&rows)).unwrap();
    }
}

/// In milliseconds and MiB.
#[derive(Default)]
struct Samples {
    spawn_to_answer: Vec<f64>,
    cpu: Vec<f64>,
    peak: Vec<f64>,
    event_to_answer: Vec<f64>,
}

struct FullSpeed {
    spawn_to_answer: f64,
    cpu: f64,
    peak: f64,
}

/// From the process's start, which meets an event that is there already.
fn at_full_speed(bed: &Testbed, program: &Program) -> FullSpeed {
    let cpu_before = cpu_of_ended_processes();
    let lambda = FakeLambda::new(function(bed, &program.command));
    let started = Instant::now();
    let spawn_to_answer = create(bed, &lambda, program.name).answered - started;
    let peak = lambda.memory().peak;
    drop(lambda);
    FullSpeed {
        spawn_to_answer: in_ms(spawn_to_answer),
        cpu: in_ms(cpu_of_ended_processes() - cpu_before),
        peak: peak as f64 / 1024.0,
    }
}

/// From the event to the answer, with the quota on from the moment that the process asks for the event.
fn under(bed: &Testbed, quota: &Quota, program: &Program) -> f64 {
    let mut command = vec!["/bin/sh".into(), "-c".into(), quota.entering().into()];
    command.extend(program.command.clone());
    let lambda = FakeLambda::new(function(bed, &command));
    lambda.init();
    quota.impose().unwrap();
    let create = create(bed, &lambda, program.name);
    quota.lift().unwrap();
    in_ms(create.answered - create.taken)
}

fn function(bed: &Testbed, command: &[PathBuf]) -> Function {
    let bundle = bed.authority.bundle().to_str().unwrap();
    let program = bed.function().program(&command[0]);
    command[1..]
        .iter()
        .fold(program, |function, argument| {
            function.argument(argument.to_str().unwrap())
        })
        // The peers' names for the same.
        .env("SSL_CERT_FILE", bundle)
        .env("NODE_EXTRA_CA_CERTS", bundle)
}

fn create(bed: &Testbed, lambda: &FakeLambda, name: &str) -> Create {
    let properties = json!({
        "JobTemplateId": "reboot",
        "Description": "Reboots a device",
        "Document": r#"{"operation":"reboot","afterSeconds":30}"#,
        "TimeoutConfig": {"InProgressTimeoutInMinutes": 60},
        "Tags": [{"Key": "team", "Value": "fleet"}],
    });
    let event = Stack::named("fleet")
        .create("Reboot", properties)
        .answered_at(&bed.bucket);
    let invocation = lambda.invoke(&event, DEADLINE);
    assert!(
        invocation.responded() && bed.bucket.only_answer(&event).succeeded(),
        "{name}: {invocation:#?}"
    );
    let template = bed.iot.by_hand(mem::take);
    assert_eq!(
        template["reboot"].content["timeoutConfig"]["inProgressTimeoutInMinutes"], 60,
        "{name}"
    );
    assert_eq!(template["reboot"].tags["team"], "fleet", "{name}");
    let calls = bed.bucket.calls();
    bed.bucket.forget_calls();
    bed.iot.forget_calls();
    Create {
        taken: invocation.taken.unwrap(),
        answered: calls.last().unwrap().at,
    }
}

struct Create {
    taken: Instant,
    answered: Instant,
}

fn in_ms(duration: Duration) -> f64 {
    duration.as_secs_f64() * 1000.0
}

/// User and system time of all processes that were started here and have ended.
fn cpu_of_ended_processes() -> Duration {
    // SAFETY: rusage is plain data for the call to fill in.
    let usage = unsafe {
        let mut usage: libc::rusage = mem::zeroed();
        libc::getrusage(libc::RUSAGE_CHILDREN, &mut usage);
        usage
    };
    [usage.ru_utime, usage.ru_stime]
        .map(|time| Duration::new(time.tv_sec as u64, time.tv_usec as u32 * 1000))
        .iter()
        .sum()
}

/// The size of the zip that is made of a function, in bytes.
fn zipped(file: &Path) -> usize {
    let zip = env::temp_dir().join(format!("{}.zip", std::process::id()));
    let script = "import sys, pathlib, toolchain; toolchain.zipped(*map(pathlib.Path, sys.argv[1:]))";
    let status = Command::new("python3")
        .env("PYTHONPATH", "tools")
        .args(["-c", script])
        .args([file, &zip])
        .status()
        .unwrap();
    assert!(status.success(), "{} is not zipped", file.display());
    let size = fs::read(&zip).unwrap().len();
    fs::remove_file(zip).unwrap();
    size
}

fn which(program: &str) -> PathBuf {
    let path = env::var_os("PATH").unwrap_or_default();
    env::split_paths(&path)
        .map(|directory| directory.join(program))
        .find(|file| file.is_file())
        .unwrap_or_else(|| panic!("{program} is not installed"))
}
