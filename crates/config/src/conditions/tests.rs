use serde_json::{Value, json};

use super::ast::{Call, Expr, Operand, Pattern, Term};
use super::*;

/// The tree as the original's lists.
fn tree(expr: &Expr) -> Value {
    let fold = |name: &str, parts: &[Expr]| {
        parts
            .iter()
            .map(tree)
            .reduce(|left, right| json!([name, left, right]))
            .unwrap()
    };
    match expr {
        Expr::Or(parts) => fold("or", parts),
        Expr::And(parts) => fold("and", parts),
        Expr::Not(inner) => json!(["not", tree(inner)]),
        Expr::Term(term) => term_tree(term),
    }
}

fn term_tree(term: &Term) -> Value {
    let name = |negated: bool, yes: &'static str, no: &'static str| if negated { no } else { yes };
    match term {
        Term::Operand(operand) => operand_tree(operand),
        Term::Equal {
            negated,
            left,
            right,
        } => json!([
            name(*negated, "eq", "not_eq"),
            operand_tree(left),
            operand_tree(right)
        ]),
        Term::Match {
            negated,
            left,
            pattern,
        } => {
            let pattern = match pattern {
                Pattern::Missing => Value::Null,
                Pattern::Text(text) => json!(["reg", text]),
                Pattern::Call(call) => json!(["reg", call_tree(call)]),
            };
            json!([
                name(*negated, "match", "not_match"),
                operand_tree(left),
                pattern
            ])
        }
        Term::In {
            negated,
            left,
            list,
        } => json!([
            name(*negated, "in", "not_in"),
            operand_tree(left),
            list.as_ref()
                .map(|list| list.iter().map(operand_tree).collect::<Vec<_>>())
        ]),
        Term::Is {
            negated,
            left,
            predicate,
        } => json!([
            name(*negated, "is", "is_not"),
            operand_tree(left),
            predicate.name()
        ]),
    }
}

fn operand_tree(operand: &Operand) -> Value {
    match operand {
        Operand::Variable(variable) => json!(["var", variable.name()]),
        Operand::Text(text) => json!(["val", text]),
        Operand::Call(call) => call_tree(call),
    }
}

fn call_tree(call: &Call) -> Value {
    let arguments: Vec<_> = call.arguments.iter().map(operand_tree).collect();
    json!(["call", call.function.name(), arguments])
}

fn data(value: &Value) -> Data {
    Data::from_json(value.as_object().unwrap())
}

/// Every condition of the original's collection: the tree or the text of the error, and the
/// results on five sets of data.
#[test]
fn the_originals_conditions() {
    let folder = concat!(
        env!("CARGO_MANIFEST_DIR"),
        "/../../../shared/data/travis-yml"
    );
    let (Ok(cases), Ok(sets)) = (
        std::fs::read_to_string(format!("{folder}/conditions.jsonl")),
        std::fs::read_to_string(format!("{folder}/conditions.data.json")),
    ) else {
        println!("skipped: there is no ../shared/data/travis-yml");
        return;
    };
    let sets: Vec<Value> = serde_json::from_str(&sets).unwrap();
    let mut wrong = Vec::new();
    for line in cases.lines() {
        let case: Value = serde_json::from_str(line).unwrap();
        let text = case["cond"].as_str().unwrap();
        let (want, got) = match Condition::parse(text) {
            Err(error) => (case["error"].clone(), json!(error.to_string())),
            Ok(condition) => {
                let results: Vec<_> = sets
                    .iter()
                    .map(|set| match condition.holds(&data(set)) {
                        Ok(holds) => json!(holds),
                        Err(_) => json!("error"),
                    })
                    .collect();
                let want: Vec<_> = case["eval"]
                    .as_array()
                    .into_iter()
                    .flatten()
                    .map(|result| match result {
                        Value::String(_) => json!("error"),
                        other => other.clone(),
                    })
                    .collect();
                (
                    json!([case["ast"], want]),
                    json!([tree(&condition.expr), results]),
                )
            }
        };
        if want != got {
            wrong.push(format!("{text}\n  wanted {want}\n  got    {got}"));
        }
    }
    assert!(
        wrong.is_empty(),
        "{} differ:\n{}",
        wrong.len(),
        wrong.join("\n")
    );
}
