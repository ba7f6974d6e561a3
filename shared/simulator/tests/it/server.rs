//! The same answers through a socket.

use std::sync::{Arc, Mutex};

use aispend_simulator::{Fault, FaultLevel, FaultPlan, Simulator, World, WorldConfig, server};
use tokio::io::{AsyncReadExt, AsyncWriteExt};
use tokio::net::TcpStream;

async fn ask(base: &str, head: &str) -> (String, bool) {
    let mut stream = TcpStream::connect(base.trim_start_matches("http://")).await.unwrap();
    stream.write_all(head.as_bytes()).await.unwrap();
    let mut bytes = Vec::new();
    let whole = stream.read_to_end(&mut bytes).await.is_ok();
    (String::from_utf8_lossy(&bytes).into_owned(), whole)
}

#[tokio::test]
async fn endpoints_and_controls_answer() {
    let world = World::generate(WorldConfig::small(7));
    let clock = server::clock_at(world.end());
    let shared = Arc::new(Mutex::new(Simulator::new(world, FaultPlan::none())));
    let (base, task) = server::spawn(Arc::clone(&shared), clock).await.unwrap();
    let me = "GET /v1/organizations/me HTTP/1.1\r\nhost: x\r\nconnection: close\r\nx-api-key: sk-ant-admin01-simulated\r\nanthropic-version: 2023-06-01\r\n\r\n";
    let (text, whole) = ask(&base, me).await;
    assert!(whole && text.starts_with("HTTP/1.1 200") && text.contains("Example Org"), "{text}");
    let restate = "POST /_simulator/restate?seed=5 HTTP/1.1\r\nhost: x\r\nconnection: close\r\ncontent-length: 0\r\n\r\n";
    assert!(ask(&base, restate).await.0.contains("\"kind\""));
    let truth = "GET /_simulator/truth HTTP/1.1\r\nhost: x\r\nconnection: close\r\n\r\n";
    assert!(ask(&base, truth).await.0.contains("claude_expenses"));
    let requests = "GET /_simulator/requests HTTP/1.1\r\nhost: x\r\nconnection: close\r\n\r\n";
    assert!(ask(&base, requests).await.0.contains("{\"/v1/organizations/me\":1}"));
    task.abort();
}

#[tokio::test]
async fn a_closed_connection_is_closed_in_the_middle() {
    let world = World::generate(WorldConfig::small(7));
    let clock = server::clock_at(world.end());
    let mut plan = FaultPlan::new(1, FaultLevel::Heavy);
    plan.kinds = vec![Fault::Closed];
    let shared = Arc::new(Mutex::new(Simulator::new(world, plan)));
    let (base, task) = server::spawn(Arc::clone(&shared), clock).await.unwrap();
    let mut cut = 0;
    for limit in 1..40 {
        let head = format!(
            "GET /v1/organizations/users?limit={limit} HTTP/1.1\r\nhost: x\r\nconnection: close\r\nx-api-key: sk-ant-admin01-simulated\r\nanthropic-version: 2023-06-01\r\n\r\n"
        );
        let (text, whole) = ask(&base, &head).await;
        // A chunked body that ends without its last chunk is not whole either.
        cut += usize::from(!whole || !text.trim_end().ends_with(['}', '0']));
    }
    assert!(cut > 2, "{cut}");
    task.abort();
}
