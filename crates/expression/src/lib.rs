//! Expressions (表达式) in CEL over facts: formulas, rules, guards, colours, scores.
//!
//! Facts are gathered *before* evaluation and handed in as variables, so an evaluation reads nothing, ends, and
//! its variables are its evidence. A missing fact makes the result [`FactValue::Missing`] with the names that
//! were missing, never zero.
//!
//! Bounds: length and nesting of the source, macros inside macros, and the size of what is handed in; the work
//! of an evaluation is bounded by their product.

use std::collections::BTreeMap;
use std::sync::{Arc, LazyLock};

use cel::objects::{Key, Map};
use cel::{Context, Env, ExecutionError, Program, Value};
use kernel::FactValue;

/// Longest source in bytes.
pub const MOST_SOURCE: usize = 4096;
/// Deepest nesting of brackets, and longest chain of operators of one precedence the parser may recurse into.
pub const MOST_DEPTH: usize = 32;
/// Comprehensions (`map`, `filter`, `all`, `exists`) in one expression.
pub const MOST_MACROS: usize = 4;
/// Values in all variables together.
pub const MOST_VALUES: usize = 20_000;

#[derive(Clone, Debug, PartialEq, Eq, thiserror::Error)]
pub enum ExpressionError {
    #[error("表达式超过 {MOST_SOURCE} 字节 (the expression is too long)")]
    TooLong,
    #[error("表达式嵌套超过 {MOST_DEPTH} 层 (nested too deeply)")]
    TooDeep,
    #[error("表达式里的遍历超过 {MOST_MACROS} 个 (too many comprehensions)")]
    TooManyMacros,
    #[error("代入的数据超过 {MOST_VALUES} 个值 (more values than that were handed in)")]
    TooMuchData,
    #[error("表达式写得不对 (syntax): {0}")]
    Syntax(String),
    #[error("不认识“{0}” (unknown name)")]
    UnknownName(String),
    #[error("除数为零 (division by zero)")]
    DivisionByZero,
    #[error("数超出范围 (overflow)")]
    Overflow,
    #[error("不能这样计算 (cannot be evaluated): {0}")]
    Evaluation(String),
}

/// The standard functions and macros of CEL. Made once: making them costs a hundred times what an evaluation does.
static STANDARD: LazyLock<Arc<Env>> = LazyLock::new(|| Arc::new(Env::stdlib()));

/// A compiled expression.
#[derive(Debug)]
pub struct Expression {
    source: String,
    program: Program,
    variables: Vec<String>,
}

/// What an evaluation gave.
#[derive(Clone, Debug, PartialEq)]
pub struct Evaluated {
    pub value: FactValue,
    /// Variables that were used and not known.
    pub missing: Vec<String>,
}

/// Answers a function call inside an expression, such as `within("red_line")`; pure.
pub type Function = Arc<dyn Fn(&str) -> Result<FactValue, String> + Send + Sync>;

impl Expression {
    pub fn compile(source: &str) -> Result<Self, ExpressionError> {
        check_shape(source)?;
        let program =
            STANDARD.compile(source).map_err(|error| ExpressionError::Syntax(first_line(&error.to_string())))?;
        let variables = program.references().variables().into_iter().map(str::to_owned).collect();
        Ok(Self { source: source.to_owned(), program, variables })
    }

    pub fn source(&self) -> &str {
        &self.source
    }

    /// Names of the variables that it reads.
    pub fn variables(&self) -> &[String] {
        &self.variables
    }

    /// Evaluates over `facts`. A variable that is not among them is an error where it is reached; one that is
    /// [`FactValue::Missing`] makes the result missing.
    pub fn evaluate(&self, facts: &BTreeMap<String, FactValue>) -> Result<Evaluated, ExpressionError> {
        self.evaluate_with(facts, &[])
    }

    /// The same with functions of one text argument.
    pub fn evaluate_with(
        &self,
        facts: &BTreeMap<String, FactValue>,
        functions: &[(&str, Function)],
    ) -> Result<Evaluated, ExpressionError> {
        let mut missing = Vec::new();
        let mut context = Context::with_env(Arc::clone(&STANDARD));
        let mut left = MOST_VALUES;
        for name in &self.variables {
            // Names bound by `map`, `filter` and the like are among them too; a name that nobody knows is an error
            // once the evaluation reaches it.
            let Some(value) = facts.get(name) else { continue };
            if *value == FactValue::Missing {
                missing.push(name.clone());
            }
            context.add_variable_from_value(name.as_str(), to_cel(value, &mut left)?);
        }
        if !missing.is_empty() && !self.asks_for_missing() {
            return Ok(Evaluated { value: FactValue::Missing, missing });
        }
        for (name, function) in functions {
            let function = Arc::clone(function);
            let called = (*name).to_owned();
            let answer = move |argument: Arc<String>| -> Result<Value, ExecutionError> {
                let value = function(&argument).map_err(|error| ExecutionError::function_error(&called, error))?;
                to_cel(&value, &mut MOST_VALUES.clone())
                    .map_err(|error| ExecutionError::function_error(&called, error.to_string()))
            };
            context.add_function(name, answer).map_err(|error| ExpressionError::Evaluation(error.to_string()))?;
        }
        let value = self.program.execute(&context).map_err(error_of)?;
        Ok(Evaluated { value: from_cel(&value), missing })
    }

    /// An expression that compares with `null` deals with missing facts itself.
    fn asks_for_missing(&self) -> bool {
        self.source.contains("null")
    }
}

/// Refuses what could exhaust the parser's stack before it is parsed.
fn check_shape(source: &str) -> Result<(), ExpressionError> {
    if source.len() > MOST_SOURCE {
        return Err(ExpressionError::TooLong);
    }
    let (mut depth, mut deepest, mut prefix) = (0usize, 0usize, 0usize);
    for character in source.chars() {
        match character {
            '(' | '[' | '{' => {
                depth += 1;
                deepest = deepest.max(depth);
            }
            ')' | ']' | '}' => depth = depth.saturating_sub(1),
            _ => {}
        }
        prefix = if matches!(character, '!' | '-') { prefix + 1 } else { 0 };
        deepest = deepest.max(prefix);
    }
    if deepest > MOST_DEPTH || source.matches('?').count() > MOST_DEPTH {
        return Err(ExpressionError::TooDeep);
    }
    let macros: usize = [".map(", ".filter(", ".all(", ".exists(", ".exists_one("]
        .iter()
        .map(|name| source.matches(name).count())
        .sum();
    if macros > MOST_MACROS {
        return Err(ExpressionError::TooManyMacros);
    }
    Ok(())
}

fn first_line(text: &str) -> String {
    text.lines().next().unwrap_or_default().to_owned()
}

fn error_of(error: ExecutionError) -> ExpressionError {
    match error {
        ExecutionError::DivisionByZero(_) | ExecutionError::RemainderByZero(_) => ExpressionError::DivisionByZero,
        ExecutionError::Overflow(..) => ExpressionError::Overflow,
        ExecutionError::UndeclaredReference(name) => ExpressionError::UnknownName(name.to_string()),
        other => ExpressionError::Evaluation(first_line(&other.to_string())),
    }
}

fn to_cel(value: &FactValue, left: &mut usize) -> Result<Value, ExpressionError> {
    *left = left.checked_sub(1).ok_or(ExpressionError::TooMuchData)?;
    Ok(match value {
        FactValue::Missing => Value::Null,
        FactValue::Bool(value) => Value::Bool(*value),
        FactValue::Integer(value) => Value::Int(*value),
        FactValue::Number(value) => Value::Float(*value),
        FactValue::Text(value) => Value::String(Arc::new(value.clone())),
        FactValue::List(items) => {
            Value::List(Arc::new(items.iter().map(|item| to_cel(item, left)).collect::<Result<Vec<_>, _>>()?))
        }
        FactValue::Map(entries) => {
            let mut map = std::collections::HashMap::with_capacity(entries.len());
            for (key, item) in entries {
                map.insert(Key::String(Arc::new(key.clone())), to_cel(item, left)?);
            }
            Value::Map(Map { map: Arc::new(map) })
        }
    })
}

fn from_cel(value: &Value) -> FactValue {
    match value {
        Value::Bool(value) => FactValue::Bool(*value),
        Value::Int(value) => FactValue::Integer(*value),
        Value::UInt(value) => i64::try_from(*value).map_or(FactValue::Missing, FactValue::Integer),
        // Not a number is no answer.
        Value::Float(value) if value.is_finite() => FactValue::Number(*value),
        Value::String(value) => FactValue::Text(value.to_string()),
        Value::List(items) => FactValue::List(items.iter().map(from_cel).collect()),
        Value::Map(map) => FactValue::Map(
            map.map
                .iter()
                .filter_map(|(key, item)| match key {
                    Key::String(key) => Some((key.to_string(), from_cel(item))),
                    _ => None,
                })
                .collect(),
        ),
        _ => FactValue::Missing,
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    fn facts() -> BTreeMap<String, FactValue> {
        BTreeMap::from([
            ("treated".to_owned(), FactValue::Number(93.0)),
            ("all".to_owned(), FactValue::Number(100.0)),
            ("zero".to_owned(), FactValue::Number(0.0)),
            ("whole_zero".to_owned(), FactValue::Integer(0)),
            ("unknown".to_owned(), FactValue::Missing),
            ("name".to_owned(), FactValue::Text("酉阳".into())),
            ("levels".to_owned(), FactValue::List(vec![FactValue::Integer(1), FactValue::Integer(4)])),
        ])
    }

    fn check(source: &str, expect: Result<FactValue, ExpressionError>) {
        let found = Expression::compile(source).and_then(|expression| expression.evaluate(&facts()));
        assert_eq!(found.map(|evaluated| evaluated.value), expect, "{source}");
    }

    #[test]
    fn formulas_give_values_and_named_errors() {
        check("treated / all * 100.0", Ok(FactValue::Number(93.0)));
        check("name == '酉阳' && levels.exists(level, level > 3)", Ok(FactValue::Bool(true)));
        check("1 / whole_zero", Err(ExpressionError::DivisionByZero));
        check("treated / zero", Ok(FactValue::Missing));
        check("nobody + 1", Err(ExpressionError::UnknownName("nobody".into())));
        check("9223372036854775807 + 1", Err(ExpressionError::Overflow));
        assert!(matches!(Expression::compile("treated +"), Err(ExpressionError::Syntax(_))));
    }

    #[test]
    fn missing_is_missing_and_not_zero() {
        let expression = Expression::compile("unknown + treated").unwrap();
        let evaluated = expression.evaluate(&facts()).unwrap();
        assert_eq!(evaluated, Evaluated { value: FactValue::Missing, missing: vec!["unknown".into()] });
        check("unknown == null ? 0 : 1", Ok(FactValue::Integer(0)));
    }

    #[test]
    fn an_expression_is_bounded() {
        assert_eq!(Expression::compile(&"1+".repeat(3000)).unwrap_err(), ExpressionError::TooLong);
        assert_eq!(Expression::compile(&"(".repeat(40)).unwrap_err(), ExpressionError::TooDeep);
        assert_eq!(Expression::compile(&format!("{}1", "-".repeat(100))).unwrap_err(), ExpressionError::TooDeep);
        assert_eq!(
            Expression::compile("a.map(x, 1).map(x, 1).map(x, 1).map(x, 1).map(x, 1)").unwrap_err(),
            ExpressionError::TooManyMacros
        );
        let many = FactValue::List(vec![FactValue::Integer(1); MOST_VALUES]);
        let found = Expression::compile("size(many)").unwrap().evaluate(&BTreeMap::from([("many".to_owned(), many)]));
        assert_eq!(found.unwrap_err(), ExpressionError::TooMuchData);
        // The longest chains that pass still parse on a small stack.
        std::thread::Builder::new()
            .stack_size(2 << 20)
            .spawn(|| assert!(Expression::compile(&format!("1{}", "+1".repeat(2000))).is_ok()))
            .unwrap()
            .join()
            .unwrap();
    }

    #[test]
    fn functions_of_one_text_are_called() {
        let within: Function = Arc::new(|layer| match layer {
            "red_line" => Ok(FactValue::Bool(true)),
            other => Err(format!("no layer {other}")),
        });
        let functions = [("within", within)];
        let expression = Expression::compile("within('red_line') ? 'prohibited' : 'allowed'").unwrap();
        let evaluated = expression.evaluate_with(&BTreeMap::new(), &functions).unwrap();
        assert_eq!(evaluated.value, FactValue::Text("prohibited".into()));
        let wrong = Expression::compile("within('nowhere')").unwrap().evaluate_with(&BTreeMap::new(), &functions);
        assert!(matches!(wrong, Err(ExpressionError::Evaluation(text)) if text.contains("no layer nowhere")));
    }

    proptest::proptest! {
        #[test]
        fn any_text_is_refused_or_compiled(source in "[a-z0-9()+*/?:!=<>&|'. \\[\\]{},-]{0,80}") {
            if let Ok(expression) = Expression::compile(&source) {
                let _ = expression.evaluate(&facts());
            }
        }
    }
}
