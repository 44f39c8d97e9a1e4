//! The head of a request, judged before anything else is looked at.

use actix_web::{
    HttpRequest,
    http::{StatusCode, header},
};
use helder_platform::problem::{Problem, Result};

use crate::config::GatewayConfig;

/// Refuses heads that two servers could read differently, or that are addressed to somebody else.
pub(crate) fn check(request: &HttpRequest, config: &GatewayConfig) -> Result<()> {
    let size: usize = request
        .headers()
        .iter()
        .map(|(name, value)| name.as_str().len() + value.len() + 4)
        .sum::<usize>()
        + request
            .uri()
            .path_and_query()
            .map_or(0, |path| path.as_str().len());
    if size > config.head_bytes {
        return Err(Problem::new(
            StatusCode::REQUEST_HEADER_FIELDS_TOO_LARGE,
            "head-too-large",
            format!("the head of a request may have {} bytes", config.head_bytes),
        ));
    }
    if request.uri().scheme().is_some() || request.uri().authority().is_some() {
        return Err(Problem::bad_request(
            "absolute-form",
            "write the path alone, without scheme and host",
        ));
    }
    check_path(request.uri().path())?;
    check_host(request, config)
}

/// Paths here are made of unreserved characters. An escape is taken only for characters that stand in no route and
/// separate nothing (`%3A` in a digest): gateway and service can then never read two different routes in one path.
fn check_path(path: &str) -> Result<()> {
    let dots = |segment| segment == "." || segment == "..";
    if plain(path.as_bytes()) && !path.contains("//") && !path.split('/').any(dots) {
        return Ok(());
    }
    Err(Problem::bad_request(
        "path",
        "the path holds characters or segments that no path here has",
    ))
}

fn plain(mut path: &[u8]) -> bool {
    loop {
        path = match path {
            [] => return true,
            [b'%', high, low, rest @ ..] if escape_hides_nothing(*high, *low) => rest,
            [byte, rest @ ..]
                if byte.is_ascii_alphanumeric()
                    || matches!(byte, b'/' | b'-' | b'_' | b'.' | b':' | b'~' | b'@') =>
            {
                rest
            }
            _ => return false,
        };
    }
}

fn escape_hides_nothing(high: u8, low: u8) -> bool {
    let digit = |digit: u8| char::from(digit).to_digit(16);
    let (Some(high), Some(low)) = (digit(high), digit(low)) else {
        return false;
    };
    let byte = (high << 4 | low) as u8;
    byte.is_ascii_punctuation() && !matches!(byte, b'/' | b'\\' | b'%' | b'-' | b'.' | b'_' | b'~')
}

fn check_host(request: &HttpRequest, config: &GatewayConfig) -> Result<()> {
    let mut hosts = request.headers().get_all(header::HOST);
    let (Some(host), None) = (hosts.next(), hosts.next()) else {
        return Err(Problem::bad_request("host", "send exactly one Host header"));
    };
    let host = host.to_str().unwrap_or_default();
    let name = match host.rsplit_once(':') {
        Some((name, port)) if port.bytes().all(|b| b.is_ascii_digit()) => name,
        _ => host,
    };
    if config
        .hosts
        .iter()
        .any(|known| known.eq_ignore_ascii_case(name))
    {
        return Ok(());
    }
    Err(Problem::new(
        StatusCode::MISDIRECTED_REQUEST,
        "host",
        "this gateway does not answer for that host name",
    ))
}

/// The bearer token. One header, one scheme; never from the query or a cookie.
pub(crate) fn bearer(request: &HttpRequest) -> Result<&str> {
    let query = request.query_string();
    let in_query = query.split('&').any(|pair| {
        let key = pair.split('=').next().unwrap_or_default();
        key.eq_ignore_ascii_case("access_token")
            || key.eq_ignore_ascii_case("token")
            || key.eq_ignore_ascii_case("jwt")
    });
    if in_query {
        return Err(Problem::unauthenticated(
            "a token in the address is not accepted: send it in the Authorization header",
        ));
    }
    let mut values = request.headers().get_all(header::AUTHORIZATION);
    let (Some(value), None) = (values.next(), values.next()) else {
        return Err(Problem::unauthenticated(
            "send one Authorization header with a bearer token",
        ));
    };
    // What is no visible ASCII is no token either, and verifying tells; looking at each byte first costs more than that.
    let value = std::str::from_utf8(value.as_bytes()).unwrap_or_default();
    match value.split_once(' ') {
        Some((scheme, token)) if scheme.eq_ignore_ascii_case("bearer") => Ok(token),
        _ => Err(Problem::unauthenticated(
            "send one Authorization header with a bearer token",
        )),
    }
}
