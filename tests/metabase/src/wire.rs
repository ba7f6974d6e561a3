//! The socket: connections that can be dropped without an answer.

use std::{
    io,
    pin::Pin,
    sync::{
        Arc, Mutex, PoisonError,
        atomic::{AtomicBool, Ordering},
    },
    task::{Context, Poll},
};

use axum::{
    Router,
    body::{Body as HttpBody, to_bytes},
    extract::{ConnectInfo, Request, State, connect_info::Connected},
    http::{HeaderMap, Response, header::CONTENT_TYPE},
    serve::{IncomingStream, Listener},
};
use tokio::{
    io::{AsyncRead, AsyncWrite, ReadBuf},
    net::{TcpListener, TcpStream},
    task::spawn_blocking,
};

use crate::{
    reply::{Body, Reply},
    world::{Incoming, World},
};

/// One switch per connection: once it is cut, nothing more is written.
#[derive(Clone, Debug, Default)]
pub struct Cut(Arc<AtomicBool>);

/// Hands out connections that can be cut.
pub struct Door(pub TcpListener);

pub struct Connection {
    stream: TcpStream,
    cut: Cut,
}

impl Listener for Door {
    type Io = Connection;
    type Addr = Cut;

    async fn accept(&mut self) -> (Connection, Cut) {
        let (stream, _) = Listener::accept(&mut self.0).await;
        let cut = Cut::default();
        (Connection { stream, cut: cut.clone() }, cut)
    }

    fn local_addr(&self) -> io::Result<Cut> {
        Ok(Cut::default())
    }
}

impl Connected<IncomingStream<'_, Door>> for Cut {
    fn connect_info(stream: IncomingStream<'_, Door>) -> Self {
        stream.remote_addr().clone()
    }
}

impl Connection {
    fn is_cut(&self) -> bool {
        self.cut.0.load(Ordering::Acquire)
    }
}

impl AsyncRead for Connection {
    fn poll_read(
        mut self: Pin<&mut Self>,
        context: &mut Context<'_>,
        buffer: &mut ReadBuf<'_>,
    ) -> Poll<io::Result<()>> {
        Pin::new(&mut self.stream).poll_read(context, buffer)
    }
}

impl AsyncWrite for Connection {
    fn poll_write(
        mut self: Pin<&mut Self>,
        context: &mut Context<'_>,
        bytes: &[u8],
    ) -> Poll<io::Result<usize>> {
        if self.is_cut() {
            return Poll::Ready(Err(io::ErrorKind::ConnectionReset.into()));
        }
        Pin::new(&mut self.stream).poll_write(context, bytes)
    }

    fn poll_flush(mut self: Pin<&mut Self>, context: &mut Context<'_>) -> Poll<io::Result<()>> {
        Pin::new(&mut self.stream).poll_flush(context)
    }

    fn poll_shutdown(mut self: Pin<&mut Self>, context: &mut Context<'_>) -> Poll<io::Result<()>> {
        Pin::new(&mut self.stream).poll_shutdown(context)
    }
}

/// Everything that comes in, whatever its path.
pub fn router(world: Arc<Mutex<World>>) -> Router {
    Router::new().fallback(handle).with_state(world)
}

async fn handle(
    State(world): State<Arc<Mutex<World>>>,
    ConnectInfo(cut): ConnectInfo<Cut>,
    request: Request,
) -> Response<HttpBody> {
    let (head, body) = request.into_parts();
    let Ok(body) = to_bytes(body, usize::MAX).await else { return Response::default() };
    let header = |name: &str| text(&head.headers, name);
    let incoming = Incoming {
        method: head.method.as_str().to_owned(),
        path: head.uri.path().to_owned(),
        query: head.uri.query().unwrap_or_default().to_owned(),
        key: header("x-api-key"),
        session: header("x-metabase-session"),
        content_type: header("content-type"),
        body: body.to_vec(),
    };
    // A query may take long, and what answers it may itself wait for a runtime.
    let reply =
        spawn_blocking(move || world.lock().unwrap_or_else(PoisonError::into_inner).handle(&incoming)).await;
    // A handler that panics is no answer either.
    let Ok(Some(reply)) = reply else {
        cut.0.store(true, Ordering::Release);
        return Response::default();
    };
    response(reply)
}

fn text(headers: &HeaderMap, name: &str) -> Option<String> {
    headers.get(name).and_then(|value| value.to_str().ok()).map(str::to_owned)
}

fn response(reply: Reply) -> Response<HttpBody> {
    let (kind, bytes) = match reply.body {
        Body::Json(value) => ("application/json;charset=utf-8", value.to_string().into_bytes()),
        Body::Text(text) => ("text/plain;charset=utf-8", text.into_bytes()),
        Body::Bytes { kind, bytes } => (kind, bytes),
        Body::Nothing => ("", Vec::new()),
    };
    let response = Response::builder().status(reply.status);
    let response = if kind.is_empty() { response } else { response.header(CONTENT_TYPE, kind) };
    response.body(HttpBody::from(bytes)).unwrap_or_default()
}
