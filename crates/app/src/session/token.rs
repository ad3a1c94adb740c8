//! The token that the control addresses ask for.

use std::{
    fmt, fs,
    io::{self, Write},
    os::unix::fs::{OpenOptionsExt, PermissionsExt},
    path::Path,
};

use subtle::ConstantTimeEq;

/// A secret of 32 random bytes in hex, made at the first start in a data directory.
#[derive(Clone)]
pub struct ControlToken(String);

impl fmt::Debug for ControlToken {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.write_str("***")
    }
}

impl ControlToken {
    const FILE: &str = "control.token";

    /// Reads the token of `data_dir`, or makes one in a file that only its owner can read.
    ///
    /// # Errors
    /// When the file cannot be read or made, is readable by others, or does not hold a token.
    pub fn load_or_create(data_dir: &Path) -> io::Result<Self> {
        let file = data_dir.join(Self::FILE);
        match fs::read_to_string(&file) {
            // What a start that was killed while it wrote the token left behind.
            Ok(text) if text.is_empty() => Self::create(&file),
            Ok(text) => Self::check(&file, text.trim()),
            Err(error) if error.kind() == io::ErrorKind::NotFound => Self::create(&file),
            Err(error) => Err(error),
        }
    }

    fn check(file: &Path, text: &str) -> io::Result<Self> {
        let mode = fs::metadata(file)?.permissions().mode() & 0o777;
        let complaint = if mode & 0o077 != 0 {
            format!("{} is readable by others (mode {mode:o}): chmod 600 it", file.display())
        } else if text.len() != 64 || !text.bytes().all(|byte| byte.is_ascii_hexdigit()) {
            format!("{} does not hold a token: delete it to get a new one", file.display())
        } else {
            return Ok(Self(text.into()));
        };
        Err(io::Error::new(io::ErrorKind::InvalidData, complaint))
    }

    /// Writes beside the place and renames, so that a kill leaves the whole token or none.
    fn create(file: &Path) -> io::Result<Self> {
        let mut bytes = [0_u8; 32];
        rustls::crypto::ring::default_provider()
            .secure_random
            .fill(&mut bytes)
            .map_err(|_| io::Error::other("the system has no random numbers"))?;
        let text = hex::encode(bytes);
        let draft = file.with_extension("token.draft");
        // A draft of a killed start may have been made by somebody else's rules: start anew.
        match fs::remove_file(&draft) {
            Err(error) if error.kind() != io::ErrorKind::NotFound => return Err(error),
            _ => {}
        }
        let mut out =
            fs::OpenOptions::new().write(true).create_new(true).mode(0o600).open(&draft)?;
        writeln!(out, "{text}")?;
        out.sync_all()?;
        fs::rename(&draft, file)?;
        Ok(Self(text))
    }

    /// Whether `candidate` is the token, in a time that does not depend on it.
    #[must_use]
    pub fn matches(&self, candidate: &str) -> bool {
        self.0.as_bytes().ct_eq(candidate.as_bytes()).into()
    }

    /// The token for a request of our own.
    #[must_use]
    pub fn reveal(&self) -> &str {
        &self.0
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn a_token_is_made_once_and_only_its_owner_can_read_it() {
        let dir = tempfile::tempdir().unwrap();
        let first = ControlToken::load_or_create(dir.path()).unwrap();
        let second = ControlToken::load_or_create(dir.path()).unwrap();
        assert!(first.matches(second.reveal()));
        assert!(!first.matches("something else"));
        let file = dir.path().join("control.token");
        assert_eq!(fs::metadata(file).unwrap().permissions().mode() & 0o777, 0o600);
    }

    #[test]
    fn an_empty_file_of_a_killed_start_is_replaced() {
        let dir = tempfile::tempdir().unwrap();
        fs::write(dir.path().join("control.token"), "").unwrap();
        fs::write(dir.path().join("control.token.draft"), "half").unwrap();
        let token = ControlToken::load_or_create(dir.path()).unwrap();
        assert_eq!(token.reveal().len(), 64);
        assert!(!dir.path().join("control.token.draft").exists());
    }

    #[test]
    fn a_token_that_others_can_read_is_refused() {
        let dir = tempfile::tempdir().unwrap();
        ControlToken::load_or_create(dir.path()).unwrap();
        let file = dir.path().join("control.token");
        fs::set_permissions(&file, fs::Permissions::from_mode(0o644)).unwrap();
        let error = ControlToken::load_or_create(dir.path()).unwrap_err();
        assert!(error.to_string().contains("chmod 600"), "{error}");
    }

    #[test]
    fn a_token_never_shows_in_debug_output() {
        let dir = tempfile::tempdir().unwrap();
        let token = ControlToken::load_or_create(dir.path()).unwrap();
        assert_eq!(format!("{token:?}"), "***");
    }
}
