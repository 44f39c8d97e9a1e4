//! The HTTP server over [`Connection`]s: as `HttpServer` of actix-web puts it together, which takes plain TCP only.

use std::{io, net::TcpListener, sync::Arc, time::Duration};

use actix_http::{HttpService, KeepAlive, Request};
use actix_server::Server;
use actix_service::{
    IntoServiceFactory, ServiceFactory, ServiceFactoryExt as _, fn_service, map_config,
};
use actix_web::{
    Error,
    body::MessageBody,
    dev::{AppConfig, ServiceResponse},
    rt::net::TcpStream,
};

use crate::{
    connection::{Connection, HEAD_WITHIN},
    room::Room,
};

/// How long a connection without a request stays open.
const KEPT: Duration = Duration::from_secs(75);

/// What the server is told.
pub(crate) struct Listening {
    /// HTTP worker threads.
    pub(crate) workers: usize,
    /// Longest wait at stopping for requests under way, seconds.
    pub(crate) stop_s: u64,
    /// How long a client may leave an answer unread.
    pub(crate) unread: Duration,
    /// Counts the connections.
    pub(crate) room: Arc<Room>,
}

/// Serves the application that `app` builds, once per worker.
///
/// # Errors
/// When the socket cannot be used.
pub(crate) fn listen<A, I, S, B>(
    listener: TcpListener,
    settings: &Listening,
    app: A,
) -> io::Result<Server>
where
    A: Fn() -> I + Clone + Send + 'static,
    I: IntoServiceFactory<S, Request>,
    S: ServiceFactory<
            Request,
            Config = AppConfig,
            Response = ServiceResponse<B>,
            Error = Error,
            InitError = (),
        > + 'static,
    S::Service: 'static,
    B: MessageBody + 'static,
{
    let (unread, room) = (settings.unread, Arc::clone(&settings.room));
    let server = Server::build()
        .workers(settings.workers.max(1))
        .shutdown_timeout(settings.stop_s)
        .disable_signals();
    let stopping = server.graceful_shutdown_signal();
    let server = server.listen("gateway", listener, move || {
        let (stopping, room) = (stopping.clone(), Arc::clone(&room));
        let http = HttpService::build()
            .graceful_shutdown_signal(move || {
                let stopping = stopping.clone();
                async move { stopping.notified().await }
            })
            .keep_alive(KeepAlive::Timeout(KEPT))
            .client_request_timeout(HEAD_WITHIN)
            .client_disconnect_timeout(Duration::from_secs(1))
            .on_connect_ext(|connection: &Connection, data| connection.tell(data))
            .h1(map_config(app(), |()| AppConfig::default()));
        fn_service(move |stream: TcpStream| {
            end_when_unread(&stream, unread);
            let peer = stream.peer_addr().ok();
            let connection = Connection::new(stream, &room);
            async move { Ok((connection, peer)) }
        })
        .and_then(http)
    })?;
    Ok(server.run())
}

/// A client that does not read its answer keeps a connection, and that of the service behind it, for this long and no longer.
#[cfg(target_os = "linux")]
fn end_when_unread(stream: &TcpStream, unread: Duration) {
    if let Err(error) = socket2::SockRef::from(stream).set_tcp_user_timeout(Some(unread)) {
        tracing::debug!(%error, "a connection without a limit for unread answers");
    }
}

#[cfg(not(target_os = "linux"))]
fn end_when_unread(_: &TcpStream, _: Duration) {}
