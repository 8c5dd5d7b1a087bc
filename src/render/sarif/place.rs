//! Where something is, as SARIF says it.

use serde::Serialize;

use super::Message;
use crate::finding::Label;
use crate::text::{Position, Sources, Span};

#[derive(Serialize)]
#[serde(rename_all = "camelCase")]
pub(super) struct Location {
    #[serde(skip_serializing_if = "Option::is_none")]
    id: Option<u32>,
    #[serde(rename = "physicalLocation")]
    place: PhysicalLocation,
    #[serde(skip_serializing_if = "Option::is_none")]
    message: Option<Message>,
}

#[derive(Serialize)]
#[serde(rename_all = "camelCase")]
struct PhysicalLocation {
    artifact_location: ArtifactLocation,
    #[serde(skip_serializing_if = "Option::is_none")]
    region: Option<Region>,
}

#[derive(Serialize)]
#[serde(rename_all = "camelCase")]
pub(super) struct ArtifactLocation {
    uri: String,
    #[serde(skip_serializing_if = "Option::is_none")]
    uri_base_id: Option<&'static str>,
}

/// From 1, in UTF-16 code units; the end column is the one after the last.
#[derive(Serialize)]
#[serde(rename_all = "camelCase")]
struct Region {
    start_line: u32,
    start_column: u32,
    end_line: u32,
    end_column: u32,
}

impl Location {
    /// The place of `span`.
    pub(super) fn of(sources: &Sources, span: Span) -> Self {
        let (start, end) = sources.positions(span);
        Self::at(sources.path(span.file), Some(Region::between(start, end)))
    }

    /// Another place of a result; messages may refer to it by `id`.
    pub(super) fn related(sources: &Sources, id: u32, label: &Label) -> Self {
        Self { id: Some(id), message: Some(Message::new(&label.text)), ..Self::of(sources, label.span) }
    }

    /// A whole file.
    pub(super) fn of_file(path: &str) -> Self {
        Self::at(path, None)
    }

    fn at(path: &str, region: Option<Region>) -> Self {
        let artifact_location = ArtifactLocation::of(path);
        Self { id: None, place: PhysicalLocation { artifact_location, region }, message: None }
    }
}

impl Region {
    const fn between(start: Position, end: Position) -> Self {
        Self {
            start_line: start.line,
            start_column: start.column_utf16,
            end_line: end.line,
            end_column: end.column_utf16,
        }
    }
}

impl ArtifactLocation {
    /// What relative addresses start from.
    pub(super) const ROOT: &'static str = "%SRCROOT%";

    /// A path from the root is relative to it; one from the disk's root is an address of its own.
    fn of(path: &str) -> Self {
        let uri = percent_encode(path);
        if path.starts_with('/') {
            return Self { uri: format!("file://{uri}"), uri_base_id: None };
        }
        Self { uri, uri_base_id: Some(Self::ROOT) }
    }
}

/// `path` with every byte but unreserved characters and `/` as `%XX`.
fn percent_encode(path: &str) -> String {
    let mut out = String::with_capacity(path.len());
    for byte in path.bytes() {
        if byte.is_ascii_alphanumeric() || b"-._~/".contains(&byte) {
            out.push(char::from(byte));
        } else {
            out += &format!("%{byte:02X}");
        }
    }
    out
}

#[cfg(test)]
mod tests {
    use super::{ArtifactLocation, percent_encode};

    #[test]
    fn paths_become_addresses() {
        assert_eq!(percent_encode("deploy/a b#%é:1.yaml"), "deploy/a%20b%23%25%C3%A9%3A1.yaml");
        let root = ArtifactLocation::of("/srv/x.yaml");
        assert_eq!((&*root.uri, root.uri_base_id), ("file:///srv/x.yaml", None));
        assert_eq!(ArtifactLocation::of("../x.yaml").uri_base_id, Some("%SRCROOT%"));
    }
}
