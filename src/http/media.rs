//! Which media type a file has, by the ending of its name (RFC 9110 8.3).
//!
//! In: a path. Out: the value of Content-Type. Text is said to be UTF-8, because what people write
//! today is. What the bytes look like is never asked: guessing by content has been a hole in browsers.

/// The type of files whose ending is not known: bytes.
pub const UNKNOWN: &str = "application/octet-stream";

/// Endings in lower case, sorted, with their type.
static ENDINGS: &[(&str, &str)] = &[
    ("7z", "application/x-7z-compressed"),
    ("aac", "audio/aac"),
    ("apng", "image/apng"),
    ("atom", "application/atom+xml"),
    ("avif", "image/avif"),
    ("bmp", "image/bmp"),
    ("bz2", "application/x-bzip2"),
    ("c", "text/plain; charset=utf-8"),
    ("cast", "application/x-asciicast"),
    ("css", "text/css; charset=utf-8"),
    ("csv", "text/csv; charset=utf-8"),
    ("epub", "application/epub+zip"),
    ("flac", "audio/flac"),
    ("gif", "image/gif"),
    ("go", "text/plain; charset=utf-8"),
    ("gz", "application/gzip"),
    ("h", "text/plain; charset=utf-8"),
    ("htm", "text/html; charset=utf-8"),
    ("html", "text/html; charset=utf-8"),
    ("ico", "image/x-icon"),
    ("ics", "text/calendar; charset=utf-8"),
    ("jpeg", "image/jpeg"),
    ("jpg", "image/jpeg"),
    ("js", "text/javascript; charset=utf-8"),
    ("json", "application/json"),
    ("jsonl", "application/jsonl"),
    ("jsonld", "application/ld+json"),
    ("jxl", "image/jxl"),
    ("log", "text/plain; charset=utf-8"),
    ("m4a", "audio/mp4"),
    ("map", "application/json"),
    ("md", "text/markdown; charset=utf-8"),
    ("mjs", "text/javascript; charset=utf-8"),
    ("mp3", "audio/mpeg"),
    ("mp4", "video/mp4"),
    ("mpeg", "video/mpeg"),
    ("oga", "audio/ogg"),
    ("ogg", "audio/ogg"),
    ("ogv", "video/ogg"),
    ("opus", "audio/ogg"),
    ("otf", "font/otf"),
    ("pdf", "application/pdf"),
    ("png", "image/png"),
    ("py", "text/x-python; charset=utf-8"),
    ("rs", "text/plain; charset=utf-8"),
    ("rss", "application/rss+xml"),
    ("rtf", "application/rtf"),
    ("sh", "text/x-shellscript; charset=utf-8"),
    ("svg", "image/svg+xml"),
    ("tar", "application/x-tar"),
    ("tif", "image/tiff"),
    ("tiff", "image/tiff"),
    ("toml", "application/toml"),
    ("ttf", "font/ttf"),
    ("txt", "text/plain; charset=utf-8"),
    ("vtt", "text/vtt; charset=utf-8"),
    ("wasm", "application/wasm"),
    ("wav", "audio/wav"),
    ("webm", "video/webm"),
    ("webmanifest", "application/manifest+json"),
    ("webp", "image/webp"),
    ("woff", "font/woff"),
    ("woff2", "font/woff2"),
    ("xhtml", "application/xhtml+xml"),
    ("xml", "application/xml"),
    ("yaml", "application/yaml"),
    ("yml", "application/yaml"),
    ("zip", "application/zip"),
    ("zst", "application/zstd"),
];

/// The type of a file by its name or path; [`UNKNOWN`] when the ending says nothing.
pub fn of_path(path: &[u8]) -> &'static str {
    let name = path.rsplit(|&b| b == b'/').next().unwrap_or_default();
    let Some(dot) = memchr::memrchr(b'.', name) else {
        return UNKNOWN;
    };
    let lower = name[dot + 1..].to_ascii_lowercase();
    match ENDINGS.binary_search_by(|(ending, _)| ending.as_bytes().cmp(&lower)) {
        Ok(at) => ENDINGS[at].1,
        Err(_) => UNKNOWN,
    }
}

/// The type and subtype of a Content-Type value, parameters cut off, not trimmed of case.
pub fn essence(value: &[u8]) -> &[u8] {
    let end = value.iter().position(|&b| b == b';').unwrap_or(value.len());
    value[..end].trim_ascii()
}

/// True for types whose bytes are mostly text: worth compressing, so that a compressed neighbour is
/// worth looking for.
pub fn is_compressible(kind: &str) -> bool {
    let has = |part: &str| kind.contains(part);
    kind.starts_with("text/")
        || ["json", "xml", "wasm", "toml", "yaml", "rtf", "bmp", "x-tar"]
            .into_iter()
            .any(has)
        || ["font/otf", "font/ttf", "image/x-icon"].contains(&kind)
}

/// True for types that a browser runs or renders with scripts: HTML, SVG, XML, script. An answer that
/// repeats what a stranger sent must not carry one of them.
pub fn is_active(value: &[u8]) -> bool {
    let essence = essence(value).to_ascii_lowercase();
    let has = |part: &[u8]| memchr::memmem::find(&essence, part).is_some();
    [
        &b"html"[..],
        b"xml",
        b"svg",
        b"script",
        b"multipart",
        b"mhtml",
        b"rfc822",
    ]
    .into_iter()
    .any(has)
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn endings_are_sorted_so_that_they_can_be_found() {
        assert!(ENDINGS.windows(2).all(|pair| pair[0].0 < pair[1].0));
        assert_eq!(of_path(b"/a.b/INDEX.HTML"), "text/html; charset=utf-8");
        assert_eq!(of_path(b"/a.html/b"), UNKNOWN);
        assert_eq!(of_path(b""), UNKNOWN);
    }

    #[test]
    fn text_is_worth_compressing_and_pictures_are_not() {
        for path in [
            "a.html",
            "a.js",
            "a.svg",
            "a.json",
            "a.webmanifest",
            "a.wasm",
            "a.xml",
        ] {
            assert!(is_compressible(of_path(path.as_bytes())), "{path}");
        }
        for path in ["a.png", "a.gz", "a.mp4", "a.woff2", "a.zip", "a"] {
            assert!(!is_compressible(of_path(path.as_bytes())), "{path}");
        }
    }

    #[test]
    fn types_that_a_browser_runs_are_known() {
        for active in [
            "text/html",
            "TEXT/HTML; charset=x",
            "image/svg+xml",
            "application/xhtml+xml",
            "text/javascript",
        ] {
            assert!(is_active(active.as_bytes()), "{active}");
        }
        for inert in ["text/plain", "application/json", "image/png", ""] {
            assert!(!is_active(inert.as_bytes()), "{inert}");
        }
    }
}
