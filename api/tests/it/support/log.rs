//! What the server logs, for tests of what it must not.

use std::io::Write;
use std::sync::{Arc, Mutex};

use calldocker::log::Masking;
use tracing::subscriber::DefaultGuard;
use tracing_subscriber::fmt::MakeWriter;
use tracing_subscriber::util::SubscriberInitExt;

/// Everything that this thread logs, at every level and as the server writes it, for as long as this lives. A test's tasks all run on its thread.
pub struct Log {
    text: Arc<Mutex<Vec<u8>>>,
    _guard: DefaultGuard,
}

impl Log {
    pub fn listen() -> Self {
        let text = Arc::new(Mutex::new(Vec::new()));
        let subscriber = tracing_subscriber::fmt()
            .with_max_level(tracing::Level::TRACE)
            .with_ansi(false)
            .with_writer(Masking(Page(text.clone())))
            .finish();
        Self { text, _guard: subscriber.set_default() }
    }

    /// The lines in which this stands. The look-alike's are left out: it is the provider, and here it shares the thread.
    ///
    /// # Panics
    /// When hardly anything was logged: then nothing was listened to.
    pub fn lines_with(&self, text: &str) -> Vec<String> {
        let log = String::from_utf8_lossy(&self.text.lock().expect("nobody panics with it")).into_owned();
        let lines: Vec<_> = log.lines().filter(|line| !line.contains("carrier::")).collect();
        assert!(lines.len() > 5, "only {} lines were logged", lines.len());
        lines.into_iter().filter(|line| line.contains(text)).map(str::to_owned).collect()
    }
}

#[derive(Clone)]
struct Page(Arc<Mutex<Vec<u8>>>);

impl Write for Page {
    fn write(&mut self, bytes: &[u8]) -> std::io::Result<usize> {
        self.0.lock().expect("nobody panics with it").extend_from_slice(bytes);
        Ok(bytes.len())
    }

    fn flush(&mut self) -> std::io::Result<()> {
        Ok(())
    }
}

impl<'a> MakeWriter<'a> for Page {
    type Writer = Self;

    fn make_writer(&'a self) -> Self {
        self.clone()
    }
}
