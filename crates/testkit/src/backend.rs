//! The backend of an app, on loopback.

use std::sync::{
    Arc, Mutex,
    atomic::{AtomicUsize, Ordering},
};

use tokio::{
    io::{AsyncReadExt, AsyncWriteExt},
    net::{TcpListener, TcpStream},
    sync::Notify,
};

/// A request as the backend received it.
#[derive(Debug, Clone, Default)]
pub struct Received {
    pub method: String,
    /// The path with the query.
    pub target: String,
    /// Names, in lower case, and values.
    pub headers: Vec<(String, String)>,
    pub body: Vec<u8>,
}

impl Received {
    pub fn header(&self, name: &str) -> Option<&str> {
        self.headers.iter().find(|(own, _)| own == name).map(|(_, value)| value.as_str())
    }
}

/// What the backend does after the headers of a response.
#[derive(Clone)]
pub enum Part {
    /// Sends a part of the body.
    Bytes(Vec<u8>),
    /// Waits for the test.
    Until(Arc<Notify>),
    /// Waits for ever.
    Never,
    /// Closes the connection before the end of the body.
    Cut,
}

/// What the backend responds.
#[derive(Clone)]
pub struct Reply {
    pub status: u16,
    pub headers: Vec<(&'static str, String)>,
    pub parts: Vec<Part>,
    /// What it waits for before it sends the headers.
    pub hold: Option<Arc<Notify>>,
}

impl Reply {
    pub fn new(status: u16) -> Self {
        Self { status, headers: Vec::new(), parts: Vec::new(), hold: None }
    }

    pub fn text(status: u16, body: impl Into<Vec<u8>>) -> Self {
        Self { parts: vec![Part::Bytes(body.into())], ..Self::new(status) }
    }

    pub fn redirect(status: u16, target: impl Into<String>) -> Self {
        Self::new(status).header("location", target)
    }

    #[must_use]
    pub fn header(mut self, name: &'static str, value: impl Into<String>) -> Self {
        self.headers.push((name, value.into()));
        self
    }
}

type Respond = dyn Fn(&Received) -> Reply + Send + Sync;

/// The backend of an app, on loopback. It serves one request for each connection, and ends with the test.
pub struct Backend {
    /// The origin, e.g. `http://127.0.0.1:4711`.
    pub origin: String,
    requests: Arc<Mutex<Vec<Received>>>,
    open: Arc<AtomicUsize>,
}

impl Backend {
    /// Starts a backend with these responses.
    pub async fn start(respond: impl Fn(&Received) -> Reply + Send + Sync + 'static) -> Self {
        let listener = TcpListener::bind(("127.0.0.1", 0)).await.unwrap();
        let origin = format!("http://{}", listener.local_addr().unwrap());
        let (requests, open) = (Arc::<Mutex<Vec<Received>>>::default(), Arc::<AtomicUsize>::default());
        let (respond, received, connections): (Arc<Respond>, _, _) =
            (Arc::new(respond), requests.clone(), open.clone());
        tokio::spawn(async move {
            while let Ok((stream, _)) = listener.accept().await {
                let (respond, received, connections) = (respond.clone(), received.clone(), connections.clone());
                connections.fetch_add(1, Ordering::SeqCst);
                tokio::spawn(async move {
                    // The client may end a connection at any time.
                    let _ = serve(stream, &*respond, &received).await;
                    connections.fetch_sub(1, Ordering::SeqCst);
                });
            }
        });
        Self { origin, requests, open }
    }

    /// Returns the URL of a path.
    pub fn url(&self, path: &str) -> String {
        format!("{}{path}", self.origin)
    }

    /// Returns the requests so far.
    pub fn requests(&self) -> Vec<Received> {
        self.requests.lock().unwrap().clone()
    }

    /// Returns the number of connections that neither side has closed.
    pub fn open(&self) -> usize {
        self.open.load(Ordering::SeqCst)
    }
}

async fn serve(mut stream: TcpStream, respond: &Respond, received: &Mutex<Vec<Received>>) -> std::io::Result<()> {
    let mut head = Vec::new();
    while !head.ends_with(b"\r\n\r\n") {
        head.push(stream.read_u8().await?);
    }
    let mut request = read_head(&head);
    let length = request.header("content-length").map_or(0, |length| length.parse().unwrap());
    request.body = vec![0; length];
    stream.read_exact(&mut request.body).await?;
    received.lock().unwrap().push(request.clone());
    let reply = respond(&request);
    if let Some(hold) = &reply.hold {
        wait_for(hold, &mut stream).await?;
    }
    let mut text = format!("HTTP/1.1 {} Status\r\nconnection: close\r\n", reply.status);
    for (name, value) in &reply.headers {
        text.push_str(&format!("{name}: {value}\r\n"));
    }
    let has_body = request.method != "HEAD" && !matches!(reply.status, 204 | 304);
    text.push_str(if has_body { "transfer-encoding: chunked\r\n\r\n" } else { "\r\n" });
    stream.write_all(text.as_bytes()).await?;
    for part in reply.parts.iter().filter(|_| has_body) {
        match part {
            Part::Bytes(bytes) => {
                stream.write_all(format!("{:x}\r\n", bytes.len()).as_bytes()).await?;
                stream.write_all(bytes).await?;
                stream.write_all(b"\r\n").await?;
            }
            Part::Until(notify) => wait_for(notify, &mut stream).await?,
            Part::Never => {
                stream.read_u8().await?;
            }
            Part::Cut => return Ok(()),
        }
    }
    if has_body {
        stream.write_all(b"0\r\n\r\n").await?;
    }
    stream.shutdown().await?;
    // A connection that is closed with something unread loses what was written.
    let _ = stream.read_u8().await;
    Ok(())
}

/// Waits for the test, or for the client to close the connection.
async fn wait_for(notify: &Notify, stream: &mut TcpStream) -> std::io::Result<()> {
    tokio::select! {
        () = notify.notified() => Ok(()),
        closed = stream.read_u8() => closed.map(drop),
    }
}

fn read_head(head: &[u8]) -> Received {
    // Each byte is a character.
    let head: String = head.iter().copied().map(char::from).collect();
    let mut lines = head.lines();
    let mut first = lines.next().unwrap().split(' ');
    let (method, target) = (first.next().unwrap().to_owned(), first.next().unwrap().to_owned());
    let headers = lines.filter_map(|line| line.split_once(": "));
    let headers = headers.map(|(name, value)| (name.to_ascii_lowercase(), value.to_owned())).collect();
    Received { method, target, headers, body: Vec::new() }
}
