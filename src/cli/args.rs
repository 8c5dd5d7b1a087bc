//! The command line as typed. Nothing here looks at the world.

use std::path::PathBuf;

use clap::{Args, Parser, Subcommand, ValueEnum, ValueHint};
use clap_complete::Shell;

use crate::catalog::Level;

/// A rollout-policy linter and CI gate: judges how deploy manifests let change reach users.
///
/// Reads Argo Rollouts, Flagger, KServe, Knative, Istio, Gateway API, plain Kubernetes and more, and our own
/// RolloutPlan files. Exit status: 0 clean, 1 findings at or above --fail-on, 2 could not decide.
#[derive(Debug, Parser)]
#[command(name = "rollgate", version, max_term_width = 100, disable_help_subcommand = true)]
pub(super) struct Cli {
    /// What to do.
    #[command(subcommand)]
    pub(super) command: Command,
}

/// What to do.
#[derive(Debug, Subcommand)]
pub(super) enum Command {
    /// Check a tree of manifests, standard input, or a change in git.
    ///
    /// A Helm chart's templates are no YAML before they are rendered: check `helm template … | rollgate check -`, and a
    /// kustomization by `kustomize build … | rollgate check -`.
    Check(Box<Check>),
    /// Show what a file lowers to: stages, effective exposure, holds, gates, criteria.
    Inspect(Inspect),
    /// Say whether a deploy may start now, and if not, when.
    ///
    /// Exit status: 0 open, 1 closed, 2 could not decide.
    Window(Window),
    /// Record rollback drills, list their state, hold them against git.
    #[command(subcommand)]
    Drill(DrillCommand),
    /// List the rules and the level the policy gives them.
    Rules(Rules),
    /// Explain a rule: whether the policy turns it on and why, what it checks, what to do, and examples.
    Explain(Explain),
    /// Work with the policy in force.
    #[command(subcommand)]
    Policy(PolicyCommand),
    /// Record the findings of today, so that only new ones count.
    #[command(subcommand)]
    Baseline(BaselineCommand),
    /// Install, remove and run git hooks.
    #[command(subcommand)]
    Hook(HookCommand),
    /// Write a first policy, a CI file and hooks; what is there already is kept.
    ///
    /// Looks at the manifests that are here and proposes. On a terminal it asks; elsewhere, and with --yes, it takes what it
    /// proposes.
    Init(Init),
    /// Print one of our JSON Schemas.
    Schema(Schema),
    /// Print a completion script for a shell.
    Completions(Completions),
    /// Print the manual page, or the one of a command: `rollgate man hook install`.
    Man(Man),
    /// Serve an editor: diagnostics while typing, stages on hover, fixes and reasoned ignores as actions.
    ///
    /// Speaks the language server protocol on standard input and output. Exit status: 0 after a shutdown, 1 without one.
    Lsp,
}

/// Which policy applies.
#[derive(Debug, Default, Args)]
pub(super) struct PolicyChoice {
    /// Use this policy file, not the repository's.
    #[arg(long, value_name = "FILE", value_hint = ValueHint::FilePath, conflicts_with = "preset")]
    pub(super) policy: Option<PathBuf>,
    /// Use this preset (recommended, strict, ai, friday-freeze), not the repository's policy.
    #[arg(long, value_name = "NAME")]
    pub(super) preset: Option<String>,
}

/// How the report looks.
#[derive(Debug, Default, Args)]
pub(super) struct Output {
    /// How to print the report.
    #[arg(long, value_enum, default_value_t, value_name = "FORMAT")]
    pub(super) format: Format,
    /// Colour the report.
    #[arg(long, value_enum, default_value_t, value_name = "WHEN")]
    pub(super) color: Color,
}

/// How to print what a command says.
#[derive(Clone, Copy, Debug, Default, PartialEq, Eq, ValueEnum)]
pub(super) enum Format {
    /// What suits the place: `human`.
    #[default]
    Auto,
    /// Text for people.
    Human,
    /// The same, as short as it gets.
    Short,
    /// JSON.
    Json,
}

/// How to print the report of a check.
#[derive(Clone, Copy, Debug, Default, PartialEq, Eq, ValueEnum)]
pub(super) enum ReportFormat {
    /// What suits the place: `human`, and `github` in a job of GitHub Actions.
    #[default]
    Auto,
    /// Frames with the source underlined.
    Human,
    /// One line a finding.
    Short,
    /// The JSON report `rollgate/report/v1`.
    Json,
    /// SARIF 2.1.0, for code scanning.
    Sarif,
    /// JUnit, for test reports.
    Junit,
    /// Annotations of GitHub Actions, and the summary of the step.
    Github,
    /// GitLab Code Quality.
    Gitlab,
    /// A comment for a pull request.
    Markdown,
}

/// When to colour.
#[derive(Clone, Copy, Debug, Default, PartialEq, Eq, ValueEnum)]
pub(super) enum Color {
    /// On a terminal, unless `NO_COLOR` or `CLICOLOR=0` says no.
    #[default]
    Auto,
    /// Always.
    Always,
    /// Never.
    Never,
}

/// When to say what is going on.
#[derive(Clone, Copy, Debug, Default, PartialEq, Eq, ValueEnum)]
pub(super) enum ProgressWhen {
    /// On a terminal.
    #[default]
    Auto,
    /// Never.
    Never,
}

/// Whose policy judges a change.
#[derive(Clone, Copy, Debug, PartialEq, Eq, ValueEnum)]
pub(super) enum TrustSide {
    /// The target branch's: the change cannot rewrite the rules it is judged by.
    Base,
    /// The change's own.
    Head,
}

/// The level that fails the check.
#[derive(Clone, Copy, Debug, PartialEq, Eq, ValueEnum)]
pub(super) enum FailOn {
    /// Only errors.
    Error,
    /// Warnings too.
    Warning,
}

impl From<FailOn> for Level {
    fn from(fail_on: FailOn) -> Self {
        match fail_on {
            FailOn::Error => Self::Error,
            FailOn::Warning => Self::Warning,
        }
    }
}

/// `rollgate check`.
#[derive(Debug, Default, Args)]
#[expect(clippy::struct_excessive_bools, reason = "each is a flag of its own")]
pub(super) struct Check {
    /// Files or folders to check (default: the repository, else this folder); `-` reads standard input.
    #[arg(value_name = "PATH", value_hint = ValueHint::AnyPath)]
    pub(super) paths: Vec<PathBuf>,
    /// The path that standard input stands for in reports and in the policy's globs.
    #[arg(long, value_name = "PATH")]
    pub(super) stdin_filename: Option<String>,
    #[command(flatten)]
    pub(super) policy: PolicyChoice,
    /// How to print the report.
    #[arg(long, value_enum, default_value_t, value_name = "FORMAT")]
    pub(super) format: ReportFormat,
    /// Colour the report.
    #[arg(long, value_enum, default_value_t, value_name = "WHEN")]
    pub(super) color: Color,
    /// Show also the findings that do not count, and why: suppressed, waived, baselined, overridden.
    #[arg(long)]
    pub(super) show_suppressed: bool,
    /// Also write the report to a file: `--output json=report.json`; may be given again.
    #[arg(long = "output", value_name = "FORMAT=PATH")]
    pub(super) outputs: Vec<String>,
    /// Judge what changes against this commit or branch: what the head has since it left the base, by the base's rules.
    #[arg(long, value_name = "REV", conflicts_with_all = ["range", "staged", "paths", "no_git", "stdin_filename"])]
    pub(super) base: Option<String>,
    /// The commit that is judged (default: HEAD).
    #[arg(long, value_name = "REV", requires = "base")]
    pub(super) head: Option<String>,
    /// Judge every commit from A to B along first parents, by the rules of A; each at its own time, which is why `--at` does not go with it.
    #[arg(long, value_name = "A..B", conflicts_with_all = ["staged", "paths", "no_git", "stdin_filename", "at"])]
    pub(super) range: Option<String>,
    /// Judge what is staged, by the rules of HEAD.
    #[arg(long, conflicts_with_all = ["paths", "no_git", "stdin_filename"])]
    pub(super) staged: bool,
    /// Judge the change that the CI provider's variables name, and say which that is.
    #[arg(long, conflicts_with_all = ["base", "range", "staged", "paths", "no_git", "stdin_filename"])]
    pub(super) ci: bool,
    /// Whose policy judges a change.
    #[arg(long, value_enum, value_name = "SIDE")]
    pub(super) trust: Option<TrustSide>,
    /// When the deploy would start: RFC 3339, or `now`. A tree's deploy windows are judged only with this.
    #[arg(long, value_name = "TIME")]
    pub(super) at: Option<String>,
    /// Run only these rules; may be given again.
    #[arg(long, value_name = "RULE", value_delimiter = ',')]
    pub(super) select: Vec<String>,
    /// Leave these rules out; may be given again.
    #[arg(long, value_name = "RULE", value_delimiter = ',')]
    pub(super) ignore: Vec<String>,
    /// The findings that were there already (default: .rollgate/baseline.json if it is there, a change's from its base).
    #[arg(long, value_name = "FILE", value_hint = ValueHint::FilePath)]
    pub(super) baseline: Option<PathBuf>,
    /// The level that fails the check.
    #[arg(long, value_enum, value_name = "LEVEL")]
    pub(super) fail_on: Option<FailOn>,
    /// Exit with 0 whatever is found; 2 where nothing could be decided.
    #[arg(long)]
    pub(super) exit_zero: bool,
    /// Do not look for a git repository.
    #[arg(long)]
    pub(super) no_git: bool,
    /// Nothing to check is clean, not undecided.
    #[arg(long)]
    pub(super) allow_empty: bool,
    /// Write what is safe to mend into the files: spellings that have one meaning and are no valid ones.
    #[arg(long, conflicts_with_all = ["base", "range", "staged", "ci"])]
    pub(super) fix: bool,
    /// Write suggestions too, which change how rollouts go: a first share, a hold. Look at the result.
    #[arg(long, conflicts_with_all = ["base", "range", "staged", "ci"])]
    pub(super) unsafe_fix: bool,
    /// Print what --fix or --unsafe-fix would change, and write nothing.
    #[arg(long, conflicts_with_all = ["base", "range", "staged", "ci"])]
    pub(super) diff: bool,
    /// How many threads read files (default: one a core).
    #[arg(long, value_name = "N", value_parser = clap::value_parser!(u16).range(1..=1024))]
    pub(super) jobs: Option<u16>,
    /// Say on standard error what is going on when a run takes longer than a second.
    #[arg(long, value_enum, default_value_t, value_name = "WHEN")]
    pub(super) progress: ProgressWhen,
    /// Print only what fails the check.
    #[arg(short, long, conflicts_with = "verbose")]
    pub(super) quiet: bool,
    /// Say also what was skipped and why.
    #[arg(short, long)]
    pub(super) verbose: bool,
}

/// `rollgate baseline`.
#[derive(Debug, Subcommand)]
pub(super) enum BaselineCommand {
    /// Write today's findings of the whole repository to a baseline, in place of the one that is there.
    ///
    /// What ignores and waivers cover is left out, and so is what can't be hidden: manifests that can't be read, what is
    /// wrong with ignores, and the rules that the policy's `suppressions: {forbid}` names.
    Write(BaselineWrite),
}

/// `rollgate baseline write`.
#[derive(Debug, Args)]
pub(super) struct BaselineWrite {
    /// The file to write (default: .rollgate/baseline.json, which every check reads).
    #[arg(long, value_name = "FILE", value_hint = ValueHint::FilePath)]
    pub(super) output: Option<PathBuf>,
    /// As of when: RFC 3339, or `now`. Deploy windows are judged only with this.
    #[arg(long, value_name = "TIME")]
    pub(super) at: Option<String>,
    #[command(flatten)]
    pub(super) policy: PolicyChoice,
}

/// `rollgate drill`.
#[derive(Debug, Subcommand)]
pub(super) enum DrillCommand {
    /// Write a record of a drill; asks for what is not given when it runs on a terminal.
    Record(Box<DrillRecord>),
    /// List the services with their last drill, its age, and when the next one is due.
    List(DrillList),
    /// Hold every record against git.
    ///
    /// Exit status: 0 all are confirmed, 1 one is refuted, 2 could not decide.
    Verify(DrillVerify),
}

/// `rollgate drill record`.
#[derive(Debug, Args)]
pub(super) struct DrillRecord {
    /// The service that was rolled back.
    #[arg(long, value_name = "NAME")]
    pub(super) service: Option<String>,
    /// Where.
    #[arg(long, value_name = "NAME")]
    pub(super) environment: Option<String>,
    /// When: RFC 3339, or `now`.
    #[arg(long, value_name = "TIME")]
    pub(super) performed: Option<String>,
    /// How: flag-off, traffic-flip or redeploy.
    #[arg(long, value_name = "METHOD")]
    pub(super) method: Option<String>,
    /// success or failure.
    #[arg(long, value_name = "OUTCOME")]
    pub(super) outcome: Option<String>,
    /// From the decision to the old version answering: `4m10s`.
    #[arg(long, value_name = "LENGTH")]
    pub(super) time_to_rollback: Option<String>,
    /// Who did it; may be given again.
    #[arg(long, value_name = "PERSON")]
    pub(super) by: Vec<String>,
    /// The commit that rolled back; may be given again.
    #[arg(long, value_name = "ID")]
    pub(super) commit: Vec<String>,
    /// An annotated tag of the drill; may be given again.
    #[arg(long, value_name = "TAG")]
    pub(super) tag: Vec<String>,
    /// What there is to say beside that.
    #[arg(long, value_name = "TEXT")]
    pub(super) notes: Option<String>,
    /// The file to write (default: drills/DATE-SERVICE.yaml). One that is there is never overwritten.
    #[arg(long, value_name = "FILE", value_hint = ValueHint::FilePath)]
    pub(super) output: Option<PathBuf>,
}

/// `rollgate drill list`.
#[derive(Debug, Args)]
pub(super) struct DrillList {
    /// As of when: RFC 3339 (default: now).
    #[arg(long, value_name = "TIME")]
    pub(super) at: Option<String>,
    #[command(flatten)]
    pub(super) output: Output,
}

/// `rollgate drill verify`.
#[derive(Debug, Args)]
pub(super) struct DrillVerify {
    /// Files of records, by their paths from the root (default: every record).
    #[arg(value_name = "FILE", value_hint = ValueHint::FilePath)]
    pub(super) files: Vec<PathBuf>,
    #[command(flatten)]
    pub(super) output: Output,
}

/// `rollgate window`.
#[derive(Debug, Args)]
pub(super) struct Window {
    /// When the deploy would start: RFC 3339 (default: now).
    #[arg(long, value_name = "TIME")]
    pub(super) at: Option<String>,
    /// The service that is deployed: scopes and freezes that match it count.
    #[arg(long, value_name = "NAME")]
    pub(super) service: Option<String>,
    #[command(flatten)]
    pub(super) policy: PolicyChoice,
    #[command(flatten)]
    pub(super) output: Output,
}

/// `rollgate inspect`.
#[derive(Debug, Args)]
pub(super) struct Inspect {
    /// Files or folders to read; `-` reads standard input. Definitions they refer to must be among them.
    #[arg(value_name = "FILE", required = true, value_hint = ValueHint::AnyPath)]
    pub(super) paths: Vec<PathBuf>,
    /// The path that standard input stands for.
    #[arg(long, value_name = "PATH")]
    pub(super) stdin_filename: Option<String>,
    #[command(flatten)]
    pub(super) policy: PolicyChoice,
    #[command(flatten)]
    pub(super) output: Output,
}

/// `rollgate rules`.
#[derive(Debug, Args)]
pub(super) struct Rules {
    #[command(flatten)]
    pub(super) policy: PolicyChoice,
    #[command(flatten)]
    pub(super) output: Output,
}

/// `rollgate explain`.
#[derive(Debug, Args)]
pub(super) struct Explain {
    /// The rule's name.
    #[arg(value_name = "RULE")]
    pub(super) rule: String,
    #[command(flatten)]
    pub(super) policy: PolicyChoice,
    #[command(flatten)]
    pub(super) output: Output,
}

/// `rollgate policy`.
#[derive(Debug, Subcommand)]
pub(super) enum PolicyCommand {
    /// Print the effective policy and where every value comes from.
    Show(PolicyShow),
    /// Check that the policy can be read and every rule in it can be bound.
    Check(PolicyCheck),
    /// Run the policy's unit tests.
    Test(PolicyTest),
    /// Say where one policy is weaker than another: by what they come to, not by their text.
    ///
    /// Exit status: 0 when AFTER is nowhere weaker than BEFORE, 1 when it is, 2 could not decide.
    Diff(PolicyDiff),
}

/// `rollgate policy show`.
#[derive(Debug, Args)]
pub(super) struct PolicyShow {
    /// Show what applies to the rollouts of this file: its scopes and classes.
    #[arg(long = "for", value_name = "FILE", value_hint = ValueHint::FilePath)]
    pub(super) file: Option<PathBuf>,
    #[command(flatten)]
    pub(super) policy: PolicyChoice,
    #[command(flatten)]
    pub(super) output: Output,
}

/// `rollgate policy check`.
#[derive(Debug, Args)]
pub(super) struct PolicyCheck {
    /// The policy file (default: the repository's).
    #[arg(value_name = "FILE", value_hint = ValueHint::FilePath)]
    pub(super) file: Option<PathBuf>,
    #[command(flatten)]
    pub(super) output: Output,
}

/// `rollgate policy test`.
#[derive(Debug, Args)]
pub(super) struct PolicyTest {
    /// Test files (default: policies/tests/*.yaml).
    #[arg(value_name = "FILE", value_hint = ValueHint::FilePath)]
    pub(super) files: Vec<PathBuf>,
    #[command(flatten)]
    pub(super) policy: PolicyChoice,
    #[command(flatten)]
    pub(super) output: Output,
}

/// `rollgate policy diff`.
#[derive(Debug, Args)]
pub(super) struct PolicyDiff {
    /// The policy as it was: a preset's name or a file.
    #[arg(value_name = "BEFORE", value_hint = ValueHint::FilePath)]
    pub(super) before: String,
    /// The policy as it is: a preset's name or a file.
    #[arg(value_name = "AFTER", value_hint = ValueHint::FilePath)]
    pub(super) after: String,
    #[command(flatten)]
    pub(super) output: Output,
}

/// `rollgate hook`.
#[derive(Debug, Subcommand)]
pub(super) enum HookCommand {
    /// Write git hooks that call rollgate (default: pre-commit and pre-push).
    ///
    /// A hook that is already there is kept as NAME.before-rollgate and runs first, with the same arguments and input.
    Install(HookFolder),
    /// Take our git hooks away and put back what stood there before (default: all of ours).
    Uninstall(HookFolder),
    /// Run what a git hook calls.
    #[command(subcommand)]
    Run(HookRun),
}

/// Which hooks, and where.
#[derive(Debug, Args)]
pub(super) struct HookFolder {
    /// The hooks.
    #[arg(value_enum, value_name = "NAME")]
    pub(super) names: Vec<HookName>,
    /// The folder to write to (default: where git looks for this repository's hooks).
    #[arg(long, value_name = "DIR", value_hint = ValueHint::DirPath)]
    pub(super) dir: Option<PathBuf>,
}

/// A git hook that rollgate can be.
#[derive(Clone, Copy, Debug, PartialEq, Eq, PartialOrd, Ord, ValueEnum)]
pub(super) enum HookName {
    /// Before a commit.
    PreCommit,
    /// Before a push.
    PrePush,
    /// Once a commit's message is written.
    CommitMsg,
    /// On the receiving side, before anything moves.
    PreReceive,
}

impl HookName {
    /// Every hook.
    pub(super) const ALL: [Self; 4] = [Self::PreCommit, Self::PrePush, Self::CommitMsg, Self::PreReceive];

    /// As git calls it.
    pub(super) const fn as_str(self) -> &'static str {
        match self {
            Self::PreCommit => "pre-commit",
            Self::PrePush => "pre-push",
            Self::CommitMsg => "commit-msg",
            Self::PreReceive => "pre-receive",
        }
    }

    /// Does git say on standard input what it is about?
    pub(super) const fn reads_input(self) -> bool {
        matches!(self, Self::PrePush | Self::PreReceive)
    }
}

/// `rollgate hook run`.
#[derive(Debug, Subcommand)]
pub(super) enum HookRun {
    /// Judge what is staged.
    PreCommit,
    /// Judge what is about to be pushed; git tells it on standard input, and the framework pre-commit by variables.
    PrePush {
        /// The remote's name; without one the variables of pre-commit count.
        #[arg(value_name = "REMOTE", requires = "url")]
        remote: Option<String>,
        /// Its URL.
        #[arg(value_name = "URL")]
        url: Option<String>,
    },
    /// Judge what is being received, on the server; git tells it on standard input.
    PreReceive,
    /// Check that the trailers Rollgate-Override and Rollback-Drill stand where git sees them and say something.
    CommitMsg {
        /// The file that holds the message.
        #[arg(value_name = "FILE", value_hint = ValueHint::FilePath)]
        file: PathBuf,
    },
}

/// `rollgate init`.
#[derive(Debug, Args)]
pub(super) struct Init {
    /// The preset that the policy extends: recommended, strict, ai or friday-freeze.
    #[arg(long, value_name = "NAME")]
    pub(super) preset: Option<String>,
    /// The time zone of deploy windows.
    #[arg(long, value_name = "ZONE")]
    pub(super) timezone: Option<String>,
    /// The CI service to write a file for.
    #[arg(long, value_enum, default_value_t, value_name = "SERVICE")]
    pub(super) ci: CiService,
    /// The command that puts rollgate on the path of a CI job.
    #[arg(long, value_name = "COMMAND")]
    pub(super) install: Option<String>,
    /// Install the git hooks too: pre-commit and pre-push.
    #[arg(long)]
    pub(super) hook: bool,
    /// Take every proposal; ask nothing.
    #[arg(short, long)]
    pub(super) yes: bool,
}

/// A CI service to write a file for.
#[derive(Clone, Copy, Debug, Default, PartialEq, Eq, ValueEnum)]
pub(super) enum CiService {
    /// The one that is used here, by its files or by where `origin` lies.
    #[default]
    Auto,
    /// GitHub Actions.
    Github,
    /// GitLab CI.
    Gitlab,
    /// None.
    None,
}

/// `rollgate schema`.
#[derive(Debug, Args)]
pub(super) struct Schema {
    /// policy, rollout-plan, rollback-drill, waivers, policy-tests, report-v1 or model-v1.
    #[arg(value_name = "NAME")]
    pub(super) name: String,
}

/// `rollgate completions`.
#[derive(Debug, Args)]
pub(super) struct Completions {
    /// The shell.
    #[arg(value_enum, value_name = "SHELL")]
    pub(super) shell: Shell,
}

/// `rollgate man`.
#[derive(Debug, Args)]
pub(super) struct Man {
    /// The command that the page is about (default: all of rollgate).
    #[arg(value_name = "COMMAND")]
    pub(super) command: Vec<String>,
}
