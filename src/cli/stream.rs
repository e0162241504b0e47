//! Where bytes go: a stream or a file of the tool's own, moved to a high descriptor so that the first
//! socket is 3. A stream that closes or fills its disk is given up once, and said once.

use crate::abi::errno::Errno;
use std::fs::File;
use std::io::{self, Write};
use std::os::fd::{AsFd, OwnedFd};
use std::path::Path;

/// The lowest number for a descriptor of the tool's own.
const HIGH: i32 = 300;

/// A place to write to.
#[derive(Debug)]
pub struct Stream {
    file: File,
    name: String,
    /// What the command is for goes there: whoever closes it has seen enough.
    product: bool,
    broken: Option<io::Error>,
}

impl Stream {
    /// Creates (or empties) a file.
    ///
    /// # Errors
    /// A sentence with the file's name and what the kernel said.
    pub fn create(path: &Path) -> Result<Stream, String> {
        let name = path.display().to_string();
        let file =
            File::create(path).map_err(|error| format!("open {name}: {}", no_file(&error)))?;
        Stream::new(name, file.into())
    }

    /// The same place once more: what one writes comes behind what the other wrote.
    ///
    /// # Errors
    /// A sentence, when the descriptor cannot be copied.
    pub fn again(&self) -> Result<Stream, String> {
        let copy = self.file.try_clone();
        let copy = copy.map_err(|error| format!("{}: {}", self.name, plain(&error)))?;
        Ok(Stream {
            product: self.product,
            ..Stream::new(self.name.clone(), copy.into())?
        })
    }

    /// Standard error.
    ///
    /// # Errors
    /// A sentence, when the descriptor cannot be copied.
    pub fn stderr() -> Result<Stream, String> {
        let copy = io::stderr().as_fd().try_clone_to_owned();
        let copy = copy.map_err(|error| format!("standard error: {}", plain(&error)))?;
        Stream::new("standard error".to_string(), copy)
    }

    /// Standard output.
    ///
    /// # Errors
    /// A sentence, when the descriptor cannot be copied.
    pub fn stdout() -> Result<Stream, String> {
        let copy = io::stdout().as_fd().try_clone_to_owned();
        let copy = copy.map_err(|error| format!("standard output: {}", plain(&error)))?;
        Ok(Stream {
            product: true,
            ..Stream::new("standard output".to_string(), copy)?
        })
    }

    fn new(name: String, fd: OwnedFd) -> Result<Stream, String> {
        let fd = crate::kernel::move_high(fd, HIGH)
            .map_err(|error| format!("{name}: cannot move the descriptor: {}", plain(&error)))?;
        Ok(Stream {
            file: File::from(fd),
            name,
            product: false,
            broken: None,
        })
    }

    /// Writes all of it, or finds the stream broken. Nothing is written after that.
    pub fn write(&mut self, bytes: &[u8]) {
        if self.broken.is_none()
            && let Err(error) = self.file.write_all(bytes)
        {
            self.broken = Some(error);
        }
    }

    /// Whether the stream still takes bytes.
    pub fn is_whole(&self) -> bool {
        self.broken.is_none()
    }

    /// What broke, in one sentence.
    pub fn complaint(&self) -> Option<String> {
        let enough = |error: &io::Error| self.product && error.kind() == io::ErrorKind::BrokenPipe;
        let error = self.broken.as_ref().filter(|error| !enough(error))?;
        Some(format!("write {}: {}", self.name, plain(error)))
    }
}

impl AsFd for Stream {
    fn as_fd(&self) -> std::os::fd::BorrowedFd<'_> {
        self.file.as_fd()
    }
}

/// The kernel's words, and the errno's name in place of Rust's `(os error N)`.
pub fn plain(error: &io::Error) -> String {
    let text = error.to_string();
    let Some(number) = error.raw_os_error() else {
        return text;
    };
    let words = text.split(" (os error").next().unwrap_or_default();
    let name = Errno(number)
        .name()
        .map_or(String::new(), |name| format!(" ({name})"));
    format!("{words}{name}")
}

/// Why a file could not be opened or read, and what to try.
pub fn no_file(error: &io::Error) -> String {
    let hint = match error.kind() {
        io::ErrorKind::NotFound => "; is the name right, and is its folder there?",
        io::ErrorKind::PermissionDenied => {
            "; its permissions keep this user out: ls -ld shows them"
        }
        io::ErrorKind::IsADirectory => "; that is a folder: give a file",
        _ => "",
    };
    plain(error) + hint
}

/// Writes a command's whole product to standard output and gives the exit status. Whoever closed the
/// stream has seen enough; a full disk is an error.
pub fn product(command: &str, text: &[u8]) -> u8 {
    use std::io::Write;
    let mut out = std::io::stdout();
    match out.write_all(text).and_then(|()| out.flush()) {
        Err(error) if error.kind() != std::io::ErrorKind::BrokenPipe => {
            super::say(&format!(
                "httpsys {command}: write standard output: {}",
                plain(&error)
            ));
            super::exit::REFUSED
        }
        _ => super::exit::DONE,
    }
}
