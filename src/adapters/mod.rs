//! One adapter per format: manifests lowered to the model.
//!
//! An adapter is one file: `declare_adapter!` with its page, then `lower`. It reads tolerantly: takes the fields it
//! knows, ignores the rest, reports a wrong type at its span, never panics. It sees no rule and no policy.

mod addition;
pub mod argo_rollouts;
pub mod aws_appconfig;
pub mod aws_bedrock;
pub mod aws_ecs;
pub mod aws_load_balancer;
pub mod aws_sagemaker;
pub mod aws_sam_codedeploy;
pub mod azure_ai_foundry;
pub mod azure_feature_management;
pub mod azure_ml;
mod backing;
pub mod ci_imperative_traffic;
mod cloudwatch;
pub mod configcat;
pub mod dotprompt;
mod duration;
mod flag;
pub mod flagd;
pub mod flagger;
pub mod flagsmith;
pub mod flipt;
pub mod gateway_api;
pub mod gcp_app_engine;
pub mod gcp_cloud_deploy;
pub mod gcp_cloud_run;
pub mod gcp_vertex_ai;
pub mod github_models_prompt;
pub mod gitlab_feature_flags;
pub mod go_feature_flag;
pub mod google_tfx;
pub mod growthbook;
pub mod harness;
mod infra;
pub mod ingress_nginx;
pub mod istio;
pub mod kayenta;
pub mod knative;
pub mod kserve;
pub mod kubernetes;
pub mod launchdarkly;
mod lowering;
mod nodes;
mod object;
pub mod octopus;
pub mod openai_evals;
pub mod openkruise;
pub mod openshift_route;
pub mod pipecd;
pub mod posthog;
mod prompt_file;
pub mod promptflow;
pub mod promptfoo;
pub mod prompty;
pub mod ray;
pub mod rollgate;
pub mod seldon_v1;
pub mod seldon_v2;
pub mod smi;
mod split;
pub mod split_fme;
pub mod statsig;
#[cfg(test)]
pub(crate) mod testing;
pub mod traefik;
pub mod unleash;
mod workload;
mod world;

pub use addition::Addition;
pub use infra::{Template, within_reach};
pub use lowering::{Audience, Defined, Finish, Lowered, Lowering, is_template};
pub use object::Object;
pub use rollgate::{Governed, PlanParts, schema};
pub use workload::{Workload, payload, pod_template};
pub use world::{Definitions, World, may_mean};

use crate::catalog::AdapterMeta;
use crate::finding::Wish;
use crate::syntax::Node;
use crate::text::Span;

/// Reads one format.
pub trait Adapter: Sync {
    /// What it says of itself: which group and kind it claims is data there.
    fn meta(&self) -> &'static AdapterMeta;

    /// The document that is this system's by its form, where no `apiVersion` says whose it is. One of the adapter's words
    /// stands in every such document, or one of its parts of paths in the path.
    fn recognise<'d>(&self, _root: Node<'d>, _path: &str) -> Option<Object<'d>> {
        None
    }

    /// Lowers one object. Infallible: what can't be read becomes a remark on the rollout or a problem of the file.
    fn lower(&self, object: &Object<'_>, cx: &mut Lowering<'_>);

    /// What would have to be written into `object`, where nothing is yet, for `wish` to come true; `at` is where its
    /// absence was noted.
    fn add<'d>(&self, _object: &Object<'d>, _wish: &Wish, _at: Span) -> Option<Addition<'d>> {
        None
    }
}

/// Every adapter, sorted by id.
pub static ALL: &[&dyn Adapter] = &[
    &argo_rollouts::ArgoRollouts,
    &aws_appconfig::AwsAppConfig,
    &aws_bedrock::AwsBedrock,
    &aws_ecs::AwsEcs,
    &aws_load_balancer::AwsLoadBalancer,
    &aws_sagemaker::AwsSagemaker,
    &aws_sam_codedeploy::AwsSamCodeDeploy,
    &azure_ai_foundry::AzureAiFoundry,
    &azure_feature_management::AzureFeatureManagement,
    &azure_ml::AzureMl,
    &ci_imperative_traffic::CiImperativeTraffic,
    &configcat::ConfigCat,
    &dotprompt::Dotprompt,
    &flagd::Flagd,
    &flagger::Flagger,
    &flagsmith::Flagsmith,
    &flipt::Flipt,
    &gateway_api::GatewayApi,
    &gcp_app_engine::GcpAppEngine,
    &gcp_cloud_deploy::GcpCloudDeploy,
    &gcp_cloud_run::GcpCloudRun,
    &gcp_vertex_ai::GcpVertexAi,
    &github_models_prompt::GithubModelsPrompt,
    &gitlab_feature_flags::GitlabFeatureFlags,
    &go_feature_flag::GoFeatureFlag,
    &google_tfx::GoogleTfx,
    &growthbook::GrowthBook,
    &harness::Harness,
    &ingress_nginx::IngressNginx,
    &istio::Istio,
    &kayenta::Kayenta,
    &knative::Knative,
    &kserve::KServe,
    &kubernetes::Kubernetes,
    &launchdarkly::LaunchDarkly,
    &octopus::Octopus,
    &openai_evals::OpenaiEvals,
    &openkruise::OpenKruise,
    &openshift_route::OpenshiftRoute,
    &pipecd::PipeCd,
    &posthog::PostHog,
    &promptflow::Promptflow,
    &promptfoo::Promptfoo,
    &prompty::Prompty,
    &ray::Ray,
    &rollgate::Rollgate,
    &seldon_v1::SeldonV1,
    &seldon_v2::SeldonV2,
    &smi::Smi,
    &split_fme::SplitFme,
    &statsig::Statsig,
    &traefik::Traefik,
    &unleash::Unleash,
];

/// The adapter that claims `group` and `kind`.
pub fn claiming(group: &str, kind: &str) -> Option<&'static dyn Adapter> {
    let claims = |a: &&&'static dyn Adapter| a.meta().kinds.iter().any(|k| k.group == group && k.kind == kind);
    let ours = || (group == rollgate::Rollgate::META.id).then_some(&rollgate::Rollgate as &'static dyn Adapter);
    // A misspelled kind of our own group belongs to our adapter too: nobody else would say so.
    ALL.iter().find(claims).copied().or_else(ours)
}

/// May the file `path` be somebody's whatever words it holds?
pub fn is_known_path(path: &str) -> bool {
    ALL.iter().any(|a| a.meta().paths.iter().any(|part| path.contains(part)))
}

/// The object that the document at `root` is by its form, and whose it is.
pub fn recognised<'d>(root: Node<'d>, path: &str) -> Option<(&'static dyn Adapter, Object<'d>)> {
    let by_form = ALL.iter().filter(|a| a.meta().knows_forms());
    by_form.copied().find_map(|adapter| Some((adapter, adapter.recognise(root, path)?)))
}

/// One candidate of a live split: how long it stands is the history's to tell.
fn live_stage(exposure: crate::model::Fact<crate::model::Exposure>, span: Span) -> crate::model::Stage {
    let mut stage = crate::model::Stage::new(exposure, span);
    stage.hold = crate::model::Fact::stated(crate::model::Hold::Unknown, span);
    stage
}
