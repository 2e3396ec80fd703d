//! GitHub's description of its own API: finds what a call is, says what is wrong with it, and
//! gives out the example of its answer.

#![expect(clippy::unwrap_used, reason = "a failed step fails the test")]

use serde_json::Value;

/// The description.
pub struct Spec(Value);

/// What a call is in the description.
#[derive(Clone, Copy)]
pub struct Operation<'a> {
    /// `GET /repos/{owner}/{repo}`.
    pub template: &'a str,
    value: &'a Value,
}

impl Spec {
    pub fn new(text: &[u8]) -> Self {
        Self(serde_json::from_slice(text).unwrap())
    }

    /// A value, or the one that it refers to.
    fn seen<'a>(&'a self, value: &'a Value) -> &'a Value {
        match value.get("$ref").and_then(Value::as_str) {
            Some(pointer) => self.seen(self.0.pointer(&pointer[1..]).unwrap()),
            None => value,
        }
    }

    /// The operation with the most literal parts that fits, and the values of its path.
    pub fn find<'a>(
        &'a self,
        method: &str,
        path: &str,
    ) -> Option<(Operation<'a>, Vec<(&'a str, String)>)> {
        let paths = self.0["paths"].as_object().unwrap();
        paths
            .iter()
            .filter_map(|(template, operations)| {
                let value = operations.get(method.to_lowercase())?;
                let values = fits(template, path)?;
                let operation = Operation { template, value };
                Some((operation, values))
            })
            .max_by_key(|(operation, values)| operation.template.split('/').count() - values.len())
    }

    /// What is wrong with a call.
    pub fn faults(
        &self,
        operation: Operation<'_>,
        path: &[(&str, String)],
        query: &[(String, String)],
        body: Option<&Value>,
    ) -> Vec<String> {
        let mut faults = Vec::new();
        let none = Vec::new();
        let parameters = operation.value["parameters"].as_array().unwrap_or(&none);
        let parameters: Vec<&Value> = parameters.iter().map(|one| self.seen(one)).collect();
        let find = |place: &str, name: &str| {
            let mut all = parameters.iter();
            all.find(|one| one["in"] == place && one["name"] == name)
                .copied()
        };
        for (name, value) in path {
            match find("path", name) {
                Some(parameter) => self.text(&parameter["schema"], value, name, &mut faults),
                None => faults.push(format!("path: {name} is not known")),
            }
        }
        for (name, value) in query {
            match find("query", name) {
                Some(parameter) => self.text(&parameter["schema"], value, name, &mut faults),
                None => faults.push(format!("query: {name} is not known")),
            }
        }
        for parameter in &parameters {
            let there = query.iter().any(|(name, _)| parameter["name"] == **name);
            if parameter["in"] == "query" && parameter["required"] == true && !there {
                faults.push(format!("query: {} is missing", parameter["name"]));
            }
        }
        let expected = operation.value.get("requestBody").map(|one| self.seen(one));
        match (expected, body) {
            (Some(expected), Some(body)) => {
                let schema = &expected["content"]["application/json"]["schema"];
                self.check(schema, body, "body", &mut faults);
            }
            (Some(expected), None) if expected["required"] == true => {
                faults.push("the body is missing".to_owned());
            }
            (None, Some(_)) => faults.push("it has no body".to_owned()),
            _ => {}
        }
        faults
    }

    /// A text of an address.
    fn text(&self, schema: &Value, text: &str, at: &str, faults: &mut Vec<String>) {
        let schema = self.seen(schema);
        let value = match schema["type"].as_str() {
            Some("integer") => text.parse::<i64>().map_or(Value::Null, Value::from),
            _ => Value::from(text),
        };
        self.check(schema, &value, at, faults);
    }

    fn check(&self, schema: &Value, value: &Value, at: &str, faults: &mut Vec<String>) {
        let schema = self.seen(schema);
        if value.is_null() && schema["nullable"] == true {
            return;
        }
        let right = match schema["type"].as_str() {
            Some("object") => value.is_object(),
            Some("array") => value.is_array(),
            Some("string") => value.is_string(),
            Some("integer") => value.is_i64(),
            Some("number") => value.is_number(),
            Some("boolean") => value.is_boolean(),
            _ => true,
        };
        if !right {
            faults.push(format!("{at}: {value} is no {}", schema["type"]));
            return;
        }
        if let Some(values) = schema["enum"].as_array()
            && !values.contains(value)
        {
            faults.push(format!("{at}: {value} is none of {values:?}"));
        }
        let length = value.as_str().map(|text| text.chars().count() as u64);
        let count = value.as_array().map(|all| all.len() as u64);
        for (name, size) in [("maxLength", length), ("maxItems", count)] {
            if let (Some(limit), Some(size)) = (schema[name].as_u64(), size)
                && size > limit
            {
                faults.push(format!("{at}: {size} is more than {name} {limit}"));
            }
        }
        for (index, item) in value.as_array().into_iter().flatten().enumerate() {
            self.check(&schema["items"], item, &format!("{at}[{index}]"), faults);
        }
        self.check_fields(schema, value, at, faults);
        self.check_choices(schema, value, at, faults);
    }

    fn check_fields(&self, schema: &Value, value: &Value, at: &str, faults: &mut Vec<String>) {
        let Some(fields) = value.as_object() else {
            return;
        };
        for name in schema["required"].as_array().into_iter().flatten() {
            if !fields.contains_key(name.as_str().unwrap()) {
                faults.push(format!("{at}: {name} is missing"));
            }
        }
        let Some(known) = schema["properties"].as_object() else {
            return;
        };
        for (name, value) in fields {
            match known.get(name) {
                Some(schema) => self.check(schema, value, &format!("{at}.{name}"), faults),
                // GitHub takes what it does not know; a slip of ours would be silent.
                None if schema.get("additionalProperties").is_none() => {
                    faults.push(format!("{at}: {name} is not known"));
                }
                None => {}
            }
        }
    }

    fn check_choices(&self, schema: &Value, value: &Value, at: &str, faults: &mut Vec<String>) {
        let passing = |choices: &Vec<Value>| {
            let passes = |choice: &&Value| {
                let mut inside = Vec::new();
                self.check(choice, value, at, &mut inside);
                inside.is_empty()
            };
            choices.iter().filter(passes).count()
        };
        for name in ["oneOf", "anyOf"] {
            if let Some(choices) = schema[name].as_array()
                && passing(choices) == 0
            {
                faults.push(format!("{at}: fits none of {name}"));
            }
        }
        if let Some(all) = schema["allOf"].as_array()
            && passing(all) < all.len()
        {
            faults.push(format!("{at}: does not fit allOf"));
        }
    }

    /// Status and body of an answer that is good, as the description has it.
    pub fn example(&self, operation: Operation<'_>) -> (u16, Value) {
        let responses = operation.value["responses"].as_object().unwrap();
        let (status, response) = responses
            .iter()
            .find(|(status, _)| status.starts_with('2'))
            .unwrap();
        let response = self.seen(response);
        let examples = &response["content"]["application/json"]["examples"];
        let example = examples.as_object().and_then(|all| all.values().next());
        let body = example.map_or(Value::Null, |one| self.seen(one)["value"].clone());
        (status.parse().unwrap(), body)
    }
}

/// The values of a template's parts, when the path fits. The last part may have slashes, as names
/// of refs and files do.
fn fits<'a>(template: &'a str, path: &str) -> Option<Vec<(&'a str, String)>> {
    let parts: Vec<&str> = path.split('/').collect();
    let templates: Vec<&str> = template.split('/').collect();
    let many = templates
        .last()
        .is_some_and(|last| matches!(*last, "{ref}" | "{path}") && parts.len() > templates.len());
    if parts.len() != templates.len() && !many {
        return None;
    }
    let mut values = Vec::new();
    for (at, part) in templates.iter().enumerate() {
        match part.strip_prefix('{').and_then(|one| one.strip_suffix('}')) {
            Some(name) if many && at + 1 == templates.len() => {
                values.push((name, parts[at..].join("/")));
            }
            Some(name) => values.push((name, parts[at].to_owned())),
            None if *part == parts[at] => {}
            None => return None,
        }
    }
    Some(values)
}
