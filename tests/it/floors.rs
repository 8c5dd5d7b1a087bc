//! Dependencies go down, foreign crates have one door, and hubs stay small. `ARCHITECTURE.md` explains the table.

use std::collections::BTreeSet;
use std::path::{Path, PathBuf};

/// What a module may name beside itself.
const FLOORS: [(&str, &[&str]); 16] = [
    ("text", &[]),
    ("clock", &[]),
    ("catalog", &[]),
    ("syntax", &["text"]),
    ("model", &["text", "clock", "catalog"]),
    ("finding", &["text", "clock", "catalog"]),
    ("history", &["text", "clock"]),
    ("policy", &["text", "clock", "catalog", "syntax", "model", "finding"]),
    ("adapters", &["text", "clock", "catalog", "syntax", "model", "finding"]),
    ("recognition", &["text", "syntax", "model"]),
    ("rules", &["text", "clock", "catalog", "model", "finding"]),
    ("collect", &["text", "history"]),
    (
        "engine",
        &[
            "text",
            "clock",
            "catalog",
            "syntax",
            "model",
            "finding",
            "history",
            "policy",
            "adapters",
            "rules",
            "collect",
            "recognition",
        ],
    ),
    ("render", &["text", "clock", "catalog", "model", "finding"]),
    (
        "docgen",
        &[
            "text",
            "clock",
            "catalog",
            "syntax",
            "model",
            "finding",
            "history",
            "policy",
            "adapters",
            "rules",
            "collect",
            "recognition",
            "engine",
            "render",
        ],
    ),
    (
        "cli",
        &[
            "text",
            "clock",
            "catalog",
            "syntax",
            "model",
            "finding",
            "history",
            "policy",
            "adapters",
            "rules",
            "collect",
            "recognition",
            "engine",
            "render",
            "docgen",
        ],
    ),
];

/// Where a foreign crate with a voice of its own may be named.
const DOORS: [(&str, &[&str]); 19] = [
    ("aho_corasick", &["src/engine/markers.rs"]),
    ("chrono_tz", &["src/clock/", "src/policy/parts.rs"]),
    ("clap", &["src/cli/"]),
    ("clap_complete", &["src/cli/"]),
    ("clap_mangen", &["src/cli/"]),
    ("git2", &["src/history/git.rs"]),
    ("globset", &["src/policy/globs.rs", "src/model/matching.rs"]),
    ("granit_parser", &["src/syntax/"]),
    ("icalendar", &["src/clock/calendar.rs"]),
    ("ignore", &["src/collect/"]),
    ("jsonc_parser", &["src/syntax/"]),
    ("jsonschema", &["src/policy/params.rs"]),
    ("lsp_server", &["src/cli/lsp/"]),
    ("lsp_types", &["src/cli/lsp/"]),
    ("miette", &["src/render/frame.rs"]),
    ("rayon", &["src/engine/", "src/cli/check.rs"]),
    ("rrule", &["src/clock/recurrence.rs"]),
    ("serde_yaml", &["src/policy/show.rs", "src/cli/drill/record.rs"]),
    ("similar", &["src/render/diff.rs"]),
];

/// Lines above which a file is said aloud, and above which the test fails.
const SOFT: usize = 400;
const HARD: usize = 700;
const MAIN: usize = 40;
const HUB: usize = 200;

struct File {
    /// From the package's folder, with `/`.
    path: String,
    text: String,
}

impl File {
    /// The modules it is: `["render", "human"]`.
    fn modules(&self) -> Vec<&str> {
        let inside = self.path.trim_start_matches("src/").trim_end_matches(".rs").trim_end_matches("/mod");
        inside.split('/').collect()
    }
}

fn sources() -> Vec<File> {
    let root = Path::new(env!("CARGO_MANIFEST_DIR"));
    let mut files = Vec::new();
    let mut folders: Vec<PathBuf> = vec![root.join("src")];
    while let Some(folder) = folders.pop() {
        for entry in std::fs::read_dir(folder).unwrap() {
            let path = entry.unwrap().path();
            if path.is_dir() {
                folders.push(path);
            } else if path.extension().is_some_and(|e| e == "rs") {
                let name = path.strip_prefix(root).unwrap().to_string_lossy().replace('\\', "/");
                files.push(File { path: name, text: std::fs::read_to_string(&path).unwrap() });
            }
        }
    }
    files.sort_by(|a, b| a.path.cmp(&b.path));
    files
}

/// The names that `text` takes from the crate's root. `depth` is how many modules deep it stands.
fn named(text: &str, depth: usize) -> BTreeSet<String> {
    let mut names = BTreeSet::new();
    let mut inner = 0;
    for line in text.lines() {
        if line.starts_with("mod ") && line.ends_with('{') {
            inner = 1;
        } else if line == "}" {
            inner = 0;
        }
        let code = line.split("//").next().unwrap_or("");
        for root in ["crate::".to_owned(), "super::".repeat(depth + inner)] {
            for (at, _) in code.match_indices(&root) {
                let before = code[..at].chars().next_back();
                if before.is_some_and(|c| c.is_alphanumeric() || c == '_' || c == ':') {
                    continue;
                }
                names.extend(heads(&code[at + root.len()..]));
            }
        }
    }
    names
}

/// `a` of `a::b`, or each of `{a, b::c}`.
fn heads(path: &str) -> Vec<String> {
    let head = |text: &str| text.trim().chars().take_while(|c| c.is_alphanumeric() || *c == '_').collect::<String>();
    match path.strip_prefix('{') {
        None => vec![head(path)],
        Some(group) => group.split([',', '}']).map(head).filter(|name| !name.is_empty()).collect(),
    }
}

#[test]
fn a_module_names_only_what_is_below_it() {
    let mut wrong = Vec::new();
    for file in sources().iter().filter(|f| f.path != "src/lib.rs" && f.path != "src/main.rs") {
        let modules = file.modules();
        let Some((_, below)) = FLOORS.iter().find(|(name, _)| *name == modules[0]) else {
            wrong.push(format!("{}: `{}` has no floor", file.path, modules[0]));
            continue;
        };
        for name in named(&file.text, modules.len()) {
            let known = FLOORS.iter().any(|(module, _)| *module == name);
            if known && name != modules[0] && !below.contains(&name.as_str()) {
                wrong.push(format!("{} names `{name}`", file.path));
            }
        }
    }
    assert!(wrong.is_empty(), "{}", wrong.join("\n"));
}

#[test]
fn the_table_itself_goes_down() {
    for (i, (module, below)) in FLOORS.iter().enumerate() {
        for name in *below {
            assert!(FLOORS[..i].iter().any(|(m, _)| m == name), "`{module}` may name `{name}`, which is not below it");
        }
    }
}

#[test]
fn what_a_line_takes_from_the_root() {
    let names = |text, depth| named(text, depth).into_iter().collect::<Vec<_>>().join(" ");
    assert_eq!(names("use crate::{text::Span, model};", 2), "model text");
    assert_eq!(names("let x = super::super::rules::ALL;", 2), "rules");
    assert_eq!(names("use super::rules;", 2), "");
    assert_eq!(names("mod tests {\n    use super::super::engine;\n}", 1), "engine");
    assert_eq!(names("/// [`crate::engine`]\n// crate::cli", 1), "");
}

#[test]
fn foreign_crates_have_one_door() {
    let mut wrong = Vec::new();
    for file in sources() {
        for (name, doors) in DOORS {
            // Tests hold what we write against other people's readers.
            let code = file.text.split("\n#[cfg(test)]\nmod tests").next().unwrap_or("");
            let is_named = code.lines().filter(|l| !l.trim_start().starts_with("//")).any(|line| {
                line.match_indices(name).any(|(at, _)| {
                    let before = line[..at].chars().next_back();
                    let free = before.is_none_or(|c| !(c.is_alphanumeric() || c == '_' || c == ':' || c == '.'));
                    free && line[at + name.len()..].starts_with("::")
                })
            });
            if is_named && !doors.iter().any(|door| file.path.starts_with(door)) {
                wrong.push(format!("{} names `{name}`", file.path));
            }
        }
    }
    assert!(wrong.is_empty(), "{}", wrong.join("\n"));
}

#[test]
fn files_stay_small() {
    let mut wrong = Vec::new();
    for file in sources() {
        let lines = file.text.lines().count();
        let limit = match file.path.as_str() {
            "src/main.rs" => MAIN,
            path if path.ends_with("/mod.rs") => HUB,
            _ => HARD,
        };
        if lines > limit {
            wrong.push(format!("{}: {lines} lines, at most {limit}", file.path));
        } else if lines > SOFT {
            println!("{}: {lines} lines; something may want to leave", file.path);
        }
    }
    assert!(wrong.is_empty(), "{}", wrong.join("\n"));
}

#[test]
fn every_test_module_runs() {
    let folder = Path::new(env!("CARGO_MANIFEST_DIR")).join("tests/it");
    let main = std::fs::read_to_string(folder.join("main.rs")).unwrap();
    for entry in std::fs::read_dir(folder).unwrap() {
        let path = entry.unwrap().path();
        let name = path.file_stem().unwrap().to_string_lossy().into_owned();
        let declared = main.lines().any(|line| line == format!("mod {name};"));
        assert!(name == "main" || path.is_dir() || declared, "tests/it/{name}.rs is not in main.rs");
    }
}
