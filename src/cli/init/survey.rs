//! What a repository holds, and what that proposes for its policy.

use std::collections::{BTreeMap, BTreeSet};

use crate::adapters;
use crate::collect::File;
use crate::model::Rollout;

/// How many services are named or proposed; more would be a list that nobody reads.
pub(super) const MOST: usize = 8;

/// The environments that are known by their names, the most guarded one first: the first match wins.
const ENVIRONMENTS: [(&str, &[&str]); 4] = [
    ("production", &["production", "prod", "prd"]),
    ("staging", &["staging", "stage", "stg", "uat", "preprod", "preproduction"]),
    // A folder `test` holds tests as a rule, and is no environment.
    ("qa", &["qa"]),
    ("development", &["development", "dev", "develop"]),
];
/// Words that turn the environment named after them into another.
const NOT_THE: [&str; 4] = ["non", "not", "no", "pre"];
/// Folders whose manifests are no deploys.
const FIXTURES: [&str; 5] = ["testdata", "fixtures", "__fixtures__", "node_modules", "vendor"];
/// Folders whose files ship without a manifest.
const PROMPTS: [&str; 2] = ["prompts", "prompt"];

/// An environment that the repository seems to have.
#[derive(Debug, Default, PartialEq, Eq)]
pub(super) struct Place {
    pub(super) paths: BTreeSet<String>,
    pub(super) namespaces: BTreeSet<String>,
}

/// What a repository holds.
#[derive(Debug, Default)]
pub(super) struct Survey {
    /// Progressive rollouts by system, plans of ours among them.
    pub(super) systems: BTreeMap<&'static str, usize>,
    /// Workloads that no rollout governs.
    pub(super) workloads: usize,
    /// Environments, in the order in which they are tried.
    pub(super) environments: Vec<(&'static str, Place)>,
    /// Services as labels and names tell them.
    pub(super) services: BTreeSet<String>,
    /// What ships without a manifest: a service's name and its glob.
    pub(super) unmanaged: BTreeMap<String, String>,
    /// Folders of manifests that are no deploys.
    pub(super) fixtures: BTreeSet<String>,
}

impl Survey {
    /// Looks at the rollouts of `files`, and at every path that git or the disk names.
    pub(super) fn of(rollouts: &[Box<Rollout>], files: &[File], paths: &[String]) -> Self {
        let mut survey = Self::default();
        let mut places: BTreeMap<usize, Place> = BTreeMap::new();
        for rollout in rollouts.iter().filter(|r| r.is_judged()) {
            let path = &*files[rollout.span.file.0 as usize].path;
            if let Some(folder) = fixture(path) {
                survey.fixtures.insert(folder);
                continue;
            }
            survey.count(rollout);
            if rollout.environment.is_none() {
                place(path, rollout.id.namespace.as_deref(), &mut places);
            }
        }
        survey.environments = places.into_iter().map(|(at, place)| (ENVIRONMENTS[at].0, place)).collect();
        for path in paths {
            survey.prompt(path);
        }
        survey
    }

    fn count(&mut self, rollout: &Rollout) {
        if rollout.plain_workload {
            self.workloads += 1;
        } else {
            *self.systems.entry(rollout.adapter.id).or_default() += 1;
        }
        self.services.insert(rollout.service.to_string());
    }

    /// `prompts/NAME/…` is what the service NAME ships.
    fn prompt(&mut self, path: &str) {
        let parts: Vec<&str> = path.split('/').collect();
        let Some(at) = parts.iter().position(|part| PROMPTS.contains(part)) else { return };
        let folder = &parts[..parts.len() - 1];
        if fixture(path).is_some() || at >= folder.len() || !folder.iter().all(|part| is_simple(part)) {
            return;
        }
        let own = folder.get(at + 1);
        let name = own.or_else(|| at.checked_sub(1).and_then(|before| folder.get(before))).unwrap_or(&folder[at]);
        let end = if own.is_some() { at + 2 } else { at + 1 };
        let glob = format!("{}/{}", folder[..end].join("/"), if own.is_some() { "**" } else { "*" });
        self.unmanaged.entry((*name).to_owned()).or_insert(glob);
    }

    /// What was found, in one line for people.
    pub(super) fn summary(&self, files: usize) -> String {
        let rollouts: usize = self.systems.values().sum();
        let title =
            |id: &&'static str| adapters::ALL.iter().map(|a| a.meta()).find(|m| *m.id == **id).map_or(*id, |m| m.title);
        let systems: Vec<String> = self.systems.iter().map(|(id, n)| format!("{n} {}", title(id))).collect();
        let of = if systems.is_empty() { String::new() } else { format!(" ({})", systems.join(", ")) };
        format!(
            "found {}{of} and {} in {}",
            counted(rollouts, "rollout"),
            counted(self.workloads, "plain workload"),
            counted(files, "file")
        )
    }
}

/// `1 file`, `2 files`.
fn counted(number: usize, noun: &str) -> String {
    format!("{number} {noun}{}", if number == 1 { "" } else { "s" })
}

/// The glob of the folder of test data that holds `path`, if one does.
fn fixture(path: &str) -> Option<String> {
    let folders = path.rsplit_once('/')?.0;
    let found = folders.split('/').find(|part| FIXTURES.contains(part))?;
    Some(format!("**/{found}/**"))
}

/// Adds what `path` and `namespace` tell of the environment they are for.
fn place(path: &str, namespace: Option<&str>, places: &mut BTreeMap<usize, Place>) {
    if let Some(at) = namespace.filter(|name| is_simple(name)).and_then(environment) {
        places.entry(at).or_default().namespaces.extend(namespace.map(str::to_owned));
    }
    let (folders, file) = path.rsplit_once('/').unwrap_or(("", path));
    let told = folders.split('/').rev().find_map(|part| Some((environment(part)?, part)));
    if let Some((at, part)) = told.filter(|(_, part)| is_simple(part)) {
        places.entry(at).or_default().paths.insert(format!("**/{part}/**"));
        return;
    }
    let Some((stem, ending)) = file.rsplit_once('.').filter(|_| is_simple(file)) else { return };
    let last = stem.rsplit(SEPARATORS).next().unwrap_or(stem);
    if let Some(at) = environment(stem).filter(|at| environment(last) == Some(*at)) {
        let (lead, before) =
            if last.len() == stem.len() { ("", "") } else { ("*", &stem[stem.len() - last.len() - 1..][..1]) };
        places.entry(at).or_default().paths.insert(format!("**/{lead}{before}{last}.{ending}"));
    }
}

const SEPARATORS: [char; 3] = ['-', '_', '.'];

/// Which of the known environments a name tells of: one of its words, and only one.
fn environment(name: &str) -> Option<usize> {
    let name = name.to_ascii_lowercase();
    let words: Vec<&str> = name.split(SEPARATORS).collect();
    let mut found = BTreeSet::new();
    for (at, word) in words.iter().enumerate() {
        let Some(index) = ENVIRONMENTS.iter().position(|(_, known)| known.contains(word)) else { continue };
        if at.checked_sub(1).is_some_and(|before| NOT_THE.contains(&words[before])) {
            return None;
        }
        found.insert(index);
    }
    if found.len() == 1 { found.into_iter().next() } else { None }
}

/// Does it mean itself in a glob?
pub(super) fn is_simple(name: &str) -> bool {
    !name.is_empty() && name.chars().all(|c| c.is_ascii_alphanumeric() || SEPARATORS.contains(&c))
}

#[cfg(test)]
mod tests {
    use super::*;

    fn told(path: &str, namespace: Option<&str>) -> Vec<(&'static str, String)> {
        let mut places = BTreeMap::new();
        place(path, namespace, &mut places);
        let text = |p: Place| p.paths.into_iter().chain(p.namespaces).collect::<Vec<_>>().join(" ");
        places.into_iter().map(|(at, place)| (ENVIRONMENTS[at].0, text(place))).collect()
    }

    #[test]
    fn environments_by_folder_file_and_namespace() {
        let one = |path| told(path, None);
        assert_eq!(one("apps/prod/web.yaml"), [("production", "**/prod/**".to_owned())]);
        assert_eq!(one("apps/eu-prod/dev.yaml"), [("production", "**/eu-prod/**".to_owned())]);
        assert_eq!(one("staging/prod/web.yaml"), [("production", "**/prod/**".to_owned())], "the inner one");
        assert_eq!(one("web-prod.yaml"), [("production", "**/*-prod.yaml".to_owned())]);
        assert_eq!(one("qa.yml"), [("qa", "**/qa.yml".to_owned())]);
        assert_eq!(told("web.yaml", Some("shop-stg")), [("staging", "shop-stg".to_owned())]);
        for other in ["non-prod/web.yaml", "pre-prod/a.yaml", "prod-staging/a.yaml", "product/a.yaml", "prod-web.yaml"]
        {
            assert_eq!(one(other), [], "{other}");
        }
        assert_eq!(one("[prod]/a.yaml"), []);
        assert_eq!(told("a.yaml", Some("prod\"")), []);
    }

    #[test]
    fn what_ships_without_a_manifest() {
        let mut survey = Survey::default();
        for path in ["prompts/support/system.md", "prompts/support/deep/x.md", "chat/prompts/a.md", "prompts"] {
            survey.prompt(path);
        }
        survey.prompt("testdata/prompts/a.md");
        survey.prompt("prompts/we ird/a.md");
        let found: Vec<_> = survey.unmanaged.iter().map(|(name, glob)| (&**name, &**glob)).collect();
        assert_eq!(found, [("chat", "chat/prompts/*"), ("support", "prompts/support/**")]);
    }
}
