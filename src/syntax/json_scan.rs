//! Where a JSON value ends, if it is strictly JSON.

/// The end of the object or array that `text` starts with; `None` if it is not strictly JSON.
pub(super) fn value_end(text: &str) -> Option<usize> {
    Scan { bytes: text.as_bytes(), at: 0, open: Vec::new() }.run()
}

struct Scan<'t> {
    bytes: &'t [u8],
    at: usize,
    open: Vec<u8>,
}

impl Scan<'_> {
    fn run(mut self) -> Option<usize> {
        loop {
            self.space();
            match self.peek()? {
                b'{' => {
                    self.enter(b'}');
                    if self.peek()? == b'}' {
                        self.leave();
                    } else {
                        self.key()?;
                        continue;
                    }
                }
                b'[' => {
                    self.enter(b']');
                    if self.peek()? != b']' {
                        continue;
                    }
                    self.leave();
                }
                _ => self.atom()?,
            }
            if self.after_value()? {
                return Some(self.at);
            }
        }
    }

    /// Closes what ends here and moves to the next value; true at the end of the outermost one.
    fn after_value(&mut self) -> Option<bool> {
        loop {
            let Some(&close) = self.open.last() else { return Some(true) };
            self.space();
            match self.peek()? {
                b',' => {
                    self.at += 1;
                    if close == b'}' {
                        self.key()?;
                    }
                    return Some(false);
                }
                b if b == close => self.leave(),
                _ => return None,
            }
        }
    }

    fn enter(&mut self, close: u8) {
        self.open.push(close);
        self.at += 1;
        self.space();
    }

    fn leave(&mut self) {
        self.open.pop();
        self.at += 1;
    }

    fn key(&mut self) -> Option<()> {
        self.space();
        self.string()?;
        self.space();
        (self.peek()? == b':').then(|| self.at += 1)
    }

    fn atom(&mut self) -> Option<()> {
        match self.peek()? {
            b'"' => self.string(),
            b't' => self.word(b"true"),
            b'f' => self.word(b"false"),
            b'n' => self.word(b"null"),
            _ => self.number(),
        }
    }

    fn word(&mut self, word: &[u8]) -> Option<()> {
        self.bytes[self.at..].starts_with(word).then(|| self.at += word.len())
    }

    fn string(&mut self) -> Option<()> {
        if self.peek()? != b'"' {
            return None;
        }
        self.at += 1;
        loop {
            match self.peek()? {
                b'"' => {
                    self.at += 1;
                    return Some(());
                }
                b'\\' => self.escape()?,
                0..=0x1f => return None,
                _ => self.at += 1,
            }
        }
    }

    fn escape(&mut self) -> Option<()> {
        match self.bytes.get(self.at + 1)? {
            b'"' | b'\\' | b'/' | b'b' | b'f' | b'n' | b'r' | b't' => self.at += 2,
            b'u' => {
                let digits = self.bytes.get(self.at + 2..self.at + 6)?;
                if !digits.iter().all(u8::is_ascii_hexdigit) {
                    return None;
                }
                self.at += 6;
            }
            _ => return None,
        }
        Some(())
    }

    fn number(&mut self) -> Option<()> {
        self.skip_one(b"-");
        if !self.skip_one(b"0") {
            self.digits()?;
        }
        if self.skip_one(b".") {
            self.digits()?;
        }
        if self.skip_one(b"eE") {
            self.skip_one(b"+-");
            self.digits()?;
        }
        Some(())
    }

    fn digits(&mut self) -> Option<()> {
        let count = self.bytes[self.at..].iter().take_while(|b| b.is_ascii_digit()).count();
        self.at += count;
        (count > 0).then_some(())
    }

    fn skip_one(&mut self, any: &[u8]) -> bool {
        let found = self.peek().is_some_and(|b| any.contains(&b));
        self.at += usize::from(found);
        found
    }

    fn space(&mut self) {
        while matches!(self.peek(), Some(b' ' | b'\t' | b'\n' | b'\r')) {
            self.at += 1;
        }
    }

    fn peek(&self) -> Option<u8> {
        self.bytes.get(self.at).copied()
    }
}
