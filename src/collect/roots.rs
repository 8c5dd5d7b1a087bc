//! Where the repository is, and how paths are shown.

use std::path::{Component, Path, PathBuf};

/// The root of a run: what paths are relative to and where the policy lies.
#[derive(Clone, Debug)]
pub struct Roots {
    /// The root, absolute.
    pub root: PathBuf,
    /// Is it a git work tree?
    pub is_repository: bool,
    /// The folder named on the command line, when it is the only path: outside of a repository its policy counts too.
    pub folder: Option<PathBuf>,
}

impl Roots {
    /// The roots for `paths`, which are relative to the absolute `cwd`. The repository that holds the first path;
    /// without one the working directory if the path lies in it, else the folder itself.
    pub fn find(cwd: &Path, paths: &[PathBuf]) -> Self {
        let first = normal(&cwd.join(paths.first().map_or(Path::new("."), PathBuf::as_path)));
        let folder = if first.is_dir() { first.clone() } else { first.parent().unwrap_or(cwd).to_path_buf() };
        if let Some(root) = folder.ancestors().find(|dir| dir.join(".git").symlink_metadata().is_ok()) {
            return Self { root: root.to_path_buf(), is_repository: true, folder: None };
        }
        let root = if folder.starts_with(cwd) { cwd.to_path_buf() } else { folder.clone() };
        Self { root, is_repository: false, folder: (paths.len() == 1).then_some(folder) }
    }

    /// How reports show the absolute `path`: relative to the root where it lies inside, with `/`. Bytes that are no
    /// UTF-8 are shown as `\xNN`, so that no two names look alike.
    pub fn show(&self, path: &Path) -> String {
        let inside = path.strip_prefix(&self.root).unwrap_or(path);
        let parts: Vec<String> = inside.components().filter(|c| *c != Component::CurDir).map(part).collect();
        let text = parts.join("/");
        if text.starts_with("//") { text[1..].to_owned() } else { text }
    }
}

/// How reports show a path as git keeps it, bytes with `/`. Bytes that are no UTF-8 are shown as `\xNN`.
pub fn shown(path: &[u8]) -> String {
    escaped(path)
}

/// Is the file at that path, as git keeps it, a manifest by its name?
pub fn is_manifest(path: &[u8]) -> bool {
    let name = path.rsplit(|b| *b == b'/').next().unwrap_or_default();
    let ending = name.iter().rposition(|b| *b == b'.').filter(|at| *at > 0).map(|at| &name[at + 1..]);
    ending.is_some_and(|e| MANIFESTS.iter().any(|known| e.eq_ignore_ascii_case(known.as_bytes())))
}

/// How the names of manifests end.
pub(super) const MANIFESTS: [&str; 6] = ["yaml", "yml", "json", "tf", "template", "ocl"];

/// How the names of prompts end, which are read and nothing more: no rule judges them.
pub(super) const PROMPTS: [&str; 2] = ["prompt", "prompty"];

fn part(component: Component<'_>) -> String {
    escaped(component.as_os_str().as_encoded_bytes())
}

fn escaped(bytes: &[u8]) -> String {
    match std::str::from_utf8(bytes) {
        Ok(text) => text.to_owned(),
        Err(_) => bytes
            .iter()
            .map(|b| if b.is_ascii() { char::from(*b).to_string() } else { format!("\\x{b:02x}") })
            .collect(),
    }
}

/// `path` without `.` and with `..` resolved by name; links are not followed.
pub(super) fn normal(path: &Path) -> PathBuf {
    let mut out = PathBuf::new();
    for component in path.components() {
        match component {
            Component::CurDir => {}
            Component::ParentDir => {
                out.pop();
            }
            Component::Prefix(_) | Component::RootDir | Component::Normal(_) => out.push(component),
        }
    }
    out
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn paths_are_shown_relative_to_the_root() {
        assert_eq!(shown(b"a/\xff.yaml"), "a/\\xff.yaml");
        assert!(
            is_manifest(b"a/b.YAML") && is_manifest(b"x.json") && !is_manifest(b"a.yaml/b") && !is_manifest(b".yaml")
        );
        let roots = Roots { root: "/r".into(), is_repository: true, folder: None };
        assert_eq!(roots.show(Path::new("/r/a/b.yaml")), "a/b.yaml");
        assert_eq!(roots.show(Path::new("/elsewhere/b.yaml")), "/elsewhere/b.yaml");
        assert_eq!(normal(Path::new("/a/./b/../c")), Path::new("/a/c"));
    }
}
