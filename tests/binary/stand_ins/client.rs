//! A small client of our own, for the stand-ins' own tests: it sees what becomes of its bytes, which the function's does
//! not show.

use std::{
    io::{self, BufReader, Read, Write},
    net::TcpStream,
    sync::Arc,
    thread,
    time::Duration,
};

use rustls::{
    ClientConfig, ClientConnection, RootCertStore, StreamOwned,
    crypto::ring,
    pki_types::{CertificateDer, ServerName, pem::PemObject},
};
use serde_json::{Value, json};

use super::{Authority, Server};

pub const SIGNED: (&str, &str) = (
    "authorization",
    "AWS4-HMAC-SHA256 Credential=A/20261005/eu-central-1/iot/aws4_request",
);

trait Stream: Read + Write {}
impl<T: Read + Write> Stream for T {}

/// A connection to a server, kept alive.
pub struct Client {
    stream: BufReader<Box<dyn Stream>>,
    pub tcp: TcpStream,
}

#[derive(Debug)]
pub struct Reply {
    pub status: u16,
    head: String,
    pub body: Vec<u8>,
}

impl Reply {
    pub fn json(&self) -> Value {
        serde_json::from_slice(&self.body).expect("JSON")
    }

    pub fn header(&self, name: &str) -> Option<&str> {
        let lines = self.head.lines();
        lines
            .filter_map(|line| line.split_once(": "))
            .find(|(n, _)| *n == name)
            .map(|(_, v)| v)
    }

    pub fn error_code(&self) -> &str {
        self.header("x-amzn-errortype").unwrap_or_default()
    }
}

impl Client {
    pub fn new(server: &Server) -> Self {
        Self::try_new(server, None).expect("a connection")
    }

    pub fn try_new(server: &Server, authority: Option<&Authority>) -> io::Result<Self> {
        let tcp = TcpStream::connect(server.address())?;
        let stream: Box<dyn Stream> = match authority {
            None => Box::new(tcp.try_clone()?),
            Some(authority) => Box::new(Self::tls(tcp.try_clone()?, authority)?),
        };
        Ok(Self {
            stream: BufReader::new(stream),
            tcp,
        })
    }

    fn tls(mut tcp: TcpStream, authority: &Authority) -> io::Result<StreamOwned<ClientConnection, TcpStream>> {
        let mut roots = RootCertStore::empty();
        for certificate in CertificateDer::pem_file_iter(authority.bundle()).unwrap() {
            roots.add(certificate.unwrap()).unwrap();
        }
        let config = ClientConfig::builder_with_provider(Arc::new(ring::default_provider()))
            .with_safe_default_protocol_versions()
            .unwrap()
            .with_root_certificates(roots)
            .with_no_client_auth();
        let name = ServerName::try_from("127.0.0.1").unwrap();
        let mut session = ClientConnection::new(Arc::new(config), name).map_err(io::Error::other)?;
        while session.is_handshaking() {
            session.complete_io(&mut tcp)?;
        }
        Ok(StreamOwned::new(session, tcp))
    }

    pub fn send(&mut self, method: &str, target: &str, headers: &[(&str, &str)], body: &[u8]) -> io::Result<()> {
        let mut head = format!("{method} {target} HTTP/1.1\r\nhost: x\r\n");
        for (name, value) in headers {
            head += &format!("{name}: {value}\r\n");
        }
        head += &format!("content-length: {}\r\n\r\n", body.len());
        let stream = self.stream.get_mut();
        stream.write_all(&[head.as_bytes(), body].concat())?;
        stream.flush()
    }

    pub fn receive(&mut self) -> io::Result<Reply> {
        let mut head = Vec::new();
        while !head.ends_with(b"\r\n\r\n") {
            let mut byte = [0];
            self.stream.read_exact(&mut byte)?;
            head.extend(byte);
        }
        let head = String::from_utf8(head).unwrap();
        let mut reply = Reply {
            status: head[9..12].parse().unwrap(),
            head,
            body: Vec::new(),
        };
        let length = reply.header("content-length").unwrap_or("0").parse().unwrap();
        reply.body.resize(length, 0);
        self.stream.read_exact(&mut reply.body)?;
        Ok(reply)
    }

    pub fn call(&mut self, method: &str, target: &str, headers: &[(&str, &str)], body: &[u8]) -> io::Result<Reply> {
        self.send(method, target, headers, body)?;
        self.receive()
    }

    /// A signed call to IoT.
    pub fn iot(&mut self, method: &str, target: &str, body: &Value) -> io::Result<Reply> {
        self.call(method, target, &[SIGNED], body.to_string().as_bytes())
    }

    pub fn create(&mut self, id: &str) -> io::Result<Reply> {
        self.iot(
            "PUT",
            &format!("/job-templates/{id}"),
            &json!({"description": "d", "document": "{}"}),
        )
    }

    pub fn describe(&mut self, id: &str) -> io::Result<Reply> {
        self.iot("GET", &format!("/job-templates/{id}"), &json!({}))
    }
}

/// Waits for a condition that will come true.
pub fn eventually(condition: impl Fn() -> bool) {
    while !condition() {
        thread::sleep(Duration::from_millis(1));
    }
}
