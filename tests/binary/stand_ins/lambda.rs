//! AWS Lambda: an execution environment around the function's process.

use std::{
    collections::BTreeMap,
    fs::{self, File},
    os::unix::{fs::FileExt, process::ExitStatusExt},
    path::PathBuf,
    process::{Command, ExitStatus, Stdio},
    sync::{
        Arc, Condvar, Mutex, MutexGuard,
        atomic::{AtomicUsize, Ordering},
    },
    time::{Duration, Instant, SystemTime},
};

use serde_json::Value;

use super::{
    ACCESS_KEY_ID, ACCOUNT, REGION, SECRET_ACCESS_KEY, SESSION_TOKEN, assert_discreet,
    fault::Action,
    http::{Request, Response},
    iot::FakeIot,
    process::{Memory, Process},
    server::{Handler, Operation, Server},
    tls::Authority,
};

/// Lambda gives the init phase ten seconds.
const INIT_LIMIT: Duration = Duration::from_secs(10);

/// The function's configuration: its program and the environment that Lambda gives it.
#[derive(Clone)]
pub struct Function {
    program: PathBuf,
    arguments: Vec<String>,
    environment: BTreeMap<String, String>,
}

impl Function {
    pub fn new(program: impl Into<PathBuf>) -> Self {
        let environment = [
            ("AWS_ACCESS_KEY_ID", ACCESS_KEY_ID),
            ("AWS_SECRET_ACCESS_KEY", SECRET_ACCESS_KEY),
            ("AWS_SESSION_TOKEN", SESSION_TOKEN),
            ("AWS_REGION", REGION),
            ("AWS_DEFAULT_REGION", REGION),
            ("AWS_EXECUTION_ENV", "AWS_Lambda_provided.al2023"),
            ("AWS_LAMBDA_FUNCTION_NAME", "iot-job-template"),
            ("AWS_LAMBDA_FUNCTION_MEMORY_SIZE", "128"),
            ("AWS_LAMBDA_FUNCTION_VERSION", "$LATEST"),
            ("AWS_LAMBDA_INITIALIZATION_TYPE", "on-demand"),
            ("AWS_LAMBDA_LOG_GROUP_NAME", "/aws/lambda/iot-job-template"),
            ("AWS_LAMBDA_LOG_STREAM_NAME", "2026/10/05/[$LATEST]0123456789abcdef"),
            ("LAMBDA_TASK_ROOT", "/var/task"),
            ("LAMBDA_RUNTIME_DIR", "/var/runtime"),
            ("LANG", "en_US.UTF-8"),
            ("PATH", "/usr/local/bin:/usr/bin/:/bin:/opt/bin"),
            ("TZ", ":UTC"),
            ("_HANDLER", "bootstrap"),
        ];
        let environment = environment.map(|(name, value)| (name.to_owned(), value.to_owned()));
        Self {
            program: program.into(),
            arguments: Vec::new(),
            environment: environment.into(),
        }
    }

    /// This program instead.
    pub fn program(mut self, program: impl Into<PathBuf>) -> Self {
        self.program = program.into();
        self
    }

    /// Sends the calls to IoT there.
    pub fn calling(self, iot: &FakeIot) -> Self {
        self.env("AWS_ENDPOINT_URL_IOT", &iot.url())
    }

    /// Trusts this authority instead of the public ones.
    pub fn trusting(self, authority: &Authority) -> Self {
        let bundle = authority.bundle().to_str().unwrap();
        self.env("AWS_CA_BUNDLE", bundle)
    }

    pub fn env(mut self, name: &str, value: &str) -> Self {
        self.environment.insert(name.to_owned(), value.to_owned());
        self
    }

    pub fn without_env(mut self, name: &str) -> Self {
        self.environment.remove(name);
        self
    }

    pub fn argument(mut self, argument: &str) -> Self {
        self.arguments.push(argument.to_owned());
        self
    }
}

/// One execution environment: it runs one process at a time and hands it one event at a time. The
/// process starts with the first event, and anew for the next event after it has ended.
pub struct FakeLambda {
    function: Function,
    running: Arc<Mutex<Option<Arc<Environment>>>>,
    log: Mutex<Vec<String>>,
}

/// What came of one event.
#[derive(Debug)]
pub struct Invocation {
    /// Lambda's id of the invocation.
    pub request_id: String,
    pub outcome: Outcome,
    /// What the process wrote to stdout and stderr from the event before to the end of this one.
    pub log: Vec<String>,
    /// When the process took the event; `None` if it never asked for one.
    pub taken: Option<Instant>,
}

#[derive(Clone, Debug, PartialEq)]
pub enum Outcome {
    /// The function returned this.
    Responded(Value),
    /// The function failed; Lambda delivers the event again.
    Errored { kind: String, message: String },
    /// The process ended before it answered.
    Exited { code: i32 },
    /// A signal ended the process before it answered.
    Killed { signal: i32 },
    /// The deadline passed without an answer, so Lambda killed the process.
    TimedOut,
}

impl Invocation {
    pub fn responded(&self) -> bool {
        matches!(self.outcome, Outcome::Responded(_))
    }

    /// The log lines that are JSON objects.
    pub fn json_log(&self) -> Vec<Value> {
        let lines = self.log.iter().filter_map(|line| serde_json::from_str(line).ok());
        lines.filter(Value::is_object).collect()
    }
}

impl FakeLambda {
    pub fn new(function: Function) -> Self {
        Self {
            function,
            running: Arc::default(),
            log: Mutex::default(),
        }
    }

    /// Hands the event to the function and waits until it has answered and asks for the next one,
    /// the process has ended, or so long has passed since it took the event. Panics if a secret is
    /// in the log.
    pub fn invoke(&self, event: impl Into<Vec<u8>>, deadline: Duration) -> Invocation {
        self.attempt(&new_request_id(), event.into(), deadline)
    }

    /// Invokes the function as CloudFormation does, asynchronously: an event that fails is
    /// delivered up to two more times. What came of each delivery.
    pub fn deliver(&self, event: impl Into<Vec<u8>>, deadline: Duration) -> Vec<Invocation> {
        let (request_id, event) = (new_request_id(), event.into());
        let mut deliveries = Vec::new();
        while deliveries.len() < 3 && !deliveries.last().is_some_and(Invocation::responded) {
            deliveries.push(self.attempt(&request_id, event.clone(), deadline));
        }
        deliveries
    }

    fn attempt(&self, request_id: &str, event: Vec<u8>, deadline: Duration) -> Invocation {
        let environment = self.environment();
        environment.offer(Offer {
            request_id: request_id.to_owned(),
            event,
            deadline,
        });
        let (outcome, taken) = environment.await_outcome(deadline);
        environment.await_idle(deadline);
        if environment.has_ended() {
            *self.running.lock().unwrap() = None;
        }
        Invocation {
            request_id: request_id.to_owned(),
            outcome,
            log: self.collect_log(&environment),
            taken,
        }
    }

    /// Starts the process, if it does not run, and waits until it asks for an event.
    pub fn init(&self) {
        let environment = self.environment();
        let idle = environment.await_idle(INIT_LIMIT);
        let log = self.collect_log(&environment);
        assert!(idle, "the function did not come up: {log:#?}");
    }

    /// For a fault: kills the process that runs at that time.
    pub fn killer(&self) -> Action {
        let running = self.running.clone();
        Arc::new(move || {
            // The lock is not held while the process dies.
            let environment = running.lock().unwrap().clone();
            if let Some(environment) = environment {
                environment.process.kill();
            }
        })
    }

    /// Takes the runtime API away from the process that runs. How that ends, and what it wrote since the last event.
    pub fn go_away(&self) -> (Outcome, Vec<String>) {
        let environment = self.running.lock().unwrap().take().expect("a process runs");
        environment.progress.update(|state| state.answer = None);
        environment.runtime_api.stop();
        let (outcome, _) = environment.await_outcome(INIT_LIMIT);
        (outcome, self.collect_log(&environment))
    }

    /// SIGTERM, and the process's end.
    pub fn terminate(&self) {
        self.process(Process::terminate);
    }

    /// Stops the process, as Lambda does between events.
    pub fn freeze(&self) {
        self.process(Process::freeze);
    }

    pub fn thaw(&self) {
        self.process(Process::thaw);
    }

    pub fn memory(&self) -> Memory {
        self.process(Process::memory)
    }

    /// How many file descriptors the process has open.
    pub fn open_files(&self) -> usize {
        self.process(Process::open_files)
    }

    /// All that any process of this environment wrote, up to the last event.
    pub fn log(&self) -> Vec<String> {
        self.log.lock().unwrap().clone()
    }

    fn process<T>(&self, look: impl FnOnce(&Process) -> T) -> T {
        let running = self.running.lock().unwrap().clone();
        look(&running.expect("a process runs").process)
    }

    fn environment(&self) -> Arc<Environment> {
        let mut running = self.running.lock().unwrap();
        if running.as_ref().is_none_or(|environment| environment.has_ended()) {
            *running = Some(Arc::new(Environment::start(&self.function)));
        }
        running.clone().unwrap()
    }

    fn collect_log(&self, environment: &Environment) -> Vec<String> {
        let lines = environment.output.new_lines();
        for line in &lines {
            assert_discreet(line);
        }
        self.log.lock().unwrap().extend(lines.clone());
        lines
    }
}

fn new_request_id() -> String {
    static MADE: AtomicUsize = AtomicUsize::new(1);
    let number = MADE.fetch_add(1, Ordering::Relaxed);
    format!("1a3bda00-0000-4000-8000-{number:012}")
}

/// One process and the runtime API that it talks to.
struct Environment {
    process: Arc<Process>,
    output: Output,
    progress: Arc<Progress>,
    runtime_api: Server,
}

impl Environment {
    fn start(function: &Function) -> Self {
        let progress = Arc::new(Progress::default());
        let runtime_api = Server::start(None, progress.clone());
        let output = Output::new();
        let process = Process::spawn(
            Command::new(&function.program)
                .args(&function.arguments)
                .env_clear()
                .envs(&function.environment)
                .env("AWS_LAMBDA_RUNTIME_API", runtime_api.address().to_string())
                .stdin(Stdio::null())
                .stdout(output.writer())
                .stderr(output.writer()),
            {
                let progress = progress.clone();
                move |status| progress.update(|state| state.exit = Some(status))
            },
        );
        Self {
            process: process.unwrap_or_else(|e| panic!("{}: {e}", function.program.display())),
            output,
            progress,
            runtime_api,
        }
    }

    fn offer(&self, offer: Offer) {
        self.progress.update(|state| {
            state.offer = Some(offer);
            state.answer = None;
            state.taken = None;
        });
    }

    fn await_outcome(&self, deadline: Duration) -> (Outcome, Option<Instant>) {
        let taken = |state: &State| state.taken.is_some() || state.answer.is_some();
        drop(self.progress.wait(INIT_LIMIT, taken));
        let state = self.progress.wait(deadline, |state| state.answer.is_some());
        let outcome = match (&state.answer, state.exit) {
            (Some(answer), _) => answer.clone(),
            (None, Some(exit)) => match exit.signal() {
                Some(signal) => Outcome::Killed { signal },
                None => Outcome::Exited {
                    code: exit.code().unwrap_or_default(),
                },
            },
            (None, None) => Outcome::TimedOut,
        };
        let taken = state.taken;
        drop(state);
        if outcome == Outcome::TimedOut {
            self.process.kill();
        }
        (outcome, taken)
    }

    /// Whether the process asks for the next event before so long has passed.
    fn await_idle(&self, limit: Duration) -> bool {
        let state = self.progress.wait(limit, |state| state.idle);
        state.idle && state.exit.is_none()
    }

    fn has_ended(&self) -> bool {
        self.progress.state().exit.is_some()
    }
}

impl Drop for Environment {
    fn drop(&mut self) {
        self.process.kill();
    }
}

/// How far the process is, as its runtime API sees it.
#[derive(Default)]
struct Progress {
    state: Mutex<State>,
    changed: Condvar,
}

#[derive(Default)]
struct State {
    /// The process waits for an event.
    idle: bool,
    offer: Option<Offer>,
    taken: Option<Instant>,
    answer: Option<Outcome>,
    exit: Option<ExitStatus>,
}

struct Offer {
    request_id: String,
    event: Vec<u8>,
    deadline: Duration,
}

impl Progress {
    fn state(&self) -> MutexGuard<'_, State> {
        self.state.lock().unwrap()
    }

    fn update(&self, change: impl FnOnce(&mut State)) {
        change(&mut self.state());
        self.changed.notify_all();
    }

    /// Waits for a state, the process's end, or until the limit is over.
    fn wait(&self, limit: Duration, arrived: impl Fn(&State) -> bool) -> MutexGuard<'_, State> {
        let waiting = |state: &mut State| !arrived(state) && state.exit.is_none();
        let (state, _) = self.changed.wait_timeout_while(self.state(), limit, waiting).unwrap();
        state
    }

    /// `GET /next`: blocks until there is an event; `None` if the process ends first.
    fn next(&self) -> Option<Response> {
        self.update(|state| state.idle = true);
        let waiting = |state: &mut State| state.offer.is_none() && state.exit.is_none();
        let mut state = self.changed.wait_while(self.state(), waiting).unwrap();
        let offer = state.offer.take()?;
        state.idle = false;
        state.taken = Some(Instant::now());
        self.changed.notify_all();
        let deadline = SystemTime::now() + offer.deadline;
        let deadline = deadline.duration_since(SystemTime::UNIX_EPOCH).unwrap();
        let arn = format!("arn:aws:lambda:{REGION}:{ACCOUNT}:function:iot-job-template");
        let trace = "Root=1-68e1a2b3-0123456789abcdef01234567;Parent=0123456789abcdef;Sampled=0";
        Some(
            Response::new(200, offer.event)
                .header("content-type", "application/json")
                .header("lambda-runtime-aws-request-id", offer.request_id)
                .header("lambda-runtime-deadline-ms", deadline.as_millis())
                .header("lambda-runtime-invoked-function-arn", arn)
                .header("lambda-runtime-trace-id", trace),
        )
    }
}

/// The runtime API, version 2018-06-01.
impl Handler for Progress {
    fn call(&self, _: &Request) -> Option<(Operation, String)> {
        None
    }

    fn carry_out(&self, request: &Request) -> Option<Response> {
        let path = request.path.strip_prefix("/2018-06-01/runtime/").unwrap_or_default();
        let body: Value = serde_json::from_slice(&request.body).unwrap_or_default();
        let error = || Outcome::Errored {
            kind: body["errorType"].as_str().unwrap_or_default().to_owned(),
            message: body["errorMessage"].as_str().unwrap_or_default().to_owned(),
        };
        let answer = match path.rsplit_once('/') {
            Some(("invocation", "next")) => return self.next(),
            // An invocation's or, as "init/error", the init phase's.
            Some((_, "error")) => error(),
            Some((_, "response")) => Outcome::Responded(body),
            _ => return Some(Response::new(404, "")),
        };
        self.update(|state| state.answer = Some(answer));
        Some(Response::new(202, r#"{"status":"OK"}"#))
    }
}

/// Takes what the process writes. A file, so that all that was written before an answer is there
/// once the answer is.
struct Output {
    file: File,
    read: AtomicUsize,
}

impl Output {
    fn new() -> Self {
        static MADE: AtomicUsize = AtomicUsize::new(0);
        let number = MADE.fetch_add(1, Ordering::Relaxed);
        let name = format!("function-output-{}-{number}", std::process::id());
        let path = std::env::temp_dir().join(name);
        let file = File::options()
            .create_new(true)
            .read(true)
            .append(true)
            .open(&path)
            .unwrap();
        // Its name is not needed any more; the file goes with its last user.
        fs::remove_file(path).unwrap();
        Self {
            file,
            read: AtomicUsize::new(0),
        }
    }

    fn writer(&self) -> File {
        self.file.try_clone().unwrap()
    }

    /// The lines since the last time.
    fn new_lines(&self) -> Vec<String> {
        let end = self.file.metadata().unwrap().len() as usize;
        let start = self.read.swap(end, Ordering::Relaxed);
        let mut bytes = vec![0; end - start];
        self.file.read_exact_at(&mut bytes, start as u64).unwrap();
        let text = String::from_utf8_lossy(&bytes);
        text.lines().map(String::from).collect()
    }
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::stand_ins::{Fault, Stack, Testbed, When, bootstrap};
    use serde_json::json;

    const LONG: Duration = Duration::from_secs(60);

    /// The function, after a command of the shell.
    fn after(command: &str) -> Function {
        let script = format!("{command}; exec {}", bootstrap());
        Function::new("/bin/sh").argument("-c").argument(&script)
    }

    fn create(bed: &Testbed) -> super::super::Event {
        let properties = json!({"JobTemplateId": "reboot", "Description": "Reboot", "Document": "{}"});
        Stack::named("fleet")
            .create("Reboot", properties)
            .answered_at(&bed.bucket)
    }

    #[test]
    fn the_environment_is_lambdas_and_nothing_else() {
        let lambda = FakeLambda::new(after("env | cut -d= -f1").without_env("LANG"));

        lambda.init();

        let names = lambda.log();
        let has = |name: &str| names.iter().any(|line| line == name);
        assert!(
            has("AWS_LAMBDA_FUNCTION_NAME") && has("AWS_LAMBDA_RUNTIME_API"),
            "{names:?}"
        );
        assert!(!has("LANG") && !has("CARGO_MANIFEST_DIR"), "{names:?}");
    }

    #[test]
    fn an_event_that_fails_is_delivered_up_to_three_times() {
        let bed = Testbed::new();

        let deliveries = bed.lambda.deliver("{}", LONG);

        assert_eq!(deliveries.len(), 3);
        assert!(
            deliveries
                .iter()
                .all(|delivery| matches!(delivery.outcome, Outcome::Errored { .. }))
        );
        assert_eq!(deliveries[0].request_id, deliveries[2].request_id);
    }

    #[test]
    fn an_event_is_delivered_until_it_is_responded_to_and_a_dead_process_replaced() {
        let bed = Testbed::new();
        bed.iot.fault(When::Call(1), Fault::KillAfter(bed.lambda.killer()));

        let deliveries = bed.lambda.deliver(&create(&bed), LONG);

        assert_eq!(deliveries.len(), 2);
        assert!(deliveries[1].responded());
    }

    #[test]
    fn a_kill_strikes_just_before_or_just_after_a_call() {
        for done in [false, true] {
            let bed = Testbed::new();
            let killer = bed.lambda.killer();
            let fault = if done {
                Fault::KillAfter(killer)
            } else {
                Fault::KillBefore(killer)
            };
            bed.iot.fault(When::Call(1), fault);

            let outcome = bed.lambda.invoke(&create(&bed), LONG).outcome;

            assert_eq!(outcome, Outcome::Killed { signal: libc::SIGKILL });
            assert_eq!(bed.iot.template("reboot").is_some(), done);
        }
    }

    #[test]
    fn a_process_that_ends_by_itself_is_known_by_its_code() {
        let lambda = FakeLambda::new(Function::new("/bin/sh").argument("-c").argument("exit 3"));

        assert_eq!(lambda.invoke("{}", LONG).outcome, Outcome::Exited { code: 3 });
    }

    #[test]
    fn a_function_that_misses_its_deadline_is_killed() {
        let bed = Testbed::new();
        bed.iot.fault(When::Always, Fault::Silence { done: false });

        // Less than the function takes to give up at the very least.
        let invocation = bed.lambda.invoke(&create(&bed), Duration::from_millis(100));

        assert_eq!(invocation.outcome, Outcome::TimedOut);
        bed.iot.heal();
        assert!(bed.lambda.invoke(&create(&bed), LONG).responded());
    }

    #[test]
    #[should_panic(expected = "given away")]
    fn a_log_that_tells_a_secret_fails_the_test() {
        FakeLambda::new(after("echo token=$AWS_SESSION_TOKEN")).init();
    }
}
