//! Against a server on this machine, which hears whoever comes.

use std::net::{IpAddr, SocketAddr};
use std::sync::atomic::{AtomicUsize, Ordering};

use futures_util::FutureExt;
use tokio::io::{AsyncReadExt, AsyncWriteExt};
use tokio::net::TcpListener;

use super::names::LookUp;
use super::*;

/// Counts who comes, and answers each with what `answer` writes.
struct Target {
    address: SocketAddr,
    visits: Arc<AtomicUsize>,
}

#[derive(Clone, Copy)]
enum Behaviour {
    Says(&'static str),
    /// A head, and then a byte a time.
    Drips,
    /// A hundred megabytes, of which it does not say how many they are.
    Floods,
}

impl Target {
    async fn start(behaviour: Behaviour) -> Self {
        Self::start_at("127.0.0.1:0", behaviour).await
    }

    async fn start_at(address: &str, behaviour: Behaviour) -> Self {
        let listener = TcpListener::bind(address).await.unwrap();
        let (address, visits) = (listener.local_addr().unwrap(), Arc::new(AtomicUsize::new(0)));
        let counted = visits.clone();
        tokio::spawn(async move {
            while let Ok((mut stream, _)) = listener.accept().await {
                counted.fetch_add(1, Ordering::SeqCst);
                tokio::spawn(async move {
                    let _ = stream.read(&mut [0; 4096]).await;
                    let head = "HTTP/1.1 200 OK\r\nconnection: close\r\n\r\n";
                    match behaviour {
                        Behaviour::Says(answer) => {
                            let _ = stream.write_all(answer.as_bytes()).await;
                        }
                        Behaviour::Drips => {
                            let _ = stream.write_all(head.as_bytes()).await;
                            let mut drops = tokio::time::interval(Duration::from_millis(50));
                            while stream.write_all(b"x").await.is_ok() {
                                drops.tick().await;
                            }
                        }
                        Behaviour::Floods => {
                            let _ = stream.write_all(head.as_bytes()).await;
                            let piece = vec![b'x'; 1 << 20];
                            for _ in 0..100 {
                                if stream.write_all(&piece).await.is_err() {
                                    break;
                                }
                            }
                        }
                    }
                });
            }
        });
        Self { address, visits }
    }

    fn visits(&self) -> usize {
        self.visits.load(Ordering::SeqCst)
    }

    fn allowed(&self) -> Allowed {
        Allowed::read(&self.address.to_string()).unwrap()
    }
}

const OK: Behaviour = Behaviour::Says("HTTP/1.1 200 OK\r\ncontent-length: 2\r\n\r\n{}");

fn get(url: impl Into<String>) -> Sending {
    let timeout = Duration::from_secs(1);
    Sending { method: Method::GET, url: url.into(), headers: BTreeMap::new(), body: None, timeout }
}

fn guarded() -> Web {
    Web::new("https://calls.example.com", Allowed::default()).unwrap()
}

/// A name that is one address at the first look and another at the next; and how often it was looked for.
fn rebinding(first: IpAddr, then: IpAddr) -> (LookUp, Arc<AtomicUsize>) {
    let looks = Arc::new(AtomicUsize::new(0));
    let counted = looks.clone();
    let look_up: LookUp = Arc::new(move |_| {
        let found = if counted.fetch_add(1, Ordering::SeqCst) == 0 { first } else { then };
        async move { Ok(vec![SocketAddr::new(found, 0)]) }.boxed()
    });
    (look_up, looks)
}

#[tokio::test]
async fn no_notation_of_an_address_leads_to_this_machine_or_its_neighbours() {
    let target = Target::start(OK).await;
    let port = target.address.port();
    let web = guarded();
    for host in [
        "127.0.0.1",
        "127.1",
        "2130706433",
        "0x7f000001",
        "0x7f.1",
        "0177.0.0.1",
        "017700000001",
        "0",
        "0.0.0.0",
        "[::1]",
        "[::]",
        "[::ffff:127.0.0.1]",
        "[::ffff:7f00:1]",
        "[64:ff9b::7f00:1]",
        "localhost",
        "①②⑦.⓪.⓪.①",
        "127。0。0。1",
        "169.254.169.254",
        "2852039166",
        "[fe80::1]",
        "[fd00:ec2::254]",
        "10.0.0.1",
        "192.168.1.1",
        "172.16.0.1",
        "100.100.100.200",
    ] {
        for user in ["", "user:password@"] {
            let url = format!("http://{user}{host}:{port}/");
            assert_eq!(web.send(get(&url)).await, Err(Fault::AddressRefused), "{url}");
        }
    }
    for url in ["https://calls.example.com/api", "https://calls.example.com./api"] {
        assert_eq!(web.send(get(url)).await, Err(Fault::AddressRefused), "{url}");
    }
    for url in ["file:///etc/passwd", "ftp://example.com/", "gopher://127.0.0.1/", "data:,x", "nonsense", ""]
    {
        assert_eq!(web.send(get(url)).await, Err(Fault::AddressRefused), "{url}");
    }
    assert_eq!(target.visits(), 0);
}

#[tokio::test]
async fn a_name_is_checked_by_what_is_connected_to_and_not_by_what_it_was_before() {
    let good = Target::start_at("127.0.0.2:0", OK).await;
    let port = good.address.port();
    let hidden = Target::start_at(&format!("127.0.0.1:{port}"), OK).await;
    let (look_up, looks) = rebinding(good.address.ip(), hidden.address.ip());
    // As if 127.0.0.2 were in the public internet.
    let names = GuardedNames { look_up, may_be_reached: |address| address.to_string() == "127.0.0.2" };
    let web = Web::with(names, "", Allowed::default()).unwrap();
    let url = format!("http://rebinding.example.com:{port}/");
    assert_eq!(web.send(get(&url)).await.map(|answer| answer.status), Ok(200));
    assert_eq!(
        (looks.load(Ordering::SeqCst), good.visits()),
        (1, 1),
        "the address that was checked is the one that is connected to"
    );
    for _ in 0..3 {
        assert_eq!(web.send(get(&url)).await, Err(Fault::AddressRefused));
    }
    assert_eq!(hidden.visits(), 0);
}

#[tokio::test]
async fn a_name_with_one_address_that_may_not_be_reached_is_not_reached_at_another() {
    let good = Target::start_at("127.0.0.2:0", OK).await;
    let both = ["127.0.0.2", "127.0.0.1"].map(|text| SocketAddr::new(text.parse().unwrap(), 0));
    let look_up: LookUp = Arc::new(move |_| async move { Ok(both.to_vec()) }.boxed());
    let names = GuardedNames { look_up, may_be_reached: |address| address.to_string() == "127.0.0.2" };
    let web = Web::with(names, "", Allowed::default()).unwrap();
    let url = format!("http://both.example.com:{}/", good.address.port());
    assert_eq!(web.send(get(&url)).await, Err(Fault::AddressRefused));
    assert_eq!(good.visits(), 0);
}

#[tokio::test]
async fn a_host_that_is_allowed_is_reached_at_its_port_and_at_no_other() {
    let (target, other) = (Target::start(OK).await, Target::start(OK).await);
    let web = Web::new("", target.allowed()).unwrap();
    let answer = web.send(get(format!("http://{}/", target.address))).await.unwrap();
    assert_eq!((answer.status, &answer.body[..]), (200, b"{}".as_slice()));
    assert_eq!(web.send(get(format!("http://{}/", other.address))).await, Err(Fault::AddressRefused));
    assert_eq!((target.visits(), other.visits()), (1, 0));
}

#[tokio::test]
async fn a_redirect_is_an_answer_and_is_not_followed() {
    let hidden = Target::start(OK).await;
    let location =
        format!("HTTP/1.1 302 Found\r\nlocation: http://{}/\r\ncontent-length: 0\r\n\r\n", hidden.address);
    let target = Target::start(Behaviour::Says(location.leak())).await;
    let web = Web::new("", target.allowed()).unwrap();
    assert_eq!(
        web.send(get(format!("http://{}/", target.address))).await.map(|answer| answer.status),
        Ok(302)
    );
    assert_eq!(hidden.visits(), 0);
}

#[tokio::test]
async fn an_answer_without_end_is_cut_off() {
    for (behaviour, fault) in [
        (Behaviour::Floods, Fault::AnswerTooLarge),
        (Behaviour::Says("HTTP/1.1 200 OK\r\ncontent-length: 104857600\r\n\r\nx"), Fault::AnswerTooLarge),
        (Behaviour::Drips, Fault::TimedOut),
        (Behaviour::Says("HTTP/1.1 200 OK\r\ncontent-length: 10\r\n\r\nx"), Fault::NoAnswer),
        (Behaviour::Says("nonsense\r\n\r\n"), Fault::NoAnswer),
        (Behaviour::Says(""), Fault::NoAnswer),
    ] {
        let target = Target::start(behaviour).await;
        let web = Web::new("", target.allowed()).unwrap();
        let began = std::time::Instant::now();
        assert_eq!(web.send(get(format!("http://{}/", target.address))).await, Err(fault));
        assert!(began.elapsed() < Duration::from_secs(3), "{fault:?} took {:?}", began.elapsed());
    }
}

#[tokio::test]
async fn who_does_not_listen_gives_no_answer() {
    let listener = TcpListener::bind("127.0.0.1:0").await.unwrap();
    let address = listener.local_addr().unwrap();
    drop(listener);
    let web = Web::new("", Allowed::read("127.0.0.1").unwrap()).unwrap();
    assert_eq!(web.send(get(format!("http://{address}/"))).await, Err(Fault::NoAnswer));
}

#[tokio::test]
async fn a_header_cannot_smuggle_another_one_in() {
    let web = guarded();
    let headers = [("x-name".to_owned(), "a\r\nx-other: b".to_owned())].into();
    let sending = Sending { headers, ..get("https://example.com/") };
    assert_eq!(web.send(sending).await, Err(Fault::BadHeader));
}

#[test]
fn a_list_of_allowed_hosts_is_read_or_says_what_is_none() {
    assert_eq!(Allowed::read(""), Ok(Allowed::default()));
    let allowed = Allowed::read("localhost:8080, crm.internal, [::1]:9000,127.0.0.1:80").unwrap();
    let has = |url: &str| allowed.has(&Url::parse(url).unwrap());
    for url in [
        "http://localhost:8080/x",
        "https://CRM.internal/",
        "http://crm.internal:1/",
        "http://[::1]:9000/",
        "http://127.0.0.1/",
    ] {
        assert!(has(url), "{url}");
    }
    for url in
        ["http://localhost/", "http://crm.internal.example.com/", "http://[::1]/", "http://127.0.0.1:81/"]
    {
        assert!(!has(url), "{url}");
    }
    for bad in ["http://x", "a b", "x/y", "u@x"] {
        assert!(Allowed::read(bad).is_err(), "{bad}");
    }
}

#[tokio::test]
async fn who_connects_himself_gets_only_addresses_that_may_be_reached() {
    let web = guarded();
    for host in
        ["127.0.0.1", "::1", "10.0.0.1", "169.254.169.254", "localhost", "2130706433", "a b", "x@y", "x/y"]
    {
        assert_eq!(web.addresses(host, 25).await, Err(Fault::AddressRefused), "{host}");
    }
    assert_eq!(web.addresses("8.8.8.8", 25).await, Ok(vec!["8.8.8.8:25".parse().unwrap()]));
    let web = Web::new("", Allowed::read("127.0.0.1:25").unwrap()).unwrap();
    assert_eq!(web.addresses("127.0.0.1", 25).await, Ok(vec!["127.0.0.1:25".parse().unwrap()]));
    assert_eq!(web.addresses("127.0.0.1", 26).await, Err(Fault::AddressRefused));
    let (look_up, _) = rebinding("8.8.8.8".parse().unwrap(), "127.0.0.1".parse().unwrap());
    let names = GuardedNames { look_up, may_be_reached: is_reachable };
    let web = Web::with(names, "", Allowed::default()).unwrap();
    assert_eq!(web.addresses("mail.example.com", 25).await, Ok(vec!["8.8.8.8:25".parse().unwrap()]));
    assert_eq!(web.addresses("mail.example.com", 25).await, Err(Fault::AddressRefused));
}

#[tokio::test]
async fn a_store_s_client_connects_to_no_address_that_was_not_checked() {
    use crate::config::{S3Files, S3Settings};
    use crate::storage::{S3, Storage};
    let port = Target::start(OK).await.address.port();
    let good = Target::start_at(&format!("127.0.0.2:{port}"), OK).await;
    let hidden = Target::start_at(&format!("127.0.0.3:{port}"), OK).await;
    let (look_up, looks) = rebinding(good.address.ip(), hidden.address.ip());
    let names = GuardedNames { look_up, may_be_reached: |address| address.to_string() == "127.0.0.2" };
    let settings = S3Settings {
        bucket: "calls".to_owned(),
        region: "eu-central-1".to_owned(),
        access_key_id: "AK".to_owned(),
        secret_access_key: crate::secret::Secret::new("secret"),
        endpoint: Some(format!("http://store.example.com:{port}")),
        path_style: true,
        files: S3Files::Streamed,
    };
    let store = S3::of_tenant(&settings, "", NamesOf { names, allowed: None });
    assert!(store.put("c/1.wav", Bytes::from_static(b"RIFF")).await.is_ok());
    assert_eq!(
        (looks.load(Ordering::SeqCst), good.visits()),
        (1, 1),
        "the one that was checked is connected to"
    );
    for _ in 0..2 {
        assert!(store.put("c/1.wav", Bytes::from_static(b"RIFF")).await.is_err());
    }
    assert_eq!(hidden.visits(), 0);
}

#[tokio::test]
async fn a_host_that_is_allowed_is_found_wherever_it_is_with_those_below_it() {
    let web = Web::new("", Allowed::read("localhost:9000").unwrap()).unwrap();
    let url = |text: &str| Url::parse(text).unwrap();
    assert!(web.names_for(&url("http://localhost:9001")).is_err(), "not by https");
    assert!(web.names_for(&url("https://10.0.0.1")).is_err());
    let names = web.names_for(&url("http://localhost:9000")).unwrap();
    assert!(names.addresses("localhost").await.unwrap().iter().all(std::net::IpAddr::is_loopback));
    let elsewhere = web.names_for(&url("https://s3.example.com")).unwrap();
    assert_eq!(elsewhere.addresses("localhost").await, Err(Fault::AddressRefused));
}
