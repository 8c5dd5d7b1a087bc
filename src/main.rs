//! The `rollgate` command.
fn main() {
    let paths: Vec<std::path::PathBuf> = std::env::args_os().skip(1).map(Into::into).collect();
    #[expect(clippy::disallowed_methods, reason = "replaced by cli")]
    let cwd = std::env::current_dir().unwrap_or_default();
    let roots = rollgate::collect::Roots::find(&cwd, &paths);
    let set = rollgate::collect::walk(&roots, &cwd, &paths);
    let loaded = rollgate::engine::load(&set.files, &rollgate::engine::LoadLimits::default());
    let linked = rollgate::engine::link(&set.files, loaded);
    let mut last = None;
    for r in &linked.rollouts {
        if last != Some(r.span.file) {
            println!("=== {}", set.files[r.span.file.0 as usize].path);
            last = Some(r.span.file);
        }
        println!("{:#?}", r);
    }
    for p in &linked.problems {
        println!("problem {} {:?}", set.files[p.span.file.0 as usize].path, p);
    }
}
