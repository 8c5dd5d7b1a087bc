//! BAML as a tree: blocks in braces, `key value` lines, and prompts between `#"` and `"#`.

use super::tree::{Shape, Value};
use crate::text::{FileId, Span};

/// How deep blocks nest.
const DEPTH: usize = 32;

struct Reader<'t> {
    text: &'t str,
    at: usize,
    file: FileId,
}

/// The blocks of `text` as one mapping.
pub(super) fn read(file: FileId, text: &str) -> Option<Value> {
    let mut reader = Reader { text, at: 0, file };
    let map = reader.block(0)?;
    Some(Value { span: map.span, shape: Shape::List(vec![map]) })
}

impl Reader<'_> {
    fn span(&self, start: usize, end: usize) -> Option<Span> {
        Some(Span::new(self.file, u32::try_from(start).ok()?, u32::try_from(end).ok()?))
    }

    fn rest(&self) -> &str {
        &self.text[self.at..]
    }

    /// Entries up to the brace that closes the block, or the end.
    fn block(&mut self, depth: usize) -> Option<Value> {
        let start = self.at;
        let mut entries = Vec::new();
        let mut head = (self.at, self.at);
        while self.at < self.text.len() && depth <= DEPTH {
            if self.rest().starts_with("#\"") {
                let (from, to) = self.raw();
                entries.push((self.text[head.0..head.1].trim().into(), self.scalar(from, to)?));
                head = (self.at, self.at);
                continue;
            }
            if self.rest().starts_with("//") {
                self.at += self.rest().find('\n').unwrap_or(self.rest().len());
                continue;
            }
            let c = self.rest().chars().next().unwrap_or(' ');
            self.at += c.len_utf8();
            match c {
                '{' => {
                    let name = self.text[head.0..head.1].split('(').next().unwrap_or_default().trim().into();
                    entries.push((name, self.block(depth + 1)?));
                    head = (self.at, self.at);
                }
                '}' | '\n' => {
                    entries.extend(self.line(head.0, head.1));
                    head = (self.at, self.at);
                    if c == '}' && depth > 0 {
                        break;
                    }
                }
                _ => head.1 = self.at,
            }
        }
        // The last line may lack its end.
        entries.extend(self.line(head.0, head.1));
        Some(Value { span: self.span(start, self.at)?, shape: Shape::Map(entries) })
    }

    /// The bounds of a prompt, which is read past.
    fn raw(&mut self) -> (usize, usize) {
        let from = self.at + 2;
        let to = self.text[from..].find("\"#").map_or(self.text.len(), |n| from + n);
        self.at = (to + 2).min(self.text.len());
        (from, to)
    }

    fn scalar(&self, from: usize, to: usize) -> Option<Value> {
        Some(Value { span: self.span(from, to)?, shape: Shape::Scalar(self.text[from..to].into()) })
    }

    /// `key value`.
    fn line(&self, start: usize, end: usize) -> Option<(Box<str>, Value)> {
        let line = self.text[start..end].trim();
        let (key, value) = line.split_once(char::is_whitespace)?;
        let value = value.trim();
        let inner = value.trim_matches('"');
        let from = start + self.text[start..end].find(value)? + value.find(inner)?;
        Some((key.into(), self.scalar(from, from + inner.len())?))
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn blocks_lines_and_prompts() {
        let text = "client<llm> Main {\n  provider openai // x\n  options {\n    model \"gpt-4o\"\n  }\n}\nfunction Ask(q: string) -> Answer {\n  client Main\n  prompt #\"\n    Be {kind}.\n  \"#\n}\n";
        let tree = read(FileId(0), text).unwrap();
        let root = &tree.items()[0];
        let main = root.get("client<llm> Main").unwrap();
        assert_eq!(main.word("provider"), Some("openai"));
        assert_eq!(main.get("options").unwrap().word("model"), Some("gpt-4o"));
        let ask = root.get("function Ask").unwrap();
        assert_eq!(ask.word("client"), Some("Main"));
        assert_eq!(ask.word("prompt"), Some("\n    Be {kind}.\n  "));
    }
}
