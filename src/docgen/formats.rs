//! The page of a format.

use super::{docs, repository_path};
use crate::catalog::AdapterMeta;

/// The page of `meta` as Markdown.
pub(super) fn page(meta: &AdapterMeta) -> String {
    let mut out = format!("# {}\n\n`{}` in reports. Read are:\n\n", meta.title, meta.id);
    for kind in meta.kinds {
        out += &format!("- {}\n", kind_text(kind.group, kind.kind));
    }
    out.push('\n');
    for line in docs(meta.docs) {
        out += line;
        out.push('\n');
    }
    let file = repository_path(meta.file);
    out += &format!("\n---\n\nDeclared in [`{file}`](../../{file})\n");
    out
}

/// `` `Rollout` of `argoproj.io` ``.
pub(super) fn kind_text(group: &str, kind: &str) -> String {
    if group.is_empty() { format!("`{kind}` of the core group") } else { format!("`{kind}` of `{group}`") }
}
