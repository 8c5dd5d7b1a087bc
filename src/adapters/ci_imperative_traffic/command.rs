//! What a command does to traffic, or to the time between two that do.

use crate::model::Share;

/// What one command means for a rollout.
#[derive(Clone, Debug, PartialEq)]
pub(super) enum Meaning {
    /// It moves traffic of a target.
    Traffic(Target, Act),
    /// It makes an endpoint of a tool.
    Creates(&'static str),
    /// It takes an endpoint or a service of a tool away.
    Deletes(&'static str),
    /// It waits so many seconds; `None` where a variable says.
    Sleep(Option<u64>),
    /// It asks the service something.
    Check,
    /// It is another program, with its arguments: what it looks at and how long it takes is its own.
    Program(String),
    /// It takes no time and judges nothing.
    Nothing,
}

/// What traffic goes to.
#[derive(Clone, Debug, PartialEq, Eq, PartialOrd, Ord)]
pub(super) struct Target {
    /// The tool that moves it.
    pub(super) tool: &'static str,
    /// Its name as written, "" where it is not.
    pub(super) name: String,
}

/// One share of a split, `None` where a variable says.
pub(super) type Part = (String, Option<Share>);

/// How traffic is moved.
#[derive(Clone, Debug, PartialEq)]
pub(super) enum Act {
    /// A new version starts with nobody.
    Dark,
    /// So much for each version.
    Split(Vec<Part>),
    /// A new version gets everybody as it starts.
    Everything,
    /// So much is copied to a new version; `None` where a variable says.
    Mirror(Option<Share>),
}

/// The newest version of Cloud Run.
pub(super) const LATEST: &str = "LATEST";

/// The endpoints of Azure ML.
pub(super) const AZURE_ML: &str = "az ml";
const CLOUD_RUN: &str = "gcloud run";
const APP_ENGINE: &str = "gcloud app";
const VERTEX: &str = "gcloud ai";
const LAMBDA: &str = "aws lambda";
const SAGEMAKER: &str = "aws sagemaker";

/// Programs that take no time and judge nothing.
const QUIET: [&str; 34] = [
    "echo", "printf", "set", "export", "cd", "source", ".", ":", "true", "exit", "[", "[[", "az", "gcloud", "aws",
    "jq", "yq", "cat", "grep", "sed", "awk", "ls", "mkdir", "cp", "mv", "tee", "date", "pip", "docker", "head", "tail",
    "tr", "cut", "local",
];

/// What `words` mean: one command may copy traffic and move it.
pub(super) fn meanings(words: &[String]) -> impl Iterator<Item = Meaning> {
    mirrored(&verbs(words)).into_iter().chain([meaning(words)])
}

/// What `words` mean, apart from copies of traffic.
fn meaning(words: &[String]) -> Meaning {
    let verbs = verbs(words);
    let Some(program) = verbs.first() else {
        return words.first().map_or(Meaning::Nothing, |word| substituted(word));
    };
    match *program {
        "az" | "gcloud" | "aws" => of_cloud(&verbs),
        "sleep" | "Start-Sleep" => Meaning::Sleep(seconds(&verbs)),
        "curl" | "wget" => Meaning::Check,
        quiet if QUIET.contains(&quiet) => Meaning::Nothing,
        _ => Meaning::Program(verbs.join(" ")),
    }
}

/// A command without the assignments before it, and without the words for what is not yet stable.
fn verbs(words: &[String]) -> Vec<&str> {
    let is_assignment = |w: &&str| w.split_once('=').is_some_and(|(name, _)| is_name(name));
    let command = words.iter().map(String::as_str).skip_while(is_assignment);
    command.filter(|w| !matches!(*w, "beta" | "alpha")).collect()
}

/// `--mirror-traffic "green=10"`.
fn mirrored(verbs: &[&str]) -> Option<Meaning> {
    let ["az", "ml", "online-endpoint", "update", ..] = verbs else { return None };
    let parts = percents(&values(verbs, &["--mirror-traffic"])?);
    let share = parts.into_iter().try_fold(Share::NONE, |sum, (_, share)| Some(sum.plus(share?)));
    let name = value(verbs, &["--name", "-n"]).to_owned();
    Some(Meaning::Traffic(Target { tool: AZURE_ML, name }, Act::Mirror(share)))
}

fn is_name(text: &str) -> bool {
    !text.is_empty() && text.chars().all(|c| c.is_ascii_alphanumeric() || c == '_')
}

/// An assignment may hold what another program prints.
fn substituted(word: &str) -> Meaning {
    let Some((_, inner)) = word.split_once("$(") else { return Meaning::Nothing };
    match inner.split([' ', ')', '\n']).next().unwrap_or_default() {
        "curl" | "wget" => Meaning::Check,
        quiet if QUIET.contains(&quiet) => Meaning::Nothing,
        _ => Meaning::Program(inner.trim_end_matches(')').to_owned()),
    }
}

/// All arguments of `sleep` add up; PowerShell writes `-Seconds 60`.
fn seconds(verbs: &[&str]) -> Option<u64> {
    let lengths = verbs.iter().skip(1).filter(|w| !matches!(**w, "-s" | "-Seconds"));
    lengths.map(|w| sleep_seconds(w)).sum()
}

fn sleep_seconds(text: &str) -> Option<u64> {
    let (digits, unit) = match text.char_indices().last()? {
        (at, 's') => (&text[..at], 1),
        (at, 'm') => (&text[..at], 60),
        (at, 'h') => (&text[..at], 3600),
        (at, 'd') => (&text[..at], 86_400),
        _ => (text, 1),
    };
    let number: u64 = digits.split('.').next()?.parse().ok()?;
    number.checked_mul(unit)
}

fn of_cloud(verbs: &[&str]) -> Meaning {
    let after = |n: usize| verbs.get(n).copied().filter(|w| !w.starts_with('-')).unwrap_or_default();
    let target = |tool, name: &str| Target { tool, name: name.to_owned() };
    let act = match verbs {
        ["az", "ml", "online-endpoint", "create", ..] => return Meaning::Creates(AZURE_ML),
        ["az", "ml", "online-endpoint", "delete", ..] => return Meaning::Deletes(AZURE_ML),
        ["gcloud", "run", "services", "delete", ..] => return Meaning::Deletes(CLOUD_RUN),
        ["gcloud", "ai", "endpoints", "delete", ..] => return Meaning::Deletes(VERTEX),
        ["az", "ml", "online-endpoint", "invoke", ..]
        | ["gcloud", "ai", "endpoints", "predict", ..]
        | ["aws", "lambda", "invoke", ..] => return Meaning::Check,
        ["az", "ml", "online-endpoint", "update", ..] => values(verbs, &["--traffic", "-r"])
            .map(|text| (target(AZURE_ML, value(verbs, &["--name", "-n"])), Act::Split(percents(&text)))),
        ["az", "ml", "online-deployment", "create", ..] if verbs.contains(&"--all-traffic") => {
            Some((target(AZURE_ML, value(verbs, &["--endpoint-name", "-e"])), Act::Everything))
        }
        ["gcloud", "run", "deploy", ..] if verbs.contains(&"--no-traffic") => {
            Some((target(CLOUD_RUN, after(3)), Act::Dark))
        }
        ["gcloud", "run", "services", "update-traffic", ..] => run(verbs).map(|act| (target(CLOUD_RUN, after(4)), act)),
        ["gcloud", "app", "deploy", ..] if verbs.contains(&"--no-promote") => Some((target(APP_ENGINE, ""), Act::Dark)),
        ["gcloud", "app", "deploy", ..] if verbs.contains(&"--promote") => {
            Some((target(APP_ENGINE, ""), Act::Everything))
        }
        ["gcloud", "app", "services", "set-traffic", ..] => {
            // What is deployed without a name is the service `default`.
            let service = Some(after(4)).filter(|name| *name != "default").unwrap_or_default();
            values(verbs, &["--splits"]).map(|text| (target(APP_ENGINE, service), Act::Split(ratios(&text))))
        }
        ["gcloud", "ai", "endpoints", "deploy-model" | "update", ..] => {
            values(verbs, &["--traffic-split"]).map(|text| (target(VERTEX, after(4)), Act::Split(percents(&text))))
        }
        ["aws", "sagemaker", "update-endpoint-weights-and-capacities", ..] => {
            weights(verbs).map(|parts| (target(SAGEMAKER, value(verbs, &["--endpoint-name"])), Act::Split(parts)))
        }
        ["aws", "lambda", "update-alias", ..] => {
            alias(verbs).map(|act| (target(LAMBDA, value(verbs, &["--function-name"])), act))
        }
        _ => None,
    };
    act.map_or(Meaning::Nothing, |(target, act)| Meaning::Traffic(target, act))
}

/// What stands behind one of `names`: `--name x` or `--name=x`.
fn value<'w>(verbs: &[&'w str], names: &[&str]) -> &'w str {
    let found = verbs.iter().enumerate().find_map(|(at, word)| match word.split_once('=') {
        Some((name, value)) if names.contains(&name) => Some(value),
        _ if names.contains(word) => verbs.get(at + 1).copied(),
        _ => None,
    });
    found.unwrap_or_default()
}

/// Everything up to the next option that stands behind one of `names`.
fn values(verbs: &[&str], names: &[&str]) -> Option<String> {
    verbs.iter().enumerate().find_map(|(at, word)| match word.split_once('=') {
        Some((name, value)) if names.contains(&name) => Some(value.to_owned()),
        _ if names.contains(word) => {
            let rest: Vec<&str> = verbs[at + 1..].iter().copied().take_while(|w| !w.starts_with('-')).collect();
            Some(rest.join(" "))
        }
        _ => None,
    })
}

fn run(verbs: &[&str]) -> Option<Act> {
    if verbs.contains(&"--to-latest") {
        return Some(Act::Split(vec![(LATEST.to_owned(), Some(Share::ALL))]));
    }
    values(verbs, &["--to-revisions", "--to-tags"]).map(|text| Act::Split(percents(&text)))
}

/// `blue=90 green=10`, `blue:90,green:10`: parts without a number that is plain are unknown.
fn percents(text: &str) -> Vec<Part> {
    let percent = |text: &str| text.parse().ok().filter(|p| *p <= 100).map(|p| Share::of(p, 100));
    pairs(text).map(|(name, number)| (name.to_owned(), percent(number))).collect()
}

/// Names and numbers; a word without a name is all that is known of its part. Expressions may hold spaces.
fn pairs(text: &str) -> impl Iterator<Item = (&str, &str)> {
    let mut depth = 0_usize;
    let ends = move |c: char| {
        match c {
            '{' | '(' => depth += 1,
            '}' | ')' => depth = depth.saturating_sub(1),
            _ => {}
        }
        depth == 0 && (c.is_whitespace() || c == ',')
    };
    let parts = text.split(ends).filter(|p| !p.is_empty());
    parts.map(|part| part.rsplit_once(['=', ':']).unwrap_or((part, "")))
}

/// Parts of their sum, as gcloud takes them.
fn ratios(text: &str) -> Vec<Part> {
    of_sum(pairs(text).map(|(name, number)| (name.to_owned(), number.parse().ok())).collect())
}

/// Each part of the sum of all.
fn of_sum(parts: Vec<(String, Option<f64>)>) -> Vec<Part> {
    let plain = |number: &Option<f64>| number.filter(|n| (0.0..=1e6).contains(n));
    let sum = parts.iter().map(|(_, number)| plain(number)).sum::<Option<f64>>().filter(|sum| *sum > 0.0);
    let share = |number: Option<f64>| Some(Share::from_percent(plain(&number)? / sum? * 100.0));
    parts.into_iter().map(|(name, number)| (name, share(number))).collect()
}

/// `VariantName=blue,DesiredWeight=9 VariantName=green,DesiredWeight=1`, or JSON. Variants that are not listed keep their
/// weights: those of a lone one are no share.
fn weights(verbs: &[&str]) -> Option<Vec<Part>> {
    let text = values(verbs, &["--desired-weights-and-capacities"])?;
    let clean = if text.starts_with('[') { text.replace(['[', ']', '{', '}', '"', ' '], "") } else { text };
    let mut parts: Vec<(String, Option<f64>)> = Vec::new();
    for (key, value) in pairs(&clean) {
        match (key, parts.last_mut()) {
            ("VariantName", _) => parts.push((value.to_owned(), None)),
            ("DesiredWeight", Some((_, weight))) => *weight = value.parse().ok(),
            _ => {}
        }
    }
    let alone = parts.len() < 2;
    let parts = of_sum(parts).into_iter().map(|(name, share)| (name, share.filter(|_| !alone)));
    Some(parts.collect())
}

/// The version beside the main one: `AdditionalVersionWeights={"8"=0.05}`, or JSON.
fn alias(verbs: &[&str]) -> Option<Act> {
    let text = values(verbs, &["--routing-config"])?;
    let main = value(verbs, &["--function-version"]);
    let inner = text.rsplit_once('{').map_or(&*text, |(_, inner)| inner).replace(['}', '"', '\'', ' '], "");
    let weight = |text: &str| text.parse().ok().filter(|w: &f64| (0.0..=1.0).contains(w));
    let share = |text: &str| weight(text).map(|w| Share::from_percent(w * 100.0));
    let mut parts: Vec<Part> = if text.contains('{') {
        pairs(&inner).map(|(name, number)| (name.to_owned(), share(number))).collect()
    } else {
        vec![(text.clone(), None)]
    };
    if parts.is_empty() && !main.is_empty() {
        parts.push((main.to_owned(), Some(Share::ALL)));
    }
    (!parts.is_empty()).then_some(Act::Split(parts))
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::adapters::ci_imperative_traffic::shell::commands;

    fn of(script: &str) -> Meaning {
        meaning(&commands(script)[0].words)
    }

    fn split(script: &str) -> Vec<(String, f64)> {
        let Meaning::Traffic(_, Act::Split(parts)) = of(script) else { return Vec::new() };
        parts.into_iter().map(|(name, share)| (name, share.map_or(-1.0, Share::percent))).collect()
    }

    fn two(a: (&str, f64), b: (&str, f64)) -> Vec<(String, f64)> {
        vec![(a.0.to_owned(), a.1), (b.0.to_owned(), b.1)]
    }

    #[test]
    fn splits_of_each_tool() {
        let even = two(("blue", 90.0), ("green", 10.0));
        assert_eq!(split("az ml online-endpoint update -n chat --traffic \"blue=90 green=10\" -g x"), even);
        assert_eq!(split("az ml online-endpoint update -n chat --traffic=blue:90,green:10"), even);
        assert_eq!(split("gcloud run services update-traffic chat --to-revisions=blue=90,green=10 --region x"), even);
        assert_eq!(split("gcloud app services set-traffic chat --splits blue=.9,green=.1"), even);
        assert_eq!(split("gcloud app services set-traffic chat --splits blue=9,green=1"), even);
        assert_eq!(
            split("gcloud beta ai endpoints deploy-model 7 --traffic-split=0=10,42=90"),
            two(("0", 10.0), ("42", 90.0))
        );
        assert_eq!(split("gcloud run services update-traffic chat --to-latest"), [("LATEST".to_owned(), 100.0)]);
        let weights = "aws sagemaker update-endpoint-weights-and-capacities --endpoint-name chat --desired-weights-and-capacities";
        let json =
            "'[{\"VariantName\": \"blue\", \"DesiredWeight\": 9}, {\"VariantName\": \"green\", \"DesiredWeight\": 1}]'";
        for listed in ["VariantName=blue,DesiredWeight=0.9 VariantName=green,DesiredWeight=0.1", json] {
            assert_eq!(split(&format!("{weights} {listed}")), even, "{listed}");
        }
        assert_eq!(split(&format!("{weights} VariantName=green,DesiredWeight=1")), [("green".to_owned(), -1.0)]);
        let alias = "aws lambda update-alias --function-name f --function-version 7 --routing-config";
        for weights in [
            "'AdditionalVersionWeights={\"8\"=0.05}'",
            "AdditionalVersionWeights={8=0.05}",
            "'{\"AdditionalVersionWeights\": {\"8\": 0.05}}'",
        ] {
            assert_eq!(split(&format!("{alias} {weights}")), [("8".to_owned(), 5.0)], "{weights}");
        }
        assert_eq!(split(&format!("{alias} AdditionalVersionWeights={{}}")), [("7".to_owned(), 100.0)]);
    }

    #[test]
    fn variables_are_unknown_and_others_are_none() {
        let of_endpoint = |traffic: &str| split(&format!("az ml online-endpoint update -n c --traffic {traffic}"));
        assert_eq!(of_endpoint("\"$A=100\""), [("$A".to_owned(), 100.0)]);
        assert_eq!(of_endpoint("\"a=$P\""), [("a".to_owned(), -1.0)]);
        assert_eq!(of_endpoint("\"${{ inputs.t }}\""), [("${{ inputs.t }}".to_owned(), -1.0)]);
        assert_eq!(of_endpoint("\"${{ a.b }}=90,${{ c }}=10\""), two(("${{ a.b }}", 90.0), ("${{ c }}", 10.0)));
        for quiet in [
            "echo az ml online-endpoint update --traffic a=1",
            "gcloud run deploy chat",
            "A=$(az x)",
            "az ml online-endpoint update -f x",
        ] {
            assert_eq!(of(quiet), Meaning::Nothing, "{quiet}");
        }
        assert_eq!(of("A=$(./gate.sh p95)"), Meaning::Program("./gate.sh p95".to_owned()));
    }

    #[test]
    fn sleeps() {
        let slept = ["sleep 90", "sleep 2m", "sleep 1h 5", "sleep $X", "Start-Sleep -Seconds 9"].map(of);
        assert_eq!(slept, [Some(90), Some(120), Some(3605), None, Some(9)].map(Meaning::Sleep));
    }
}
