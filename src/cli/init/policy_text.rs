//! The text of a first policy: short, commented, and the same for the same repository.

use serde_json::Value;

use super::survey::{MOST, Place, Survey, is_simple};
use crate::render::visible;

/// What was decided about the policy.
pub(super) struct Choices {
    /// The presets it extends.
    pub(super) preset: String,
    /// The zone of its dates and hours.
    pub(super) timezone: String,
    /// Are the environments that were found written down?
    pub(super) environments: bool,
    /// The services, by name and glob, whose prompts need a rollout from now on.
    pub(super) governed: Vec<(String, String)>,
}

const HEAD: &str = "\
# How change may reach the users of this repository's services. `rollgate rules` lists the rules, `rollgate explain RULE`
# says what one is for, `rollgate policy show` where every value comes from, `rollgate schema policy` what may stand here.
version: 1
";

const RULES: &str = "
# What differs from the preset. A bare level, or a level with parameters:
# rules:
#   canary-too-small: {level: error, min: 2%}
#   deploy-window: {allow: [{days: mon-thu, hours: \"09:00-16:00\"}]}
";

/// The policy's text.
pub(super) fn write(choices: &Choices, survey: &Survey) -> String {
    let mut out = HEAD.to_owned();
    out += &format!("extends: [{}]\n", choices.preset);
    out += &format!("timezone: {}\n", quoted(&choices.timezone));
    out += "fail-on: error        # warning is stricter\n";
    out += &files(survey);
    out += &environments(&survey.environments, choices.environments);
    out += RULES;
    out += &scopes(survey);
    out + &services(survey, &choices.governed)
}

fn files(survey: &Survey) -> String {
    if survey.fixtures.is_empty() {
        return String::new();
    }
    let globs: Vec<String> = survey.fixtures.iter().map(|glob| quoted(glob)).collect();
    format!(
        "\n# Manifests that are no deploys were found; this leaves them out:\n# files: {{exclude: [{}]}}\n",
        globs.join(", ")
    )
}

fn environments(found: &[(&'static str, Place)], written: bool) -> String {
    let why =
        "\n# Where an object goes, by its file or its namespace; the first that matches. Scopes can ask for it.\n";
    if found.is_empty() {
        return format!(
            "{why}# environments:\n#   production: {{paths: [\"**/prod/**\"], namespaces: [\"prod-*\"]}}\n"
        );
    }
    let mark = if written { "" } else { "# " };
    let mut out = format!("{why}{mark}environments:\n");
    for (name, place) in found {
        let list = |key, all: &std::collections::BTreeSet<String>| {
            let all: Vec<String> = all.iter().map(|glob| quoted(glob)).collect();
            (!all.is_empty()).then(|| format!("{key}: [{}]", all.join(", ")))
        };
        let keys = [list("paths", &place.paths), list("namespaces", &place.namespaces)];
        let keys: Vec<String> = keys.into_iter().flatten().collect();
        out += &format!("{mark}  {name}: {{{}}}\n", keys.join(", "));
    }
    out
}

fn scopes(survey: &Survey) -> String {
    let mut out = "\n# The same rules, tightened or relaxed for some rollouts.\n".to_owned();
    if !survey.services.is_empty() {
        let named: Vec<String> = survey.services.iter().take(MOST).map(|name| quoted(name)).collect();
        let more = survey.services.len().saturating_sub(MOST);
        let more = if more == 0 { String::new() } else { format!(" and {more} more") };
        out += &format!("# Services, as labels and names tell them: {}{more}.\n", named.join(", "));
    }
    // A scope takes globs, so the example names one that means itself.
    let simple = survey.services.iter().find(|name| is_simple(name));
    let service = simple.map_or_else(|| "\"payments-*\"".to_owned(), |name| quoted(name));
    out += "# scopes:\n#   - match: {environment: staging}\n#     rules: {big-bang: warning}\n";
    out + &format!("#   - match: {{service: {service}}}\n#     rules: {{canary-too-large: {{max: 2%}}}}\n")
}

fn services(survey: &Survey, governed: &[(String, String)]) -> String {
    let why = "\n# What ships without a manifest. A change of these files then needs a rollout: see `rollgate schema rollout-plan`.\n";
    let entry = |mark: &str, name: &str, glob: &str| {
        format!("{mark}  - {{name: {}, paths: [{}], change: prompt-tweak}}\n", quoted(name), quoted(glob))
    };
    let others = survey.unmanaged.iter().filter(|(name, _)| !governed.iter().any(|(g, _)| g == *name)).take(MOST);
    let others: String = others.map(|(name, glob)| entry("# ", name, glob)).collect();
    if !governed.is_empty() {
        let own: String = governed.iter().map(|(name, glob)| entry("", name, glob)).collect();
        return format!("{why}services:\n{own}{others}");
    }
    if others.is_empty() {
        return format!("{why}# services:\n{}", entry("# ", "assistant", "prompts/**"));
    }
    format!("{why}# services:\n{others}")
}

/// A text that nothing in it can leave, in YAML and in a comment.
fn quoted(text: &str) -> String {
    Value::from(visible(text)).to_string()
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::policy::Source;

    fn survey() -> Survey {
        let mut survey = Survey::default();
        let place = Place { paths: ["**/prod/**".to_owned()].into(), namespaces: ["shop-prod".to_owned()].into() };
        survey.environments = vec![("production", place)];
        survey.services = ["web".to_owned(), "a\n#\": {".to_owned()].into();
        survey.unmanaged = [("support".to_owned(), "prompts/support/**".to_owned())].into();
        survey.fixtures = ["**/testdata/**".to_owned()].into();
        survey
    }

    fn choices(all: bool) -> Choices {
        let governed = vec![("chat".to_owned(), "chat/prompts/*".to_owned())];
        let governed = if all { governed } else { Vec::new() };
        Choices { preset: "strict".into(), timezone: "Europe/Berlin".into(), environments: all, governed }
    }

    #[track_caller]
    fn valid(text: &str) {
        let source = Source::File { path: "rollgate.yaml".into(), text: text.into(), root: String::new() };
        let read = crate::cli::setup::load_from(source, 0xF000_0000, &mut |_| Ok(None));
        if let Err(failures) = read {
            let all: Vec<_> = failures.iter().map(|f| &*f.message).collect();
            panic!("{}\n{text}", all.join("\n"));
        }
    }

    /// The text with everything taken in that stands in comments: what people will do with it.
    fn taken_in(text: &str) -> String {
        let is_example = |line: &&str| {
            let inner = line.trim_start_matches("# ").trim_start();
            line.starts_with("#  ")
                || ["rules:", "files:", "scopes:", "services:", "environments:"].iter().any(|k| inner.starts_with(k))
        };
        text.lines()
            .map(|l| {
                if is_example(&l) { l.trim_start_matches('#').strip_prefix(' ').unwrap_or(l) } else { l }.to_owned()
                    + "\n"
            })
            .collect()
    }

    #[test]
    fn every_text_is_a_valid_policy_and_so_are_its_comments() {
        for (choices, survey) in
            [(choices(true), survey()), (choices(false), survey()), (choices(false), Survey::default())]
        {
            let text = write(&choices, &survey);
            valid(&text);
            let whole = taken_in(&text);
            assert!(whole.contains("\nscopes:\n  - match: {environment: staging}\n"), "{whole}");
            valid(&whole);
        }
    }

    #[test]
    fn a_name_of_the_repository_stays_in_its_quotes() {
        let text = write(&choices(true), &survey());
        assert!(
            text.contains("# Services, as labels and names tell them: \"a\\\\u{a}#\\\": {\", \"web\".\n"),
            "{text}"
        );
    }
}
