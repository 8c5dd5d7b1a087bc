//! Links in a terminal, as OSC 8 has them.

use std::path::Path;

/// `text`, which leads to the file at the absolute `path`. For terminals that know links.
pub fn link(path: &Path, text: &str) -> String {
    let mut uri = String::from("file://");
    for byte in path.as_os_str().as_encoded_bytes() {
        match byte {
            b'/' | b'-' | b'.' | b'_' | b'~' => uri.push(char::from(*byte)),
            _ if byte.is_ascii_alphanumeric() => uri.push(char::from(*byte)),
            _ => uri += &format!("%{byte:02X}"),
        }
    }
    format!("\u{1b}]8;;{uri}\u{1b}\\{text}\u{1b}]8;;\u{1b}\\")
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn no_path_leaves_its_link() {
        let linked = link(Path::new("/a b/\u{1b}]8;;x/ü.yaml"), "ü.yaml:3");
        let uri = "file:///a%20b/%1B%5D8%3B%3Bx/%C3%BC.yaml";
        assert_eq!(linked, format!("\u{1b}]8;;{uri}\u{1b}\\ü.yaml:3\u{1b}]8;;\u{1b}\\"));
    }
}
