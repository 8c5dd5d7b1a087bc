use std::path::Path;

use proptest::prelude::*;

use super::folder::own_folder;
use super::lines::{override_reason, pre_push_lines, pre_receive_lines, push_options};
use super::message::complaints;
use super::script::{Whose, whose, write};
use crate::cli::args::HookName;
use crate::history::ObjectId;

const A: &str = "3f2a9c13f2a9c13f2a9c13f2a9c13f2a9c13f2a9";
const B: &str = "9c1b00019c1b00019c1b00019c1b00019c1b0001";
const ZERO: &str = "0000000000000000000000000000000000000000";

fn id(text: &str) -> Option<ObjectId> {
    ObjectId::from_hex(text)
}

#[test]
fn pre_push_reads_what_git_writes() {
    let text = format!(
        "refs/heads/main {A} refs/heads/main {B}\nmain@{{1 day ago}} {A} refs/heads/new {ZERO}\n(delete) {ZERO} refs/heads/old {B}\n"
    );
    let push = pre_push_lines(text.as_bytes(), "origin", "git@example.com:a.git").unwrap();
    assert_eq!((&*push.remote, &*push.url), ("origin", "git@example.com:a.git"));
    let seen: Vec<_> = push.refs.iter().map(|r| (&*r.local_ref, r.local, &*r.remote_ref, r.remote)).collect();
    assert_eq!(seen[0], ("refs/heads/main", id(A), "refs/heads/main", id(B)));
    assert_eq!(seen[1], ("main@{1 day ago}", id(A), "refs/heads/new", None));
    assert_eq!(seen[2], ("(delete)", None, "refs/heads/old", id(B)));
    assert_eq!(pre_push_lines(b"", "origin", "").unwrap().refs, []);
    let sha256 = format!("HEAD {} refs/heads/x {}\n", "ab".repeat(32), "0".repeat(64));
    assert_eq!(pre_push_lines(sha256.as_bytes(), "origin", "").unwrap().refs[0].local, id(&"ab".repeat(32)));
}

#[test]
fn pre_receive_reads_what_git_writes() {
    let text = format!("{A} {B} refs/heads/main\n{ZERO} {A} refs/heads/new\n{A} {ZERO} refs/tags/v1");
    let seen = pre_receive_lines(text.as_bytes()).unwrap();
    let seen: Vec<_> = seen.iter().map(|r| (r.old, r.new, &*r.name)).collect();
    assert_eq!(
        seen,
        [(id(A), id(B), "refs/heads/main"), (None, id(A), "refs/heads/new"), (id(A), None, "refs/tags/v1")]
    );
}

#[test]
fn a_line_that_is_none_stops_everything() {
    for line in [
        "\n",
        "x\n",
        &format!("refs/heads/main {A} refs/heads/main\n"),
        &format!("refs/heads/main {A} main {B}\n"),
        &format!("refs/heads/main {ZERO} refs/heads/main {ZERO}\n"),
        &format!("refs/heads/main {A} refs/heads/main {}\n", "0".repeat(64)),
        &format!(" {A} refs/heads/main {B}\n"),
        &format!("refs/heads/main {A} refs/heads/main {B}\n\n"),
        &format!("refs/heads/main {A} refs/heads/main {B} \n"),
        &format!("refs/heads/main {A} refs/heads/main {}\n", &B[..39]),
    ] {
        assert!(pre_push_lines(line.as_bytes(), "origin", "").is_err(), "{line:?}");
    }
    for line in ["\n", "x\n", &format!("{A} {B}\n"), &format!("{A} {B} main\n"), &format!("{A} {B} refs/heads/a b\n")] {
        assert!(pre_receive_lines(line.as_bytes()).is_err(), "{line:?}");
    }
    let second = pre_receive_lines(format!("{A} {B} refs/heads/main\n{A}\n").as_bytes()).unwrap_err();
    assert!(second.message.starts_with("line 2 of pre-receive's standard input"), "{}", second.message);
}

#[test]
fn push_options_carry_a_reason() {
    let variables = |count: &'static str, options: &'static [&str]| {
        push_options(move |name| match name.strip_prefix("GIT_PUSH_OPTION_")? {
            "COUNT" => Some(count.to_owned()),
            n => options.get(n.parse::<usize>().unwrap()).map(|o| (*o).to_owned()),
        })
    };
    let reason = |options| override_reason(&variables("1", options)).ok();
    assert_eq!(reason(&["rollgate-override=outage, see OPS-1"]), Some(Some("outage, see OPS-1".to_owned())));
    assert_eq!(reason(&["Rollgate-Override: a=b: c"]), Some(Some("a=b: c".to_owned())));
    assert_eq!(reason(&["ci.skip"]), Some(None));
    for empty in [&["rollgate-override="][..], &["rollgate-override"], &["Rollgate-Override:  "]] {
        assert_eq!(reason(empty), None);
    }
    assert_eq!(variables("2", &["a", "b", "c"]), ["a", "b"]);
    assert_eq!(variables("99999999", &["a"]), ["a"]);
    assert_eq!(variables("-1", &["a"]).len() + variables("x", &["a"]).len() + variables("", &["a"]).len(), 0);
    assert_eq!(override_reason(&variables("0", &["rollgate-override=x"])).unwrap(), None);
    let two = ["rollgate-override=a".to_owned(), "rollgate-override=b".to_owned()];
    assert_eq!(override_reason(&two).unwrap().unwrap(), "a; b");
}

#[test]
fn trailers_are_where_git_sees_them() {
    let lines = |text: &str| complaints(text).into_iter().map(|(line, _)| line).collect::<Vec<_>>();
    for good in [
        "",
        "fix: x\n",
        "fix: x\n\nRollgate-Override: outage\n",
        "fix: x\n\nbody\n\nrollgate-override: outage\nSigned-off-by: A <a@example.com>\n",
        "fix: x\n\nRollgate-Override:\n  goes on here\n",
        "fix: x\n\nRollback-Drill: web\n\n# Please enter the commit message\n# Rollgate-Override:\n",
        "fix: x\n\nRollback-Drill: web\n\n; Please enter\n; the message\n",
        "fix: x\n\nRollback-Drill: web\n# ------------------------ >8 ------------------------\ndiff\n\nRollgate-Override: x\n",
        "fix: x\n\nsome text\nmore\nSigned-off-by: A <a@example.com>\nRollback-Drill: web\n",
        "fix: x\n\n  Rollgate-Override: quoted\n\nbody\n",
    ] {
        assert_eq!(lines(good), [0; 0], "{good:?}");
    }
    for (bad, at) in [
        ("fix: x\n\nRollgate-Override:\n", 3),
        ("fix: x\n\nRollgate-Override:  \t\nRollback-Drill: web\n", 3),
        ("Rollgate-Override: in the subject\n", 1),
        ("fix: x\nRollgate-Override: below the subject\n", 2),
        ("fix: x\n\nRollgate-Override: outage\n\nand more text\n", 3),
        ("fix: x\n\ntext\nRollgate-Override: outage\n", 4),
        ("# comment\nfix: x\n\nRollback-Drill:\n", 4),
        ("fix: x\n\nRollback-Drill: web and api\n", 3),
        ("fix: x\r\n\r\nRollback-Drill:\r\n", 3),
    ] {
        assert_eq!(lines(bad), [at], "{bad:?}");
    }
}

#[test]
fn a_script_that_was_touched_is_not_ours() {
    let text = write(HookName::PrePush, Some("/opt/it's here/rollgate"));
    assert_eq!(whose(HookName::PrePush, &text), Whose::Ours);
    assert_eq!(whose(HookName::PreCommit, &text), Whose::Changed);
    assert_eq!(whose(HookName::PrePush, &format!("{text}# more\n")), Whose::Changed);
    assert_eq!(whose(HookName::PrePush, &text.replacen("#!/bin/sh", "#!/bin/bash", 1)), Whose::Changed);
    assert_eq!(whose(HookName::PrePush, "#!/bin/sh\nexec true\n"), Whose::Foreign);
    assert!(text.contains(r"recorded='/opt/it'\''s here/rollgate'"));
    let mut settings = insta::Settings::clone_current();
    settings.set_prepend_module_to_snapshot(false);
    settings.set_omit_expression(true);
    settings.set_snapshot_path("../../../tests/snapshots/hooks");
    settings.bind(|| {
        for name in [HookName::PreCommit, HookName::PreReceive] {
            insta::assert_snapshot!(name.as_str(), write(name, Some("/usr/bin/rollgate")));
        }
    });
}

#[test]
fn a_shared_folder_is_named_or_left_alone() {
    let own = tempfile::tempdir().unwrap();
    let other = tempfile::tempdir().unwrap();
    let roots: [&Path; 1] = [own.path()];
    assert!(own_folder(&own.path().join("hooks"), &roots).is_ok());
    let failure = own_folder(other.path(), &roots).unwrap_err();
    assert!(failure.message.contains("other repositories may share it") && failure.help.unwrap().contains("--dir"));
    std::os::unix::fs::symlink(other.path(), own.path().join("link")).unwrap();
    assert!(own_folder(&own.path().join("link"), &roots).is_err());
}

proptest! {
    #[test]
    fn parsers_take_any_bytes(bytes in proptest::collection::vec(any::<u8>(), 0..300)) {
        let _ = pre_push_lines(&bytes, "origin", "");
        let _ = pre_receive_lines(&bytes);
        let _ = complaints(&String::from_utf8_lossy(&bytes));
    }

    #[test]
    fn what_is_written_is_read(local in "[a-z@{} ~0-9]{1,20}", name in "refs/[a-z/]{1,20}", zero in any::<bool>()) {
        let remote = if zero { ZERO } else { B };
        let push = pre_push_lines(format!("{local} {A} {name} {remote}\n").as_bytes(), "o", "u").unwrap();
        prop_assert_eq!(&push.refs[0].local_ref, &local);
        prop_assert_eq!(&push.refs[0].remote_ref, &name);
        prop_assert_eq!(push.refs[0].remote.is_none(), zero);
        let moved = pre_receive_lines(format!("{remote} {A} {name}\n").as_bytes()).unwrap();
        prop_assert_eq!(&moved[0].name, &name);
    }

    #[test]
    fn any_program_is_one_word(program in "[ -~\n]{0,40}") {
        let text = write(HookName::PreCommit, Some(&program));
        prop_assert_eq!(whose(HookName::PreCommit, &text), Whose::Ours);
    }
}
