//! Origins of web pages (RFC 6454): which of them the settings let call the API.

use url::Url;

/// A list of origins, as browsers write them: `https://app.example.com`, `http://localhost:5173`.
#[derive(Clone, Debug, Default, PartialEq, Eq)]
pub struct Origins(Vec<String>);

impl Origins {
    /// Reads origins with commas between them.
    ///
    /// # Errors
    /// The first entry that is none. `*` is none either: a token that a page keeps is not for every other page.
    pub fn read(text: &str) -> Result<Self, String> {
        let entries = text.split(',').map(str::trim).filter(|entry| !entry.is_empty());
        entries.map(|entry| origin(entry).ok_or_else(|| entry.to_owned())).collect::<Result<_, _>>().map(Self)
    }

    pub fn is_empty(&self) -> bool {
        self.0.is_empty()
    }

    pub fn include(&self, origin: &str) -> bool {
        self.0.iter().any(|known| known == origin)
    }
}

fn origin(entry: &str) -> Option<String> {
    let url = Url::parse(entry).ok()?;
    let plain = ["http", "https"].contains(&url.scheme())
        && url.path() == "/"
        && url.query().is_none()
        && url.fragment().is_none()
        && url.username().is_empty()
        && url.password().is_none();
    plain.then(|| url.origin().ascii_serialization())
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn origins_are_compared_as_browsers_write_them() {
        let origins =
            Origins::read("https://App.example.com/, http://localhost:5173,https://b.example:443").unwrap();
        for origin in ["https://app.example.com", "http://localhost:5173", "https://b.example"] {
            assert!(origins.include(origin), "{origin}");
        }
        for other in ["http://app.example.com", "https://app.example.com.evil.test", "null", ""] {
            assert!(!origins.include(other), "{other}");
        }
        assert!(Origins::read(" ").unwrap().is_empty());
    }

    #[test]
    fn what_is_no_origin_is_named() {
        for bad in ["*", "app.example.com", "https://a.example/app", "ftp://a.example", "https://u@a.example"]
        {
            assert_eq!(Origins::read(&format!("https://ok.example,{bad}")), Err(bad.to_owned()));
        }
    }
}
