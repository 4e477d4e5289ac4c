//! An HTTP/1.1 server that can fail in every way that matters, and that remembers its calls.

use std::{
    collections::HashMap,
    io::{self, BufRead, BufReader, Read, Write},
    net::{Ipv4Addr, Shutdown, SocketAddr, TcpListener, TcpStream},
    sync::{Arc, Condvar, Mutex, MutexGuard},
    thread,
    time::{Duration, Instant},
};

use rustls::{ServerConfig, ServerConnection, StreamOwned};
use socket2::{Domain, SockRef, Socket, Type};

use super::{
    fault::{Fault, Rule, When},
    http::{Request, Response},
    tls::Authority,
};

/// The calls that the function makes: IoT's six, and the PUT of the answer.
#[derive(Clone, Copy, Debug, PartialEq, Eq, Hash, PartialOrd, Ord)]
pub enum Operation {
    CreateJobTemplate,
    DescribeJobTemplate,
    DeleteJobTemplate,
    TagResource,
    UntagResource,
    ListTagsForResource,
    PutAnswer,
}

#[derive(Clone, Debug)]
pub struct Call {
    /// From 1, in the order of arrival.
    pub number: usize,
    pub operation: Operation,
    /// The job template's id or the answer's token.
    pub id: String,
    pub at: Instant,
    /// The status of the answer, once it is known; `None` if there is none.
    pub status: Option<u16>,
}

/// What a server does once HTTP, TLS and faults are out of the way.
pub(super) trait Handler: Send + Sync + 'static {
    /// The call that this request makes. One that is no call is not counted and meets no fault.
    fn call(&self, request: &Request) -> Option<(Operation, String)>;

    /// Carries the request out. Without an answer the connection closes.
    fn carry_out(&self, request: &Request) -> Option<Response>;
}

pub struct Server {
    shared: Arc<Shared>,
}

struct Shared {
    address: SocketAddr,
    /// Bound but not listening: the port stays ours while connections to it are refused.
    _port: Socket,
    tls: Option<Arc<ServerConfig>>,
    handler: Arc<dyn Handler>,
    state: Mutex<State>,
    stopped: Condvar,
}

#[derive(Default)]
struct State {
    listener: Option<TcpListener>,
    connections: HashMap<usize, Connection>,
    connections_made: usize,
    keep_alive: Option<Duration>,
    calls: Vec<Call>,
    counts: HashMap<Operation, usize>,
    rules: Vec<Rule>,
    /// Counts up whenever the server starts or stops to listen.
    changes: usize,
    stopped: bool,
}

struct Connection {
    stream: TcpStream,
    /// There is a request on it that has not been answered yet.
    busy: bool,
}

impl Server {
    pub(super) fn start(tls: Option<&Authority>, handler: Arc<dyn Handler>) -> Self {
        let port = bound_socket((Ipv4Addr::LOCALHOST, 0).into());
        let shared = Arc::new(Shared {
            address: port.local_addr().unwrap().as_socket().unwrap(),
            _port: port,
            tls: tls.map(Authority::server),
            handler,
            state: Mutex::default(),
            stopped: Condvar::new(),
        });
        shared.listen(&mut shared.state());
        Self { shared }
    }

    /// `http` or `https`, address and port.
    pub fn url(&self) -> String {
        let scheme = if self.shared.tls.is_some() { "https" } else { "http" };
        format!("{scheme}://{}", self.shared.address)
    }

    pub fn address(&self) -> SocketAddr {
        self.shared.address
    }

    /// Lets calls meet a fault. Of several faults for a call the one given first wins.
    ///
    /// [`Fault::Refused`] and [`Fault::TlsFailure`] strike before the server can tell what is
    /// called, so they go with [`When::Always`] and [`When::Call`] only. Connections that are open
    /// then are closed.
    pub fn fault(&self, when: When, fault: Fault) {
        if fault.strikes_connections() {
            assert!(
                matches!(when, When::Always | When::Call(_)),
                "{fault:?} strikes before the operation is known: give the call's number"
            );
            assert!(
                self.shared.tls.is_some() || !matches!(fault, Fault::TlsFailure),
                "this server does not speak TLS"
            );
        }
        let mut state = self.shared.state();
        state.rules.push(Rule::At(when, fault));
        self.shared.strike_connections(&mut state);
    }

    /// Lets the closure say for each call which fault it meets. Not for faults that strike
    /// connections.
    pub fn fault_by(&self, choose: impl Fn(&Call) -> Option<Fault> + Send + 'static) {
        self.shared.state().rules.push(Rule::By(Box::new(choose)));
    }

    /// Forgets all faults, and listens again if connections were refused.
    pub fn heal(&self) {
        let mut state = self.shared.state();
        state.rules.clear();
        self.shared.listen(&mut state);
    }

    /// Forgets all faults and calls, and listens for new connections: what is still to come over the old ones is lost.
    pub(super) fn start_anew(&self) {
        self.heal();
        self.forget_calls();
        let mut state = self.shared.state();
        state.close_connections(|_| true);
        state.connections.clear();
    }

    /// Goes away for good: closes all connections, and refuses new ones.
    pub(super) fn stop(&self) {
        let mut state = self.shared.state();
        state.stopped = true;
        state.stop_listening();
        state.close_connections(|_| true);
        self.shared.stopped.notify_all();
    }

    /// Closes connections that are idle for so long, as servers do.
    pub fn keep_alive(&self, limit: Duration) {
        self.shared.state().keep_alive = Some(limit);
    }

    /// Closes all connections that are idle now.
    pub fn close_idle_connections(&self) {
        self.shared.state().close_connections(|c| !c.busy);
    }

    /// How many connections were accepted so far, idle and closed ones included.
    pub fn connections_made(&self) -> usize {
        self.shared.state().connections_made
    }

    /// All calls in the order of their arrival, those that met a fault included.
    pub fn calls(&self) -> Vec<Call> {
        self.shared.state().calls.clone()
    }

    /// How many calls of this operation arrived.
    pub fn count(&self, operation: Operation) -> usize {
        let state = self.shared.state();
        state.counts.get(&operation).copied().unwrap_or(0)
    }

    /// The operations called, in order.
    pub fn operations(&self) -> Vec<Operation> {
        let state = self.shared.state();
        state.calls.iter().map(|c| c.operation).collect()
    }

    /// Counts calls from 1 again.
    pub fn forget_calls(&self) {
        let mut state = self.shared.state();
        state.calls.clear();
        state.counts.clear();
    }
}

impl Drop for Server {
    fn drop(&mut self) {
        self.stop();
    }
}

impl State {
    fn stop_listening(&mut self) {
        self.changes += 1;
        if let Some(listener) = self.listener.take() {
            // Wakes the thread that accepts; from here on connections are refused.
            let _ = SockRef::from(&listener).shutdown(Shutdown::Both);
        }
    }

    fn close_connections(&self, which: impl Fn(&Connection) -> bool) {
        for connection in self.connections.values().filter(|c| which(c)) {
            let _ = connection.stream.shutdown(Shutdown::Both);
        }
    }

    /// The fault, and its rule's place, that the next connection is to meet.
    fn connection_fault(&self) -> Option<(usize, Fault)> {
        let next = self.calls.len() + 1;
        self.rules
            .iter()
            .enumerate()
            .find_map(|(place, rule)| Some((place, rule.connection_fault(next)?.clone())))
    }

    fn note_status(&mut self, number: usize, status: u16) {
        // Gone if a test called `forget_calls` meanwhile.
        if let Some(call) = self.calls.get_mut(number - 1) {
            call.status = Some(status);
        }
    }
}

impl Shared {
    fn state(&self) -> MutexGuard<'_, State> {
        self.state.lock().unwrap()
    }

    fn listen(self: &Arc<Self>, state: &mut State) {
        if state.listener.is_some() || state.stopped {
            return;
        }
        state.changes += 1;
        // Whoever waits to listen again need not any more.
        self.stopped.notify_all();
        let socket = bound_socket(self.address);
        socket.listen(1024).unwrap();
        let listener = TcpListener::from(socket);
        state.listener = Some(listener.try_clone().unwrap());
        let shared = self.clone();
        thread::spawn(move || {
            while let Ok((stream, _)) = listener.accept() {
                let id = shared.register(&stream);
                let shared = shared.clone();
                thread::spawn(move || {
                    // The client may be gone at any point; that is its affair.
                    let _ = shared.serve(id, stream);
                    shared.state().connections.remove(&id);
                });
            }
        });
    }

    fn register(&self, stream: &TcpStream) -> usize {
        stream.set_nodelay(true).unwrap();
        let stream = stream.try_clone().unwrap();
        let mut state = self.state();
        if state.stopped {
            let _ = stream.shutdown(Shutdown::Both);
        }
        state.connections_made += 1;
        let id = state.connections_made;
        state.connections.insert(id, Connection { stream, busy: false });
        id
    }

    /// Lets a fault that is due strike before the next call can come. Whether it did.
    fn strike_connections(self: &Arc<Self>, state: &mut State) -> bool {
        let Some((place, fault)) = state.connection_fault() else {
            return false;
        };
        if let Fault::Refused { lasting } = fault {
            if matches!(state.rules[place], Rule::At(When::Call(_), _)) {
                state.rules.remove(place);
            }
            state.stop_listening();
            let (shared, change) = (self.clone(), state.changes);
            thread::spawn(move || shared.listen_again_after(lasting, change));
        }
        state.close_connections(|c| !c.busy);
        true
    }

    fn listen_again_after(self: Arc<Self>, lasting: Duration, change: usize) {
        let unchanged = |state: &mut State| !state.stopped && state.changes == change;
        let (mut state, timeout) = self
            .stopped
            .wait_timeout_while(self.state(), lasting, unchanged)
            .unwrap();
        if timeout.timed_out() {
            self.listen(&mut state);
        }
    }

    /// Whether this handshake is to fail.
    fn tls_fails(&self) -> bool {
        let mut state = self.state();
        let Some((place, Fault::TlsFailure)) = state.connection_fault() else {
            return false;
        };
        if matches!(state.rules[place], Rule::At(When::Call(_), _)) {
            state.rules.remove(place);
        }
        true
    }

    fn serve(self: &Arc<Self>, id: usize, raw: TcpStream) -> io::Result<()> {
        let mut wire = Wire::Plain(raw.try_clone()?);
        if let Some(config) = &self.tls {
            if self.tls_fails() {
                return fail_handshake(raw);
            }
            let session = ServerConnection::new(config.clone()).map_err(io::Error::other)?;
            wire = Wire::Tls(Box::new(StreamOwned::new(session, raw.try_clone()?)));
        }
        let mut wire = BufReader::new(wire);
        loop {
            if !self.await_request(id, &raw, &mut wire)? {
                return wire.get_mut().close();
            }
            let Some(request) = Request::read(&mut wire)? else {
                return Ok(());
            };
            if !self.answer(id, &request, &raw, wire.get_mut())? {
                return Ok(());
            }
        }
    }

    /// Waits for a request's first byte; false if the client closed or was idle for too long.
    fn await_request(&self, id: usize, raw: &TcpStream, wire: &mut BufReader<Wire>) -> io::Result<bool> {
        raw.set_read_timeout(self.state().keep_alive)?;
        match wire.fill_buf() {
            Ok([]) => return Ok(false),
            Ok(_) => {}
            Err(e) if timed_out(&e) => return Ok(false),
            Err(e) => return Err(e),
        }
        raw.set_read_timeout(None)?;
        match self.state().connections.get_mut(&id) {
            Some(connection) => connection.busy = true,
            None => return Ok(false),
        }
        Ok(true)
    }

    /// Carries a request out and answers it, as its fault allows. Whether the connection goes on.
    fn answer(self: &Arc<Self>, id: usize, request: &Request, raw: &TcpStream, wire: &mut Wire) -> io::Result<bool> {
        if !self.state().connections.contains_key(&id) {
            return Ok(false);
        }
        let (number, fault) = match self.handler.call(request) {
            Some((operation, id)) => self.arrive(operation, id),
            None => (0, None),
        };
        if let Some(Fault::KillBefore(action) | Fault::Meanwhile(action)) = &fault {
            action();
        }
        let response = match &fault {
            Some(fault) if !fault.is_done() => None,
            _ => self.handler.carry_out(request),
        };
        if let Some(Fault::KillAfter(action)) = &fault {
            action();
        }
        let response = match (fault, response) {
            (Some(Fault::ResetBefore | Fault::ResetAfter), _) => {
                SockRef::from(raw).set_linger(Some(Duration::ZERO))?;
                return Ok(false);
            }
            (Some(Fault::KillBefore(_) | Fault::KillAfter(_)), _) => return Ok(false),
            (Some(Fault::Silence { .. }), _) => {
                client_leaves_within(raw, None)?;
                return Ok(false);
            }
            (Some(Fault::Refusal(refusal)), _) => refusal.response(),
            (_, None) => return Ok(false),
            (Some(Fault::CutShort), Some(mut response)) => {
                let promised = response.body.len().max(2);
                response.body.truncate(promised / 2);
                wire.send(&response.encoded_as_if(promised, true))?;
                return Ok(false);
            }
            (Some(Fault::Garbage), Some(_)) => {
                Response::new(200, "<!garbage").header("content-type", "application/json")
            }
            (Some(Fault::Trickle), Some(response)) => {
                for byte in response.encoded(true) {
                    wire.send(&[byte])?;
                    if client_leaves_within(raw, Some(Duration::from_secs(1)))? {
                        break;
                    }
                }
                return Ok(false);
            }
            (Some(Fault::Slow(delay)), Some(response)) => {
                if client_leaves_within(raw, Some(delay))? {
                    return Ok(false);
                }
                response
            }
            (_, Some(response)) => response,
        };
        let closing = {
            let mut state = self.state();
            if number > 0 {
                state.note_status(number, response.status);
            }
            let struck = self.strike_connections(&mut state);
            if let Some(connection) = state.connections.get_mut(&id) {
                connection.busy = false;
            }
            struck
        };
        wire.send(&response.encoded(closing))?;
        if closing {
            wire.close()?;
        }
        Ok(!closing)
    }

    /// Notes a call; its number and the fault it meets.
    fn arrive(&self, operation: Operation, id: String) -> (usize, Option<Fault>) {
        let mut state = self.state();
        let call = Call {
            number: state.calls.len() + 1,
            operation,
            id,
            at: Instant::now(),
            status: None,
        };
        state.calls.push(call.clone());
        let nth = state.counts.entry(operation).or_default();
        *nth += 1;
        let nth = *nth;
        let fault = state.rules.iter().find_map(|rule| rule.fault_for(&call, nth));
        (call.number, fault)
    }
}

fn bound_socket(address: SocketAddr) -> Socket {
    let socket = Socket::new(Domain::IPV4, Type::STREAM, None).unwrap();
    socket.set_reuse_address(true).unwrap();
    socket.bind(&address.into()).unwrap();
    socket
}

/// Answers the client's greeting with a fatal alert: handshake_failure.
fn fail_handshake(mut raw: TcpStream) -> io::Result<()> {
    raw.peek(&mut [0])?;
    raw.write_all(&[21, 3, 3, 0, 2, 2, 40])?;
    raw.shutdown(Shutdown::Write)?;
    // To close with something unread would reset the connection and could overtake the alert.
    io::copy(&mut raw, &mut io::sink())?;
    Ok(())
}

/// Waits until the client closes the connection (or breaks off), or the time is up.
fn client_leaves_within(raw: &TcpStream, limit: Option<Duration>) -> io::Result<bool> {
    raw.set_read_timeout(limit)?;
    // A client that waits for an answer has nothing more to say than that it leaves.
    let left = match (&*raw).read(&mut [0; 64]) {
        Err(e) => !timed_out(&e),
        Ok(_) => true,
    };
    raw.set_read_timeout(None)?;
    Ok(left)
}

fn timed_out(error: &io::Error) -> bool {
    matches!(error.kind(), io::ErrorKind::WouldBlock | io::ErrorKind::TimedOut)
}

enum Wire {
    Plain(TcpStream),
    Tls(Box<StreamOwned<ServerConnection, TcpStream>>),
}

impl Wire {
    fn send(&mut self, bytes: &[u8]) -> io::Result<()> {
        match self {
            Self::Plain(stream) => stream.write_all(bytes),
            Self::Tls(stream) => {
                stream.write_all(bytes)?;
                stream.flush()
            }
        }
    }

    /// Closes in good order.
    fn close(&mut self) -> io::Result<()> {
        match self {
            Self::Plain(stream) => stream.shutdown(Shutdown::Write),
            Self::Tls(stream) => {
                stream.conn.send_close_notify();
                stream.flush()?;
                stream.sock.shutdown(Shutdown::Write)
            }
        }
    }
}

impl Read for Wire {
    fn read(&mut self, buffer: &mut [u8]) -> io::Result<usize> {
        match self {
            Self::Plain(stream) => stream.read(buffer),
            Self::Tls(stream) => stream.read(buffer),
        }
    }
}

#[cfg(test)]
mod tests;
