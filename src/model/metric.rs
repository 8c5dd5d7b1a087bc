//! What a metric measures, told from its name, its query and its unit.

/// The canonical kinds of metric.
#[derive(Clone, Copy, Debug, PartialEq, Eq, PartialOrd, Ord, serde::Deserialize, schemars::JsonSchema)]
#[serde(rename_all = "kebab-case")]
pub enum MetricKind {
    /// Share of requests that fail.
    ErrorRate,
    /// Share of requests that succeed: the error rate's complement.
    SuccessRate,
    /// Time to answer.
    Latency,
    /// Money for one call.
    CostPerCall,
    /// A judge's score of the answers.
    EvalScore,
    /// How full a resource is.
    Saturation,
    /// Customers and money: satisfaction, conversion.
    Business,
    /// Anything else.
    Custom,
}

impl MetricKind {
    /// All kinds.
    pub const ALL: [Self; 8] = [
        Self::ErrorRate,
        Self::SuccessRate,
        Self::Latency,
        Self::CostPerCall,
        Self::EvalScore,
        Self::Saturation,
        Self::Business,
        Self::Custom,
    ];

    /// Its one name.
    pub const fn name(self) -> &'static str {
        match self {
            Self::ErrorRate => "error-rate",
            Self::SuccessRate => "success-rate",
            Self::Latency => "latency",
            Self::CostPerCall => "cost-per-call",
            Self::EvalScore => "eval-score",
            Self::Saturation => "saturation",
            Self::Business => "business",
            Self::Custom => "custom",
        }
    }

    /// The kind of that name.
    pub fn from_name(name: &str) -> Option<Self> {
        Self::ALL.into_iter().find(|k| k.name() == name)
    }

    /// Does watching `self` answer a demand for `wanted`? Success and error rate are each other's complement.
    pub fn answers(self, wanted: Self) -> bool {
        let plain = |k| if k == Self::SuccessRate { Self::ErrorRate } else { k };
        plain(self) == plain(wanted)
    }
}

/// What is measured.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct Metric {
    /// The canonical kind.
    pub kind: MetricKind,
    /// The name as written.
    pub name: Box<str>,
    /// Which percentile of a latency, where it is told: 95 for p95, 99.9 is 999 tenths, so this is in tenths.
    pub percentile_tenths: Option<u16>,
}

impl Metric {
    /// Recognises a metric from its name and, where the name says nothing, from its query ("" if there is none).
    pub fn recognise(name: &str, query: &str) -> Self {
        let kind = match kind_of(name) {
            MetricKind::Custom => kind_of_query(query),
            known @ (MetricKind::ErrorRate
            | MetricKind::SuccessRate
            | MetricKind::Latency
            | MetricKind::CostPerCall
            | MetricKind::EvalScore
            | MetricKind::Saturation
            | MetricKind::Business) => known,
        };
        let percentile = || percentile(name).or_else(|| percentile(query));
        let percentile_tenths = if kind == MetricKind::Latency { percentile() } else { None };
        Self { kind, name: name.into(), percentile_tenths }
    }
}

/// Calls `look` with every word of a name, lower-case, until it says yes: `http_5xx-Errors` is `http`, `5xx`, `errors`;
/// camel case is split. Words longer than the buffer tell nothing and are cut. Nothing is allocated: this runs for
/// every metric of every manifest.
fn any_word(text: &str, mut look: impl FnMut(&str) -> bool) -> bool {
    let mut buffer = [0_u8; 24];
    let mut length = 0;
    let mut lower_before = false;
    for byte in text.bytes().chain(std::iter::once(b' ')) {
        let starts = byte.is_ascii_uppercase() && lower_before;
        if (starts || !byte.is_ascii_alphanumeric()) && length > 0 {
            if std::str::from_utf8(&buffer[..length]).is_ok_and(&mut look) {
                return true;
            }
            length = 0;
        }
        if byte.is_ascii_alphanumeric() && length < buffer.len() {
            buffer[length] = byte.to_ascii_lowercase();
            length += 1;
        }
        lower_before = byte.is_ascii_lowercase() || byte.is_ascii_digit();
    }
    false
}

/// What one word of a metric's name says.
fn kind_of_word(word: &str) -> Option<MetricKind> {
    Some(match word {
        "cost" | "costs" | "usd" | "spend" | "price" | "dollars" => MetricKind::CostPerCall,
        "eval" | "evals" | "faithfulness" | "groundedness" | "relevance" | "hallucination" | "judge" | "bleu"
        | "rouge" | "f1" | "accuracy" | "toxicity" => MetricKind::EvalScore,
        "csat" | "nps" | "conversion" | "conversions" | "revenue" | "checkout" | "orders" | "retention" | "signup"
        | "signups" => MetricKind::Business,
        "latency" | "latencies" | "duration" | "ttft" | "p50" | "p90" | "p95" | "p99" | "p999" | "percentile" => {
            MetricKind::Latency
        }
        "success" | "successes" | "successful" | "availability" | "non5xx" => MetricKind::SuccessRate,
        "error" | "errors" | "err" | "failure" | "failures" | "fail" | "failed" | "5xx" | "4xx" | "500" | "500s"
        | "404s" | "exceptions" | "faults" => MetricKind::ErrorRate,
        "cpu" | "memory" | "mem" | "saturation" | "queue" | "utilization" | "utilisation" | "disk" | "lag"
        | "restarts" => MetricKind::Saturation,
        _ => return None,
    })
}

/// The kind that a metric's own name tells. Where words disagree the rarer subject wins: a `cost_error` is a cost.
fn kind_of(name: &str) -> MetricKind {
    let mut told = [false; MetricKind::ALL.len()];
    let (mut quality, mut score, mut answer, mut time, mut ok, mut rate) = (false, false, false, false, false, false);
    any_word(name, |word| {
        if let Some(kind) = kind_of_word(word) {
            told[kind as usize] = true;
        }
        quality |= word == "quality";
        score |= word == "score";
        answer |= matches!(word, "response" | "request");
        time |= matches!(word, "time" | "times" | "seconds" | "ms");
        ok |= word == "ok";
        rate |= matches!(word, "rate" | "ratio");
        false
    });
    told[MetricKind::EvalScore as usize] |= quality && score;
    told[MetricKind::Latency as usize] |= answer && time;
    told[MetricKind::SuccessRate as usize] |= ok && rate;
    let order = [
        MetricKind::CostPerCall,
        MetricKind::EvalScore,
        MetricKind::Business,
        MetricKind::Latency,
        MetricKind::SuccessRate,
        MetricKind::ErrorRate,
        MetricKind::Saturation,
    ];
    order.into_iter().find(|kind| told[*kind as usize]).unwrap_or(MetricKind::Custom)
}

/// The kind that a query's text tells; queries hold many words, so only telling ones count.
fn kind_of_query(query: &str) -> MetricKind {
    if query.is_empty() {
        return MetricKind::Custom;
    }
    let query = query.to_ascii_lowercase();
    let has = |needles: &[&str]| needles.iter().any(|n| query.contains(n));
    if has(&["histogram_quantile", "_duration_", "latency", "percentile(", "targetresponsetime"]) {
        return MetricKind::Latency;
    }
    if has(&["!~\"5", "!~\\\"5", "!~ \"5", "code!~\"5", "status=~\"2", "code=~\"2", "success"]) {
        return MetricKind::SuccessRate;
    }
    if has(&["=~\"5", "=~\\\"5", "=~ \"5", "\"5xx\"", "\"500\"", "http_5xx", "error", "failure"]) {
        return MetricKind::ErrorRate;
    }
    if has(&["cost_"]) {
        return MetricKind::CostPerCall;
    }
    if has(&["container_cpu", "container_memory"]) {
        return MetricKind::Saturation;
    }
    MetricKind::Custom
}

/// The percentile that a name or a query tells, in tenths: `p95`, `0.95` of a `histogram_quantile`.
fn percentile(text: &str) -> Option<u16> {
    let mut found = None;
    any_word(text, |word| {
        let value = word.strip_prefix('p').filter(|d| !d.is_empty() && d.bytes().all(|b| b.is_ascii_digit()));
        found = match value.and_then(|d| d.parse::<u16>().ok()) {
            Some(value @ 0..=99) => Some(value * 10),
            Some(value @ (995 | 999)) => Some(value),
            Some(_) | None => None,
        };
        found.is_some()
    });
    found.or_else(|| quantile(text))
}

/// The quantile that a Prometheus query asks for, in tenths of a percent.
fn quantile(text: &str) -> Option<u16> {
    let after = text.split("histogram_quantile(").nth(1)?.trim_start();
    let end = after.find(|c: char| !c.is_ascii_digit() && c != '.').unwrap_or(after.len());
    let quantile: f64 = after[..end].parse().ok().filter(|q| (0.0..=1.0).contains(q))?;
    #[expect(clippy::cast_possible_truncation, clippy::cast_sign_loss, reason = "between 0 and 1000")]
    Some((quantile * 1000.0).round() as u16)
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn kinds_from_names_and_queries() {
        let kind = |name, query| Metric::recognise(name, query).kind;
        assert_eq!(kind("http_5xx", ""), MetricKind::ErrorRate);
        assert_eq!(kind("request-success-rate", ""), MetricKind::SuccessRate);
        assert_eq!(kind("latency_p95", ""), MetricKind::Latency);
        assert_eq!(kind("costPerCall", ""), MetricKind::CostPerCall);
        assert_eq!(kind("eval_score", ""), MetricKind::EvalScore);
        assert_eq!(kind("m", "histogram_quantile(0.99, rate(x_bucket[5m]))"), MetricKind::Latency);
        assert_eq!(kind("m", "sum(rate(http{code!~\"5..\"}[1m]))/sum(rate(http[1m]))"), MetricKind::SuccessRate);
        assert_eq!(kind("m", "sum(rate(http{code=~\"5..\"}[1m]))"), MetricKind::ErrorRate);
        assert_eq!(kind("frobs", ""), MetricKind::Custom);
    }

    #[test]
    fn percentiles() {
        let tenths = |name, query| Metric::recognise(name, query).percentile_tenths;
        assert_eq!(tenths("latency_p95", ""), Some(950));
        assert_eq!(tenths("p999-latency", ""), Some(999));
        assert_eq!(tenths("lat", "histogram_quantile(0.995, x)"), Some(995));
        assert_eq!(tenths("latency", ""), None);
    }
}
