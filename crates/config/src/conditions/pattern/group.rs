//! Groups of all kinds, and references to them.

use super::translate::{Problem, Result, Target, Translator, is_name};

impl Translator<'_> {
    pub(super) fn comment(&mut self) -> Result<()> {
        while let Some(c) = self.peek() {
            self.at += 1;
            match c {
                '\\' => self.at += 1,
                ')' => return Ok(()),
                _ => {}
            }
        }
        Err(Problem::new("end pattern in group"))
    }

    /// What follows an opening parenthesis.
    pub(super) fn group(&mut self) -> Result<Target> {
        let start = self.out.len();
        if !self.eat("?") {
            if self.named_only {
                self.out.push_str("(?:");
            } else {
                self.groups += 1;
                self.out.push('(');
            }
            self.close_group()?;
            return Ok(Target::Atom(start));
        }
        for look in ["=", "!", "<=", "<!"] {
            if self.eat(look) {
                self.out.push_str("(?");
                self.out.push_str(look);
                self.close_group()?;
                return Ok(Target::Place(start));
            }
        }
        for plain in [":", ">"] {
            if self.eat(plain) {
                self.out.push_str("(?");
                self.out.push_str(plain);
                self.close_group()?;
                return Ok(Target::Atom(start));
            }
        }
        for (open, close) in [('<', '>'), ('\'', '\'')] {
            if self.eat(open.encode_utf8(&mut [0; 4])) {
                let name = self.until(close)?;
                if !is_name(&name) {
                    return Err(Problem::new("group name is invalid"));
                }
                self.groups += 1;
                self.out.push('(');
                self.close_group()?;
                return Ok(Target::Atom(start));
            }
        }
        if self.eat("~") {
            // All that does not hold what is inside.
            self.out.push_str("(?:(?!");
            self.close_group()?;
            self.out.push_str("(?s:.))*");
            return Ok(Target::Atom(start));
        }
        if self.eat("(") {
            let condition = self.until(')')?;
            let number = self.reference(&condition)?;
            self.out.push_str(&format!("(?({number})"));
            self.close_group()?;
            return Ok(Target::Atom(start));
        }
        self.options()
    }

    /// `i`, `m`, `x` on and off, for a group or for the rest of the one around.
    fn options(&mut self) -> Result<Target> {
        let start = self.out.len();
        let before = (self.extended, self.dot_all);
        let mut on = true;
        let mut ignore_case = None;
        loop {
            let Some(c) = self.peek() else {
                return Err(Problem::new("end pattern in group"));
            };
            self.at += 1;
            match c {
                '-' if on => on = false,
                'i' => ignore_case = Some(on),
                'm' => self.dot_all = on,
                'x' => self.extended = on,
                // Which characters \d, \s and \w know; what is matched is ASCII nearly always.
                'a' | 'd' | 'u' if on => {}
                ':' | ')' => {
                    self.out.push_str(match ignore_case {
                        Some(true) => "(?i:",
                        Some(false) => "(?-i:",
                        None => "(?:",
                    });
                    self.alternatives()?;
                    if c == ':' {
                        if !self.eat(")") {
                            return Err(Problem::new("end pattern with unmatched parenthesis"));
                        }
                        (self.extended, self.dot_all) = before;
                    }
                    self.out.push(')');
                    return Ok(Target::Atom(start));
                }
                _ => return Err(Problem::new("undefined group option")),
            }
        }
    }

    /// The inside of a group and its end.
    fn close_group(&mut self) -> Result<()> {
        self.alternatives()?;
        if !self.eat(")") {
            return Err(Problem::new("end pattern with unmatched parenthesis"));
        }
        self.out.push(')');
        Ok(())
    }

    pub(super) fn until(&mut self, end: char) -> Result<String> {
        let rest = &self.chars[self.at..];
        let length = rest
            .iter()
            .position(|c| *c == end)
            .ok_or(Problem::new("end pattern in group"))?;
        self.at += length + 1;
        Ok(rest[..length].iter().collect())
    }

    /// The number of a group by its name or number, also counted backwards from here.
    pub(super) fn reference(&mut self, text: &str) -> Result<usize> {
        let text = text.trim_matches(['<', '>', '\'']);
        let number = match text.parse::<i64>() {
            Ok(back) if back < 0 => {
                let back = usize::try_from(back.unsigned_abs()).unwrap_or(usize::MAX);
                (self.groups + 1).checked_sub(back).filter(|n| *n > 0)
            }
            Ok(number) => usize::try_from(number).ok().filter(|n| *n > 0),
            Err(_) => self.names.get(text).and_then(|all| all.last().copied()),
        };
        let number = number.ok_or(Problem::new("undefined name or number of a group"))?;
        self.highest_reference = self.highest_reference.max(number);
        Ok(number)
    }
}
