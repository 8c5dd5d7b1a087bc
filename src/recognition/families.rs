//! Names of models, as data. Sorted by nothing: the longest stem that fits wins.

/// Models that share a stem.
pub(super) struct Family {
    /// What a name begins with, in small letters.
    pub(super) stem: &'static str,
    /// What must follow the stem; nothing listed: the end, or anything but a letter.
    pub(super) then: &'static [&'static str],
    /// Whose it is.
    pub(super) vendor: &'static str,
    /// Does it make vectors?
    pub(super) embeds: bool,
    /// Can the name mean nothing else, wherever it stands?
    pub(super) telling: bool,
}

const fn chat(stem: &'static str, then: &'static [&'static str], vendor: &'static str) -> Family {
    Family { stem, then, vendor, embeds: false, telling: true }
}

/// A name that other things have too.
const fn shy(stem: &'static str, then: &'static [&'static str], vendor: &'static str) -> Family {
    Family { stem, then, vendor, embeds: false, telling: false }
}

const fn vectors(stem: &'static str, then: &'static [&'static str], vendor: &'static str) -> Family {
    Family { stem, then, vendor, embeds: true, telling: true }
}

/// What follows a name that counts its versions.
const VERSION: &[&str] = &["1", "2", "3", "4", "5", "6", "7", "8", "9"];

pub(super) const FAMILIES: &[Family] = &[
    chat("gpt-", &["3", "4", "5", "6", "7", "oss"], "openai"),
    chat("gpt", &["3.5", "4", "5"], "openai"),
    chat("chatgpt-", &["3", "4", "5"], "openai"),
    shy("o1", &["", "-mini", "-preview", "-pro", "-2"], "openai"),
    shy("o3", &["", "-mini", "-pro", "-deep", "-2"], "openai"),
    shy("o4", &["", "-mini", "-pro", "-2"], "openai"),
    chat("text-davinci-", &[], "openai"),
    chat("codex-", &["mini"], "openai"),
    vectors("text-embedding-", &["3", "ada"], "openai"),
    chat(
        "claude-",
        &["2", "3", "4", "5", "6", "opus", "sonnet", "haiku", "instant", "v2", "v1", "fable", "mythos"],
        "anthropic",
    ),
    chat("gemini-", &["1", "2", "3", "4", "pro", "flash", "ultra", "exp", "live"], "google"),
    vectors("gemini-embedding-", &[], "google"),
    vectors("text-embedding-", &["00", "gecko", "large-exp"], "google"),
    vectors("textembedding-gecko", &[], "google"),
    vectors("text-multilingual-embedding-", &[], "google"),
    chat("gemma-", &["2", "3", "4", "7", "n"], "google"),
    chat("gemma", &["2", "3", "4", ":"], "google"),
    vectors("embeddinggemma", &[], "google"),
    chat("text-bison", &[], "google"),
    chat("chat-bison", &[], "google"),
    shy("palm-", &["2"], "google"),
    chat("llama-", &["2", "3", "4", "5", "guard"], "meta"),
    chat("llama", &["2", "3", "4", "5"], "meta"),
    chat("meta-llama-", &["2", "3", "4", "5"], "meta"),
    chat("codellama", &["-", ":"], "meta"),
    chat("mistral-", &["tiny", "small", "medium", "large", "nemo", "7b", "saba", "embed"], "mistral"),
    shy("mistral", &["", ":"], "mistral"),
    chat("open-mistral-", &[], "mistral"),
    chat("open-mixtral-", &[], "mistral"),
    chat("mixtral-", &["8x"], "mistral"),
    shy("mixtral", &["", ":"], "mistral"),
    chat("codestral", &["-", ""], "mistral"),
    chat("ministral-", &[], "mistral"),
    chat("magistral-", &[], "mistral"),
    chat("devstral", &["-"], "mistral"),
    chat("pixtral-", &[], "mistral"),
    vectors("mistral-embed", &[], "mistral"),
    chat("command-r", &["", "-", "7b"], "cohere"),
    chat("command-a", &["-"], "cohere"),
    shy("command-", &["light", "text", "nightly"], "cohere"),
    vectors("embed-english-", &[], "cohere"),
    vectors("embed-multilingual-", &[], "cohere"),
    vectors("embed-", &["v4"], "cohere"),
    shy("nova-", &["micro", "lite", "pro", "premier", "canvas", "reel", "sonic", "2"], "amazon"),
    shy("titan-", &["text", "tg1", "image"], "amazon"),
    vectors("titan-embed-", &[], "amazon"),
    chat("deepseek-", &["chat", "coder", "reasoner", "r", "v", "llm"], "deepseek"),
    chat("qwen", &["1", "2", "3", "4", "-", "/"], "alibaba"),
    chat("qwq-", &[], "alibaba"),
    chat("glm-", &["3", "4", "5", "z"], "zhipu"),
    chat("chatglm", &["2", "3", "4", "-"], "zhipu"),
    chat("kimi-", &["k", "latest"], "moonshot"),
    chat("moonshot-v", &[], "moonshot"),
    chat("grok-", &["1", "2", "3", "4", "5", "beta", "code"], "xai"),
    chat("phi-", &["1", "2", "3", "4", "5"], "microsoft"),
    chat("phi", &["3", "4"], "microsoft"),
    shy("nemotron", &["", "-", ":"], "nvidia"),
    chat("llama-", &["3.1-nemotron", "3.3-nemotron"], "nvidia"),
    chat("granite-", &["3", "4", "13b", "20b", "8b", "34b"], "ibm"),
    shy("granite", &["3", "4", "-code", "-embed"], "ibm"),
    chat("jamba-", &["1", "instruct", "large", "mini"], "ai21"),
    shy("sonar", &["", "-pro", "-reasoning", "-deep", "-small", "-medium", "-large"], "perplexity"),
    vectors("nomic-embed", &[], "nomic"),
    vectors("bge-", &["small", "base", "large", "m3", "en", "multilingual"], "baai"),
    vectors("e5-", &["small", "base", "large", "mistral"], "microsoft"),
    vectors("multilingual-e5-", &[], "microsoft"),
    vectors("voyage-", VERSION, "voyage"),
    vectors("voyage-", &["large", "code", "law", "finance", "multilingual"], "voyage"),
    vectors("jina-embeddings-", &[], "jina"),
    vectors("all-minilm-", &[], "sentence-transformers"),
    vectors("all-mpnet-", &[], "sentence-transformers"),
    vectors("mxbai-embed-", &[], "mixedbread"),
    vectors("snowflake-arctic-embed", &[], "snowflake"),
];

/// Who serves a model: as it is written before a name, the host, and the vendor whose own house it is.
pub(super) const HOSTS: &[(&str, &str, &str)] = &[
    ("openai", "openai", "openai"),
    ("azure", "azure", ""),
    ("azure_ai", "azure", ""),
    ("azureopenai", "azure", ""),
    ("azure-openai", "azure", ""),
    ("azure_openai", "azure", ""),
    ("bedrock", "bedrock", ""),
    ("amazon-bedrock", "bedrock", ""),
    ("aws-bedrock", "bedrock", ""),
    ("vertex_ai", "vertex", ""),
    ("vertexai", "vertex", ""),
    ("vertex-ai", "vertex", ""),
    ("vertex", "vertex", ""),
    ("googleai", "google", "google"),
    ("google_genai", "google", "google"),
    ("google", "google", "google"),
    ("gemini", "google", "google"),
    ("anthropic", "anthropic", "anthropic"),
    ("mistral", "mistral", "mistral"),
    ("mistralai", "mistral", "mistral"),
    ("cohere", "cohere", "cohere"),
    ("deepseek", "deepseek", "deepseek"),
    ("xai", "xai", "xai"),
    ("x-ai", "xai", "xai"),
    ("perplexity", "perplexity", "perplexity"),
    ("moonshot", "moonshot", "moonshot"),
    ("moonshotai", "moonshot", "moonshot"),
    ("voyage", "voyage", "voyage"),
    ("voyageai", "voyage", "voyage"),
    ("dashscope", "alibaba", "alibaba"),
    ("zhipu", "zhipu", "zhipu"),
    ("zhipuai", "zhipu", "zhipu"),
    ("ai21", "ai21", "ai21"),
    ("watsonx", "watsonx", ""),
    ("openrouter", "openrouter", ""),
    ("groq", "groq", ""),
    ("together_ai", "together", ""),
    ("together", "together", ""),
    ("togetherai", "together", ""),
    ("fireworks_ai", "fireworks", ""),
    ("fireworks", "fireworks", ""),
    ("cerebras", "cerebras", ""),
    ("replicate", "replicate", ""),
    ("databricks", "databricks", ""),
    ("sagemaker", "sagemaker", ""),
    ("huggingface", "huggingface", ""),
    ("nvidia_nim", "nvidia-nim", ""),
    ("ollama", "ollama", ""),
    ("ollama_chat", "ollama", ""),
    ("vllm", "vllm", ""),
    ("hosted_vllm", "vllm", ""),
    ("llamacpp", "llamacpp", ""),
    ("lmstudio", "lmstudio", ""),
    ("github", "github", ""),
    ("litellm_proxy", "litellm", ""),
];

/// Where hosts answer: the end of a name on the network, and the host.
pub(super) const ADDRESSES: &[(&str, &str)] = &[
    ("api.openai.com", "openai"),
    ("openai.azure.com", "azure"),
    ("cognitiveservices.azure.com", "azure"),
    ("services.ai.azure.com", "azure"),
    ("api.anthropic.com", "anthropic"),
    ("generativelanguage.googleapis.com", "google"),
    ("aiplatform.googleapis.com", "vertex"),
    ("api.mistral.ai", "mistral"),
    ("api.cohere.com", "cohere"),
    ("api.cohere.ai", "cohere"),
    ("api.deepseek.com", "deepseek"),
    ("api.x.ai", "xai"),
    ("api.perplexity.ai", "perplexity"),
    ("api.groq.com", "groq"),
    ("openrouter.ai", "openrouter"),
    ("api.together.xyz", "together"),
    ("api.together.ai", "together"),
    ("api.fireworks.ai", "fireworks"),
    ("api.cerebras.ai", "cerebras"),
    ("api.moonshot.cn", "moonshot"),
    ("api.moonshot.ai", "moonshot"),
    ("open.bigmodel.cn", "zhipu"),
    ("dashscope.aliyuncs.com", "alibaba"),
    ("models.inference.ai.azure.com", "github"),
    ("models.github.ai", "github"),
    ("api-inference.huggingface.co", "huggingface"),
    ("integrate.api.nvidia.com", "nvidia-nim"),
];

/// Vendors as Bedrock writes them before a dot.
pub(super) const BEDROCK: &[&str] = &[
    "anthropic",
    "amazon",
    "meta",
    "mistral",
    "cohere",
    "ai21",
    "deepseek",
    "openai",
    "qwen",
    "stability",
    "writer",
    "google",
    "nvidia",
    "moonshotai",
    "minimax",
    "zai",
];

/// Regions that Bedrock writes before a vendor.
pub(super) const REGIONS: &[&str] = &["us", "eu", "apac", "global", "us-gov", "jp", "au", "ca"];
