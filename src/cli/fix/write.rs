//! Puts a mended file in the place of the old one: whole or not at all.

use std::fs::{self, File, OpenOptions};
use std::io::{self, Write};
use std::path::Path;

use super::super::failure::Failure;
use crate::collect::{self, Content, Origin, Roots};
use crate::engine::Mended;

/// Exchanges the file at `place` for what fixes made of it. Its permissions stay, and a link stays a link to it.
pub(super) fn exchange(place: &Path, mended: &Mended, roots: &Roots) -> Result<(), Failure> {
    let failed = |why: String| {
        let help = "make it a file that this user may write, in a folder that this user may write to";
        Failure::new(format!("`{}` cannot be mended: {why}", roots.show(place)), help)
    };
    let error = |e: io::Error| failed(e.to_string());
    let real = place.canonicalize().map_err(error)?;
    let root = roots.root.canonicalize().map_err(error)?;
    if place.starts_with(&roots.root) && !real.starts_with(&root) {
        return Err(failed("it is a link that leads out of the tree".to_owned()));
    }
    let permissions = real.metadata().map_err(error)?.permissions();
    if permissions.readonly() {
        return Err(failed("it is read-only".to_owned()));
    }
    if !is_still(&real, &mended.before) {
        return Err(failed("it has changed while it was checked".to_owned()));
    }
    let new = real.with_extension(format!("rollgate-{}.tmp", std::process::id()));
    let written = create(&new, &mended.after).and_then(|file| {
        file.set_permissions(permissions)?;
        file.sync_all()?;
        fs::rename(&new, &real)
    });
    written.map_err(|e| {
        // It may not even be there.
        let _ = fs::remove_file(&new);
        error(e)
    })
}

fn is_still(path: &Path, text: &str) -> bool {
    let file = collect::File { path: "".into(), origin: Origin::Disk(path.to_path_buf()) };
    matches!(collect::read(&file, text.len() as u64), Ok(Content::Text(now)) if now == *text)
}

fn create(path: &Path, text: &str) -> io::Result<File> {
    let mut file = OpenOptions::new().write(true).create_new(true).open(path)?;
    file.write_all(text.as_bytes())?;
    Ok(file)
}
