//! Firebase as this server knows it: keys at an address, and tokens that are signed with them. It is a thread and no task,
//! so that one can serve every test of the process.

use std::io::{Read, Write};
use std::net::TcpListener;
use std::sync::{Arc, LazyLock, Mutex};

use aws_lc_rs::encoding::{AsDer, Pkcs8V1Der};
use aws_lc_rs::rsa::{KeyPair, KeySize};
use base64::Engine;
use base64::prelude::BASE64_STANDARD;
use chrono::{DateTime, TimeDelta, Utc};
use jsonwebtoken::jwk::{Jwk, JwkSet};
use jsonwebtoken::{Algorithm, EncodingKey, Header};
use serde_json::{Value, json};

pub const PROJECT: &str = "calldocker-tests";

/// A key of 2048 bits, in PEM.
pub fn rsa_key() -> String {
    let pair = KeyPair::generate(KeySize::Rsa2048).expect("a key");
    let der: Pkcs8V1Der<'static> = pair.as_der().expect("a key can be written down");
    let text = BASE64_STANDARD.encode(der.as_ref());
    format!("-----BEGIN PRIVATE KEY-----\n{text}\n-----END PRIVATE KEY-----\n")
}

/// A key that signs tokens.
#[derive(Clone)]
pub struct SigningKey {
    pub name: String,
    key: EncodingKey,
}

impl SigningKey {
    pub fn new(name: &str) -> Self {
        let key = EncodingKey::from_rsa_pem(rsa_key().as_bytes()).expect("a key of RSA");
        Self { name: name.to_owned(), key }
    }

    /// Signs what is said, whatever it is.
    pub fn sign(&self, claims: &Value) -> String {
        let header = Header { kid: Some(self.name.clone()), ..Header::new(Algorithm::RS256) };
        jsonwebtoken::encode(&header, claims, &self.key).expect("claims can be signed")
    }

    fn public(&self) -> Jwk {
        let mut jwk = Jwk::from_encoding_key(&self.key, Algorithm::RS256).expect("a public half");
        jwk.common.key_id = Some(self.name.clone());
        jwk
    }
}

/// What the address answers.
#[derive(Clone)]
pub struct Shelf {
    pub keys: Vec<SigningKey>,
    pub cache_control: &'static str,
    pub status: u16,
    /// How often it was asked.
    pub asked: u32,
}

pub struct Firebase {
    pub key: SigningKey,
    url: String,
    pub shelf: Arc<Mutex<Shelf>>,
}

/// What a good token says.
pub fn claims(number: &str, now: DateTime<Utc>) -> Value {
    json!({
        "iss": format!("https://securetoken.google.com/{PROJECT}"),
        "aud": PROJECT,
        "sub": "uid-of-firebase",
        "iat": now.timestamp(),
        "auth_time": now.timestamp(),
        "exp": (now + TimeDelta::hours(1)).timestamp(),
        "phone_number": number,
        "firebase": { "sign_in_provider": "phone" },
    })
}

impl Firebase {
    pub fn start() -> Self {
        let key = SigningKey::new("first");
        let shelf = Shelf {
            keys: vec![key.clone()],
            cache_control: "public, max-age=19302, must-revalidate, no-transform",
            status: 200,
            asked: 0,
        };
        let shelf = Arc::new(Mutex::new(shelf));
        let listener = TcpListener::bind("127.0.0.1:0").expect("a free port");
        let url = format!("http://{}/keys", listener.local_addr().expect("a bound port"));
        let shown = shelf.clone();
        std::thread::spawn(move || {
            for stream in listener.incoming().flatten() {
                serve(stream, &shown);
            }
        });
        Self { key, url, shelf }
    }

    /// One that all tests share; nobody changes what it answers.
    pub fn everybodys() -> &'static Self {
        static SHARED: LazyLock<Firebase> = LazyLock::new(Firebase::start);
        &SHARED
    }

    pub fn url(&self) -> &str {
        &self.url
    }

    /// Of somebody who has just proved this number there.
    pub fn token(&self, number: &str, now: DateTime<Utc>) -> String {
        self.key.sign(&claims(number, now))
    }

    pub fn change(&self, change: impl FnOnce(&mut Shelf)) {
        change(&mut self.shelf.lock().expect("nobody has panicked here"));
    }

    pub fn asked(&self) -> u32 {
        self.shelf.lock().expect("nobody has panicked here").asked
    }
}

fn serve(mut stream: std::net::TcpStream, shelf: &Mutex<Shelf>) {
    let mut request = [0_u8; 4096];
    // A request without a body comes in one piece here.
    let _read = stream.read(&mut request);
    let shelf = {
        let mut shelf = shelf.lock().expect("nobody has panicked here");
        shelf.asked += 1;
        shelf.clone()
    };
    let keys = JwkSet { keys: shelf.keys.iter().map(SigningKey::public).collect() };
    let body = serde_json::to_string(&keys).expect("keys are JSON");
    let answer = format!(
        "HTTP/1.1 {} Whatever\r\ncontent-type: application/json\r\ncache-control: {}\r\ncontent-length: {}\r\n\
         connection: close\r\n\r\n{body}",
        shelf.status,
        shelf.cache_control,
        body.len()
    );
    let _written = stream.write_all(answer.as_bytes());
}
