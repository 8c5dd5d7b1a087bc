//! What a path says before anything is read.

/// How a file is read.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub(super) enum Form {
    /// Prompty: front matter, then a body.
    Prompty,
    /// Dotprompt, or a bare prompt.
    Dotprompt,
    /// A prompt as text, with or without front matter.
    Text,
    /// A prompt file of GitHub Models: YAML or JSON.
    PromptData,
    /// promptfoo: prompts and models are candidates in it.
    Promptfoo,
    /// The registry of OpenAI's evals.
    Registry,
    /// A flow of nodes.
    Flow,
    /// YAML or JSON.
    Data,
    /// Terraform.
    Hcl,
    /// `KEY=value`, `key: value` and `[sections]`, one a line.
    Lines,
    /// BAML.
    Baml,
    /// Dependencies, one a line.
    Manifest,
    /// Source code, whose comments begin with `#` or else with `//`.
    Code {
        /// `#` begins a comment.
        hash: bool,
    },
}

/// How strongly a path speaks of prompts and models.
#[derive(Clone, Copy, Debug, PartialEq, Eq, PartialOrd, Ord)]
pub(super) enum Signal {
    /// It doesn't.
    None,
    /// A name such as `openai` or `litellm` is in it.
    Medium,
    /// It lies where prompts lie.
    Strong,
}

/// Folders of tools, of tests and of what others wrote. A `/` joins two that must follow each other.
const EXCLUDED_FOLDERS: &[&str] = &[
    ".git",
    ".cursor",
    ".claude",
    ".vscode",
    ".idea",
    ".windsurf",
    ".codex",
    ".gemini",
    "node_modules",
    "vendor",
    "third_party",
    "site-packages",
    "dist",
    "docs",
    "doc",
    "locales",
    "locale",
    "i18n",
    "l10n",
    "translations",
    "lang",
    "langs",
    ".github/prompts",
    ".github/chatmodes",
    ".github/instructions",
    ".github/agents",
    "__snapshots__",
    "snapshots",
    "cassettes",
    "fixtures",
    "__fixtures__",
    "testdata",
    "__tests__",
    "__mocks__",
    "test",
    "tests",
];

/// Folders of tests that hold the cases of an evaluation, too.
const TEST_FOLDERS: &[&str] = &["test", "tests", "fixtures", "testdata"];

/// Folders whose files are the cases and the bars of an evaluation.
const EVAL_FOLDERS: &[&str] = &["evals", "eval", "evaluations", "evaluation", ".promptfoo"];

/// Whole names that are never looked at.
const EXCLUDED_NAMES: &[&str] = &[
    "agents.md",
    "claude.md",
    "gemini.md",
    ".cursorrules",
    ".windsurfrules",
    "copilot-instructions.md",
    ".mcp.json",
    "skill.md",
    "package-lock.json",
    "npm-shrinkwrap.json",
    "pnpm-lock.yaml",
    "go.sum",
    "conftest.py",
    "code_of_conduct.md",
    "contributing.md",
    "security.md",
    "mkdocs.yml",
    "mkdocs.yaml",
    ".pre-commit-config.yaml",
];

/// Beginnings and ends of names that are never looked at.
const EXCLUDED_HEADS: &[&str] = &["changelog", "readme", "license", "openapi", "swagger", "test_"];
const EXCLUDED_TAILS: &[&str] =
    &[".lock", "-lock.json", "-lock.yaml", ".schema.json", ".min.js", ".d.ts", ".map", ".ipynb", ".pb.go", "_pb2.py"];

/// Inside of names of source code: tests.
const TEST_MARKS: &[&str] = &[".test.", ".spec.", "_test.", "_tests.", ".stories.", "_spec.", "tests.", "test."];

/// A folder of prompts.
const PROMPT_FOLDERS: &[&str] =
    &["prompts", "prompt_templates", "prompt-templates", "system_prompts", "system-prompts"];

/// Ends of names of texts that can be a prompt.
const TEXT_ENDS: &[&str] =
    &["txt", "md", "mustache", "hbs", "handlebars", "j2", "jinja", "jinja2", "liquid", "xml", "tmpl"];

/// Source code by the end of its name, and whether `#` begins a comment.
const CODE_ENDS: &[(&str, bool)] = &[
    ("py", true),
    ("rb", true),
    ("ts", false),
    ("tsx", false),
    ("js", false),
    ("jsx", false),
    ("mjs", false),
    ("cjs", false),
    ("go", false),
    ("java", false),
    ("kt", false),
    ("rs", false),
    ("cs", false),
    ("swift", false),
    ("scala", false),
    ("php", false),
];

/// Lists of dependencies.
const MANIFESTS: &[&str] = &["package.json", "pyproject.toml", "cargo.toml", "go.mod", "pipfile"];

/// Whether a changed file is worth reading on both sides: it can be read, and it is no developer's tool, test, lock file or page.
pub fn may_tell(path: &str) -> bool {
    let path = Path::new(path);
    !path.is_excluded() && form(&path).is_some()
}

/// A path in small letters, by its parts.
pub(super) struct Path {
    folders: Vec<String>,
    /// Its last part.
    pub(super) name: String,
}

impl Path {
    pub(super) fn new(path: &str) -> Self {
        let mut folders: Vec<String> = path.to_ascii_lowercase().split(['/', '\\']).map(str::to_owned).collect();
        let name = folders.pop().unwrap_or_default();
        Self { folders, name }
    }

    fn end(&self) -> &str {
        self.name.rsplit_once('.').map_or("", |(_, end)| end)
    }

    fn lies_in(&self, names: &[&str]) -> bool {
        self.folders.iter().any(|folder| names.contains(&folder.as_str()))
    }

    fn is_excluded(&self) -> bool {
        let name = self.name.as_str();
        let eval = self.is_eval();
        let folder = |wanted: &&str| match wanted.split_once('/') {
            Some((a, b)) => self.folders.windows(2).any(|w| w[0] == a && w[1] == b),
            None => !(eval && TEST_FOLDERS.contains(wanted)) && self.folders.iter().any(|f| f == wanted),
        };
        EXCLUDED_FOLDERS.iter().any(folder)
            || EXCLUDED_NAMES.contains(&name)
            || EXCLUDED_HEADS.iter().any(|head| name.starts_with(head))
            || EXCLUDED_TAILS.iter().any(|tail| name.ends_with(tail))
            || (is_code(self.end()) && TEST_MARKS.iter().any(|mark| name.contains(mark)))
    }

    /// Does it hold the cases or the bar of an evaluation?
    pub(super) fn is_eval(&self) -> bool {
        self.lies_in(EVAL_FOLDERS) || self.name.contains("promptfoo")
    }

    /// Does it list the evaluations of a registry?
    pub(super) fn is_registered(&self) -> bool {
        self.folders.windows(2).any(|w| w[0] == "registry" && w[1] == "evals")
    }

    /// Is it the prompt or the model of a judge?
    pub(super) fn is_judge(&self) -> bool {
        self.lies_in(&["evaluators", "custom_evals", "judges", "graders", "modelgraded"])
            || self
                .name
                .split(|c: char| !c.is_ascii_alphabetic())
                .any(|w| matches!(w, "judge" | "grader" | "evaluator"))
    }

    /// Does it lie where pipelines lie?
    pub(super) fn is_pipeline(&self) -> bool {
        self.folders.windows(2).any(|w| w[0] == ".github" && w[1] == "workflows")
            || matches!(self.name.as_str(), ".gitlab-ci.yml" | "azure-pipelines.yml" | "bitbucket-pipelines.yml")
            || self.lies_in(&[".circleci", ".buildkite"])
    }

    /// Does it speak of flags?
    pub(super) fn is_flags(&self) -> bool {
        self.folders.iter().chain([&self.name]).any(|part| part.contains("flag") || part.contains("toggle"))
    }
}

fn is_code(end: &str) -> bool {
    CODE_ENDS.iter().any(|(e, _)| *e == end)
}

/// How strongly `path` speaks of prompts and models.
pub(super) fn signal(path: &Path) -> Signal {
    let name = path.name.as_str();
    let prompt = [".prompty", ".prompt", ".baml"].iter().any(|end| name.ends_with(end)) || name.contains(".prompt.");
    let named = name.starts_with("system_prompt") || name.starts_with("system-prompt") || name == "skprompt.txt";
    if prompt || named || path.lies_in(PROMPT_FOLDERS) || is_flow(name) || name.starts_with("launchdarkly_ai_config") {
        return Signal::Strong;
    }
    let parts = || path.folders.iter().map(String::as_str).chain([name]);
    let model_config = name.find("model").is_some_and(|at| name[at..].contains("config"));
    let by_name = name.starts_with("litellm") || model_config || name.starts_with("inferenceservice");
    let config =
        path.lies_in(&["config"]) && ["generator", "embedder", "llm"].iter().any(|head| name.starts_with(head));
    let vendor = parts().any(|part| part.contains("bedrock") || part.contains("openai"));
    let code =
        is_code(path.end()) && ["prompts.", "system_prompts.", "instructions."].iter().any(|h| name.starts_with(h));
    if by_name || config || vendor || code { Signal::Medium } else { Signal::None }
}

fn is_flow(name: &str) -> bool {
    matches!(name, "flow.dag.yaml" | "flow.dag.yml" | "flow.flex.yaml" | "flow.flex.yml")
}

/// How a file of that path is read; `None` where it isn't.
pub(super) fn form(path: &Path) -> Option<Form> {
    let (name, end) = (path.name.as_str(), path.end());
    let data = matches!(end, "yaml" | "yml" | "json" | "jsonc");
    if MANIFESTS.contains(&name) || (name.starts_with("requirements") && end == "txt") {
        return Some(Form::Manifest);
    }
    if data {
        let registry = path
            .folders
            .windows(2)
            .any(|w| w[0] == "registry" && matches!(w[1].as_str(), "evals" | "modelgraded" | "completion_fns"));
        return Some(match () {
            () if name.contains("promptfoo") && !path.is_pipeline() => Form::Promptfoo,
            () if name.contains(".prompt.") => Form::PromptData,
            () if is_flow(name) => Form::Flow,
            () if registry => Form::Registry,
            () => Form::Data,
        });
    }
    let text = TEXT_ENDS.contains(&end);
    let stem = name.split('.').next().unwrap_or_default();
    let titled = stem.ends_with("_prompt")
        || stem.ends_with("-prompt")
        || stem.starts_with("system_prompt")
        || stem.starts_with("system-prompt");
    match end {
        "prompty" => Some(Form::Prompty),
        "prompt" => Some(Form::Dotprompt),
        "baml" => Some(Form::Baml),
        "tf" => Some(Form::Hcl),
        "env" | "properties" | "toml" | "ini" => Some(Form::Lines),
        _ if name.starts_with(".env") && !text => Some(Form::Lines),
        _ if text
            && (name == "skprompt.txt" || name.ends_with(".prompt.md") || titled || path.lies_in(PROMPT_FOLDERS)) =>
        {
            Some(Form::Text)
        }
        _ => CODE_ENDS.iter().find(|(e, _)| *e == end).map(|(_, hash)| Form::Code { hash: *hash }),
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    const READ: &[&str] = &[
        "src/chat.prompty",
        "prompts/answer.prompt",
        "api/prompts/system.md",
        "config/generator.json",
        ".env",
        "promptfooconfig.yaml",
        "evals/tests/cases.yaml",
        "infra/main.tf",
        "package.json",
        "src/agent.py",
        ".github/workflows/eval.yml",
        "values.yaml",
        "plugins/chat/skprompt.txt",
        "triage.prompt.yml",
    ];

    const LEFT: &[&str] = &[
        "CLAUDE.md",
        ".claude/agents/a.md",
        ".cursor/rules/x.md",
        ".github/prompts/triage.prompt.yml",
        "pnpm-lock.yaml",
        "docs/prompts/a.md",
        "tests/prompts/a.prompty",
        "prompts/README.md",
        "locales/en.json",
        "src/agent.test.ts",
        "poetry.lock",
        "notes.md",
        "node_modules/a/package.json",
        "src/test_agent.py",
        "openapi.yaml",
        "logo.png",
        "Makefile",
    ];

    #[test]
    fn which_files_are_read() {
        for path in READ {
            assert!(may_tell(path), "{path}");
        }
        for path in LEFT {
            assert!(!may_tell(path), "{path}");
        }
    }
}
