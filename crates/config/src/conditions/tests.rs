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

#[test]
fn the_grammar_has_its_peculiarities() {
    for (text, want) in [
        (
            "branch = envs",
            json!(["eq", ["var", "branch"], ["val", "s"]]),
        ),
        (
            "branch =~ /a b/",
            json!(["match", ["var", "branch"], ["reg", "a b"]]),
        ),
        (
            "branch =~ a/",
            json!(["match", ["var", "branch"], ["reg", "a"]]),
        ),
        ("(branch =~ )", json!(["match", ["var", "branch"], null])),
        ("type IN", json!(["in", ["var", "type"], null])),
        (
            "type NOT IN (a, b,,)",
            json!(["not_in", ["var", "type"], [["val", "a"], ["val", "b"]]]),
        ),
        ("TYPE = a", json!(["eq", ["val", "TYPE"], ["val", "a"]])),
        (
            "!(a) && b || c",
            json!([
                "or",
                ["and", ["not", ["val", "a"]], ["val", "b"]],
                ["val", "c"]
            ]),
        ),
        (
            "a \\\n AND \\  \r\n b",
            json!(["and", ["val", "a"], ["val", "b"]]),
        ),
        (
            "branch IS == a",
            json!(["eq", ["var", "branch"], ["val", "a"]]),
        ),
        (
            "concat(env(A), \"-\", type) = 'b c'",
            json!([
                "eq",
                [
                    "call",
                    "concat",
                    [
                        ["call", "env", [["val", "A"]]],
                        ["val", "-"],
                        ["var", "type"]
                    ]
                ],
                ["val", "b c"]
            ]),
        ),
    ] {
        assert_eq!(tree(&Condition::parse(text).unwrap().expr), want, "{text}");
    }
}

#[test]
fn errors_name_a_place() {
    for (text, want, offset) in [
        ("branch = $A", "Strings cannot start with a dollar", 9),
        ("branch = \"a", "expected \" at position 11", 11),
        ("type IN ()", "expected a list of values at position 9", 9),
        ("type =", "expected an operand at position 6", 6),
        ("", "expected an operand at position 0 in: \"\"", 0),
        ("a b", "Could not parse \"a b\"", 2),
    ] {
        let error = Condition::parse(text).unwrap_err();
        assert!(error.to_string().starts_with(want), "{text}: {error}");
        assert_eq!(error.offset(), Some(offset), "{text}");
    }
    for deep in [
        "(".repeat(100_000),
        "not ".repeat(100_000),
        "env(".repeat(100_000),
    ] {
        let error = Condition::parse(&deep).unwrap_err();
        assert!(error.to_string().contains("nested deeper"), "{error}");
    }
    let mut data = Data::default();
    data.set("branch", "main");
    let often = vec!["branch =~ [[:alpha:]]{2,5}$"; 5000].join(" AND ");
    assert_eq!(Condition::parse(&often).unwrap().holds(&data), Ok(true));
    let many: Vec<String> = (0..5000)
        .map(|n| format!("branch =~ ^({n}|main)$"))
        .collect();
    let many = many.join(" AND ");
    let error = Condition::parse(&many).unwrap().holds(&data).unwrap_err();
    assert!(error.to_string().contains("take too long"), "{error}");
    let joined = format!("concat({}) = x", vec!["branch"; 2000].join(","));
    data.set("branch", &"x".repeat(1000));
    let error = Condition::parse(&joined).unwrap().holds(&data).unwrap_err();
    assert!(error.to_string().contains("join less"), "{error}");
    let long = vec!["a = b"; 100_000].join(" OR ");
    assert_eq!(
        Condition::parse(&long).unwrap().holds(&Data::default()),
        Ok(false)
    );
}

#[test]
fn values_of_different_kinds() {
    let data = data(&json!({
        "branch": "master", "fork": false, "sudo": "TRUE", "tag": null,
        "env": ["A=a", {"B": false, "N": 1, "Q": "\"q q\"", "E": ""}]
    }));
    for (text, want) in [
        ("0", Some(true)),
        ("FALSE", Some(false)),
        ("\"\"", Some(true)),
        ("fork = false", Some(true)),
        ("fork =~ ^f", Some(true)),
        ("sudo IS true", Some(true)),
        ("tag = head_branch", Some(true)),
        ("tag =~ ^.*$", Some(false)),
        ("a =~ env(missing)", Some(false)),
        ("tag !~ a", Some(true)),
        ("tag IS blank", Some(true)),
        ("env(B) IS present", Some(false)),
        ("env(E) IS blank", Some(true)),
        ("env(N) IS present", Some(true)),
        ("env(N) = 1", Some(false)),
        ("env(Q) = 'q q'", Some(true)),
        ("ENV(A) = a", Some(true)),
        (
            "concat(branch, -, env(A), env(B), tag) = master-afalse",
            Some(true),
        ),
        ("concat() = ''", Some(true)),
        ("env(tag) IS blank", Some(true)),
        ("env(fork)", None),
        ("env(A, B)", None),
        ("env()", None),
        ("branch =~ true", None),
        ("branch =~ [z-a]", None),
        ("true OR branch =~ [z-a]", Some(true)),
        ("type IN", None),
    ] {
        let got = Condition::parse(text).unwrap().holds(&data).ok();
        assert_eq!(got, want, "{text}");
    }
}

mod properties {
    use proptest::prelude::*;

    use super::*;
    use crate::conditions::ast::{Function, Predicate, Variable};

    fn operand() -> impl Strategy<Value = Operand> {
        let text = prop_oneof!["[a-z0-9./_-]{0,8}", "[ -~]{0,8}", "\\PC{0,6}"].prop_map(|text| {
            // What is read holds one kind of quotes at most, and no continued line.
            Operand::Text(text.replace(['"', '\\'], ""))
        });
        let leaf = prop_oneof![
            prop::sample::select(Variable::ALL).prop_map(Operand::Variable),
            text
        ];
        leaf.prop_recursive(2, 6, 3, |inner| {
            (
                prop::sample::select(Function::ALL),
                prop::collection::vec(inner, 0..3),
            )
                .prop_map(|(function, arguments)| {
                    Operand::Call(Call {
                        function,
                        arguments,
                    })
                })
        })
    }

    fn term() -> impl Strategy<Value = Term> {
        let pattern = prop_oneof![
            Just(Pattern::Missing),
            "[!-.0-~]{1,8}|[!-.0-~]{1,4}/[!-.0-~]{1,4}|[ -.0-\\[\\]-~]{0,8}"
                .prop_map(Pattern::Text),
            prop::collection::vec(operand(), 0..2).prop_map(|arguments| Pattern::Call(Call {
                function: Function::Concat,
                arguments
            })),
        ];
        let list = prop::option::of(prop::collection::vec(operand(), 1..4));
        prop_oneof![
            operand().prop_map(Term::Operand),
            (any::<bool>(), operand(), operand()).prop_map(|(negated, left, right)| Term::Equal {
                negated,
                left,
                right
            }),
            (any::<bool>(), operand(), pattern).prop_map(|(negated, left, pattern)| Term::Match {
                negated,
                left,
                pattern
            }),
            (any::<bool>(), operand(), list).prop_map(|(negated, left, list)| Term::In {
                negated,
                left,
                list
            }),
            (
                any::<bool>(),
                operand(),
                prop::sample::select(Predicate::ALL)
            )
                .prop_map(|(negated, left, predicate)| Term::Is {
                    negated,
                    left,
                    predicate
                }),
        ]
    }

    fn expr() -> impl Strategy<Value = Expr> {
        term()
            .prop_map(Expr::Term)
            .prop_recursive(4, 24, 4, |inner| {
                let parts = prop::collection::vec(inner.clone(), 2..4);
                prop_oneof![
                    inner.prop_map(|expr| Expr::Not(Box::new(expr))),
                    (any::<bool>(), parts).prop_map(|(or, mut parts)| {
                        // The first of a chain is no chain of the same kind.
                        while let (true, Expr::Or(inner)) | (false, Expr::And(inner)) =
                            (or, &parts[0])
                        {
                            parts[0] = inner[0].clone();
                        }
                        if or {
                            Expr::Or(parts)
                        } else {
                            Expr::And(parts)
                        }
                    }),
                ]
            })
    }

    /// Whether a pattern ends with an odd backslash: it can stand only at a condition's end.
    fn escapes_its_end(expr: &Expr) -> bool {
        match expr {
            Expr::Or(parts) | Expr::And(parts) => parts.iter().any(escapes_its_end),
            Expr::Not(inner) => escapes_its_end(inner),
            Expr::Term(Term::Match {
                pattern: Pattern::Text(text),
                ..
            }) => text.ends_with('\\'),
            Expr::Term(_) => false,
        }
    }

    proptest! {
        #[test]
        fn a_printed_condition_reads_to_the_same(expr in expr()) {
            prop_assume!(!escapes_its_end(&expr));
            let condition = Condition { expr };
            let text = condition.to_string();
            prop_assert_eq!(Condition::parse(&text), Ok(condition), "{}", text);
        }

        #[test]
        fn what_was_read_is_printed_to_read_the_same(
            words in prop::collection::vec(prop_oneof![
                prop::sample::select(vec![
                    "branch", "tag", "env(A)", "concat(a, b)", "=", "!=", "=~", "!~", "IN", "NOT IN",
                    "IS", "IS NOT", "present", "blank", "AND", "OR", "NOT", "!", "(", ")", "(a, b)",
                    "/a b/", "^v\\d+$", "'x y'", "\"z", "$A", "\\\n", "/a\\", "env",
                ]).prop_map(str::to_owned),
                "[ -~]{0,4}",
            ], 0..12)
        ) {
            let text = words.join(" ");
            if let Ok(condition) = Condition::parse(&text) {
                let printed = condition.to_string();
                prop_assert_eq!(Condition::parse(&printed), Ok(condition), "{:?} as {:?}", text, printed);
            }
        }

        #[test]
        fn judging_ends_without_a_panic(expr in expr(), branch in "\\PC{0,12}") {
            let mut data = Data::default();
            data.set("branch", &branch);
            data.set_env("A", &branch);
            let _ = Condition { expr }.holds(&data);
        }

        #[test]
        fn reading_ends_without_a_panic(text in "\\PC{0,40}") {
            let _ = Condition::parse(&text).map(|condition| condition.holds(&Data::default()));
        }
    }
}
