//! Reads policy tests: what a policy has to find, and what it must not, in files that stand in the test.

use std::sync::Arc;

use chrono::{DateTime, NaiveDate, NaiveTime};

use super::desk::{Desk, shown};
use super::fault::{FileKind, PolicyError, PolicyFile};
use super::layer::with_root;
use super::load::{inside, looks_like_a_file, preset_help};
use super::presets::preset;
use super::{Known, Source};
use crate::catalog::RuleMeta;
use crate::clock::Moment;
use crate::syntax::Node;
use crate::text::{FileId, LineIndex, Span, Spanned};

/// The keys of a file of policy tests.
pub(super) const FILE_KEYS: &[&str] = &["tests"];
/// The keys of a test.
pub(super) const TEST_KEYS: &[&str] = &["name", "as-of", "files", "history", "policy", "expect", "forbid"];
/// The keys of a commit of `history`.
pub(super) const COMMIT_KEYS: &[&str] = &["at", "message", "files"];
/// The keys of an entry of `expect`.
pub(super) const EXPECT_KEYS: &[&str] = &["rule", "file", "line", "rollout"];

/// A file of policy tests.
#[derive(Clone, Debug)]
pub struct TestsFile {
    /// The file.
    pub file: PolicyFile,
    /// Its tests, in order.
    pub tests: Vec<PolicyTest>,
}

/// One policy test.
#[derive(Clone, Debug)]
pub struct PolicyTest {
    /// What it is about.
    pub name: Spanned<Box<str>>,
    /// When the deploy would start.
    pub as_of: Option<Moment>,
    /// What is checked, by path. Where there is a history, what the change writes.
    pub files: Vec<TestFile>,
    /// The commits before the change, the oldest first; without any, the files are a tree.
    pub history: Vec<TestCommit>,
    /// The policy that judges.
    pub policy: TestPolicy,
    /// What has to be found, other findings beside it or not. An empty list: nothing at all may be found.
    pub expect: Option<Vec<Expected>>,
    /// Rules that must find nothing.
    pub forbid: Vec<Spanned<&'static RuleMeta>>,
}

/// A commit of a policy test's history.
#[derive(Clone, Debug)]
pub struct TestCommit {
    /// When.
    pub at: Moment,
    /// What it says.
    pub message: Box<str>,
    /// What it writes.
    pub files: Vec<TestFile>,
}

/// A file of a policy test.
#[derive(Clone, Debug)]
pub struct TestFile {
    /// Its path.
    pub path: Box<str>,
    /// Its text.
    pub text: Arc<str>,
    /// Where the text stands in the tests' file.
    pub span: Span,
}

/// The policy that judges a test.
#[derive(Clone, Debug, PartialEq, Eq)]
pub enum TestPolicy {
    /// The `rollgate.yaml` among the test's files, or else the one of the repository.
    Found,
    /// A file of the test or of the repository, by its path.
    Path(Spanned<Box<str>>),
    /// A preset, or a policy that stands in the test.
    Here(Source),
}

/// A finding that a test expects.
#[derive(Clone, Debug)]
pub struct Expected {
    /// The rule.
    pub rule: &'static RuleMeta,
    /// The file, if it matters.
    pub file: Option<Box<str>>,
    /// The line, if it matters.
    pub line: Option<u32>,
    /// The rollout's name, if it matters.
    pub rollout: Option<Box<str>>,
    /// Where the test says so.
    pub span: Span,
}

impl TestsFile {
    /// Reads the tests of the file at `path`.
    ///
    /// # Errors
    /// Every fault in it.
    pub fn read(known: &Known<'_>, path: &str, text: Arc<str>) -> Result<Self, PolicyError> {
        let lines = LineIndex::new(&text);
        let id = FileId(known.first_file);
        let kind = FileKind::Repository;
        let file = PolicyFile { path: path.into(), text, lines, id, root: String::new(), kind };
        let mut desk = Desk::new(known, &file, 0);
        let tests = with_root(&mut desk, tests);
        if tests.is_none() && desk.faults.is_empty() {
            desk.fault(
                Span::new(id, 0, 0),
                "this file holds no tests",
                "write `tests: [{name: …, files: {…}, expect: […]}]`",
            );
        }
        let mut faults = desk.faults;
        if !faults.is_empty() {
            faults.sort();
            faults.dedup();
            return Err(PolicyError::Faults { faults, files: vec![file] });
        }
        Ok(Self { file, tests: tests.unwrap_or_default() })
    }
}

fn tests(desk: &mut Desk<'_>, root: Node<'_>) -> Vec<PolicyTest> {
    let mut all = Vec::new();
    for (_, list) in desk.fields(root, "a file of policy tests", FILE_KEYS) {
        for item in desk.items(list, "`tests`") {
            all.extend(test(desk, item));
        }
    }
    if root.is_map() && root.get("tests").is_none_or(|list| list.is_seq() && list.items().next().is_none()) {
        desk.fault(root.anchor(), "this file holds no tests", "add `tests: [{name: …, files: {…}, expect: […]}]`");
    }
    all
}

fn test(desk: &mut Desk<'_>, item: Node<'_>) -> Option<PolicyTest> {
    let mut name = None;
    let mut as_of = None;
    let mut files = Vec::new();
    let mut history = Vec::new();
    let mut policy = TestPolicy::Found;
    let mut expect = None;
    let mut forbid = Vec::new();
    for (key, value) in desk.fields(item, "a policy test", TEST_KEYS) {
        match key.value {
            "name" => name = desk.text(value, "`name`").map(|text| Spanned::new(Box::from(text), value.span())),
            "as-of" => as_of = moment(desk, value, "`as-of`"),
            "files" => files = test_files(desk, value),
            "history" => history = commits(desk, value),
            "policy" => policy = test_policy(desk, value).unwrap_or(TestPolicy::Found),
            "expect" => expect = Some(expected(desk, value)),
            _ => {
                for text in desk.texts(value, "`forbid`") {
                    forbid.extend(desk.rule(text).map(|meta| Spanned::new(meta, text.span)));
                }
            }
        }
    }
    if item.is_map() {
        complete(desk, item);
    }
    Some(PolicyTest { name: name?, as_of, files, history, policy, expect, forbid })
}

/// A test without a name, without files, or that nothing could fail, is a mistake.
fn complete(desk: &mut Desk<'_>, item: Node<'_>) {
    if item.get("name").is_none() {
        desk.fault(item.anchor(), "this test has no name", "add `name: what it shows`");
    }
    if item.get("files").is_none() {
        desk.fault(item.anchor(), "this test checks no files", "add `files: {deploy/web.yaml: |…}`");
    }
    if item.get("expect").is_none() && item.get("forbid").is_none_or(|list| list.items().next().is_none()) {
        let help = "add `expect: [{rule: …}]`, `expect: []` for no findings at all, or `forbid: […]`";
        desk.fault(item.anchor(), "this test can't fail", help);
    }
}

/// The commits of `history`. A commit without its time would make the test depend on the day it runs on.
fn commits(desk: &mut Desk<'_>, node: Node<'_>) -> Vec<TestCommit> {
    let mut all: Vec<TestCommit> = Vec::new();
    for item in desk.items(node, "`history`") {
        let (mut at, mut message, mut files) = (None, "", Vec::new());
        for (key, value) in desk.fields(item, "a commit of `history`", COMMIT_KEYS) {
            match key.value {
                "at" => at = moment(desk, value, "`at`"),
                "message" => message = desk.text(value, "`message`").unwrap_or_default(),
                _ => files = test_files(desk, value),
            }
        }
        if item.is_map() && item.get("at").is_none() {
            desk.fault(item.anchor(), "this commit has no time", "add `at: 2026-11-24T10:00:00Z`");
        }
        all.extend(at.map(|at| TestCommit { at, message: message.into(), files }));
    }
    all
}

fn moment(desk: &mut Desk<'_>, node: Node<'_>, name: &str) -> Option<Moment> {
    let text = desk.text(node, name)?;
    let exact = DateTime::parse_from_rfc3339(text).ok().map(|t| t.to_utc());
    let day = || Some(NaiveDate::parse_from_str(text, "%Y-%m-%d").ok()?.and_time(NaiveTime::MIN).and_utc());
    let read = exact.or_else(day);
    if read.is_none() {
        let help =
            "write date, time and zone, such as `2026-11-24T10:00:00+01:00`; a date alone is its midnight in UTC";
        desk.fault(node.span(), format!("`{}` is not a moment", shown(text)), help);
    }
    read
}

fn test_files(desk: &mut Desk<'_>, node: Node<'_>) -> Vec<TestFile> {
    let mut all = Vec::new();
    for (path, value) in desk.entries(node, "`files`") {
        let inside = inside(path.value).unwrap_or_default();
        if inside.is_empty() {
            let help = "write a path from the repository's root, such as `deploy/web.yaml`";
            desk.fault(path.span, format!("`{}` is not a path inside the repository", shown(path.value)), help);
        }
        if let Some(text) = value.text() {
            all.push(TestFile { path: inside.into(), text: text.into(), span: value.span() });
        } else {
            let what = if value.is_map() { "a mapping" } else { "a list" };
            let message = format!("the content of a file is a text, and this is {what}");
            desk.fault(value.span(), message, "write `|` behind the path, and the text indented under it");
        }
    }
    all
}

fn test_policy(desk: &mut Desk<'_>, node: Node<'_>) -> Option<TestPolicy> {
    let file = desk.file;
    if node.is_map() {
        let (path, text) = (Arc::clone(&file.path), Arc::clone(&file.text));
        return Some(TestPolicy::Here(Source::File { path, text, root: node.pointer() }));
    }
    let text = desk.text(node, "`policy`")?;
    if preset(text).is_some() {
        return Some(TestPolicy::Here(Source::Preset(text.to_owned())));
    }
    if text.contains('\n') {
        let line = file.position(node.span()).line;
        let path = format!("{} (the policy in line {line})", file.path);
        return Some(TestPolicy::Here(Source::File { path: path.into(), text: text.into(), root: String::new() }));
    }
    match inside(text) {
        Ok(path) if looks_like_a_file(&path) => Some(TestPolicy::Path(Spanned::new(path.into(), node.span()))),
        Ok(_) => {
            let help = preset_help(text);
            desk.fault(node.span(), format!("there is no preset `{}`", shown(text)), help);
            None
        }
        Err(reason) => {
            let help = "name a preset, a file by its path from the root, or write the policy here";
            desk.fault(node.span(), format!("`{}` {reason}", shown(text)), help);
            None
        }
    }
}

fn expected(desk: &mut Desk<'_>, node: Node<'_>) -> Vec<Expected> {
    let mut all = Vec::new();
    for item in desk.items(node, "`expect`") {
        let span = item.span();
        if let Some(name) = item.as_str() {
            let rule = desk.rule(Spanned::new(name, span));
            all.extend(rule.map(|rule| Expected { rule, file: None, line: None, rollout: None, span }));
            continue;
        }
        let (mut rule, mut file, mut line, mut rollout) = (None, None, None, None);
        for (key, value) in desk.fields(item, "an entry of `expect`", EXPECT_KEYS) {
            match key.value {
                "rule" => {
                    let name = desk.text(value, "`rule`").map(|text| Spanned::new(text, value.span()));
                    rule = name.and_then(|name| desk.rule(name));
                }
                "file" => file = desk.text(value, "`file`").map(Into::into),
                "line" => line = line_number(desk, value),
                _ => rollout = desk.text(value, "`rollout`").map(Into::into),
            }
        }
        if item.is_map() && item.get("rule").is_none() {
            desk.fault(item.anchor(), "this entry names no rule", "add `rule: …`");
        }
        all.extend(rule.map(|rule| Expected { rule, file, line, rollout, span }));
    }
    all
}

fn line_number(desk: &mut Desk<'_>, node: Node<'_>) -> Option<u32> {
    let read = node.as_i64().and_then(|n| u32::try_from(n).ok()).filter(|n| *n > 0);
    if read.is_none() {
        desk.wrong(node, "`line` is a whole number from 1");
    }
    read
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::policy::tests::{known, show_faults};
    use crate::policy::{Policy, Selector};

    fn read(text: &str) -> Result<TestsFile, Vec<String>> {
        TestsFile::read(&known(), "policies/tests/a.yaml", text.into()).map_err(|error| match error {
            PolicyError::Faults { faults, files } => show_faults(&faults, &files),
            PolicyError::UnknownPreset { .. } => Vec::new(),
        })
    }

    #[test]
    fn a_test_is_read() {
        let file = read(
            "tests:
  - name: a
    as-of: 2026-11-24T10:00:00+01:00
    files:
      deploy/web.yaml: |
        kind: Rollout
    policy: {extends: [strict], rules: {big-bang: off}}
    expect: [{rule: canary-too-small, file: deploy/web.yaml, line: 1, rollout: web}, hold-too-short]
    forbid: [big-bang]
  - {name: b, files: {a.yaml: \"\"}, policy: strict, expect: []}
  - {name: c, files: {a.yaml: \"\"}, policy: team/p.yaml, expect: []}
  - {name: d, files: {a.yaml: \"\"}, policy: \"rules:\\n  big-bang: off\\n\", expect: []}
",
        )
        .unwrap();
        let [a, b, c, d] = file.tests.as_slice() else { panic!("{file:?}") };
        assert_eq!((&*a.files[0].path, &*a.files[0].text), ("deploy/web.yaml", "kind: Rollout\n"));
        assert_eq!(a.as_of.unwrap().to_rfc3339(), "2026-11-24T09:00:00+00:00");
        let expect = a.expect.as_ref().unwrap();
        assert_eq!(
            (expect[0].rule.id, expect[0].line, expect[1].rule.id),
            ("canary-too-small", Some(1), "hold-too-short")
        );
        assert_eq!(a.forbid[0].value.id, "big-bang");
        assert_eq!(b.policy, TestPolicy::Here(Source::Preset("strict".into())));
        assert!(matches!(&c.policy, TestPolicy::Path(path) if &*path.value == "team/p.yaml"));
        for test in [a, d] {
            let TestPolicy::Here(source) = test.policy.clone() else { panic!("{test:?}") };
            let policy = Policy::load(&known(), source, &mut |_| Ok(None)).unwrap();
            assert_eq!(policy.settings(&Selector::default())["big-bang"].level, crate::catalog::Level::Off);
        }
    }

    #[test]
    fn faults_of_tests() {
        let found = read(
            "tests:
  - {files: {../a.yaml: {kind: x}}, history: [{message: x}], expect: [{line: 0}], as-of: friday}
  - {name: b, files: {a.yaml: \"\"}, polcy: strict}
",
        )
        .unwrap_err();
        let starts = [
            "2:6 \"files\" this test has no name",
            "2:14 \"../a.yaml\" `../a.yaml` is not a path inside",
            "2:25 \"{kind: x}\" the content of a file is a text",
            "2:48 \"message\" this commit has no time",
            "2:72 \"line\" this entry names no rule",
            "2:78 \"0\" `line` is a whole number",
            "2:90 \"friday\" `friday` is not a moment",
            "3:6 \"name\" this test can't fail",
            "3:36 \"polcy\" a policy test has no key `polcy` | did you mean `policy`?",
        ];
        assert_eq!(found.len(), starts.len(), "{found:#?}");
        for (one, start) in found.iter().zip(starts) {
            assert!(one.starts_with(start), "{one}\n{start}");
        }
        assert_eq!(read("").unwrap_err().len(), 1);
        assert_eq!(read("tests: []\n").unwrap_err().len(), 1);
    }
}
