//! The OpenAPI 3.1 document, printed from the registry of routes.

use api::{Access, Operation};
use schemars::SchemaGenerator;
use schemars::generate::SchemaSettings;
use serde_json::{Map, Value, json};

fn operation_json(operation: &Operation, generator: &mut SchemaGenerator) -> Value {
    let mut parameters: Vec<Value> = operation
        .path
        .split('/')
        .filter_map(|part| part.strip_prefix('{').and_then(|part| part.strip_suffix('}')))
        .map(|name| json!({ "name": name.trim_start_matches('*'), "in": "path", "required": true, "schema": { "type": "string" } }))
        .collect();
    if let Some(query) = operation.query {
        parameters.extend(query_parameters(query(generator).as_value(), generator));
    }
    let mut responses = Map::new();
    let mut content = Map::new();
    if let Some(response) = operation.response {
        content.insert("application/json".into(), json!({ "schema": response(generator) }));
    }
    for kind in &operation.also {
        content.insert((*kind).into(), json!({}));
    }
    let good = if content.is_empty() { "204" } else { "200" };
    let mut answer = json!({ "description": "OK" });
    if !content.is_empty() {
        answer["content"] = Value::Object(content);
    }
    responses.insert(good.into(), answer);
    responses.insert("default".into(), json!({ "$ref": "#/components/responses/Problem" }));
    let mut result = json!({
        "tags": [operation.tag],
        "summary": operation.summary.zh,
        "description": operation.summary.en,
        "operationId": operation_id(operation),
        "responses": responses,
        "x-access": access_name(operation.access),
    });
    if !parameters.is_empty() {
        result["parameters"] = Value::Array(parameters);
    }
    if operation.access != Access::Public {
        result["security"] = json!([{ "session": [] }]);
    }
    if let Some(body) = operation.body {
        result["requestBody"] =
            json!({ "required": true, "content": { "application/json": { "schema": body(generator) } } });
    } else if let Some(kind) = operation.raw_body {
        result["requestBody"] =
            json!({ "required": true, "content": { kind: { "schema": { "type": "string", "format": "binary" } } } });
    }
    result
}

/// Properties of a query type, as parameters; a reference is looked up among the generator's definitions.
fn query_parameters(schema: &Value, generator: &SchemaGenerator) -> Vec<Value> {
    let name = schema.get("$ref").and_then(Value::as_str).and_then(|reference| reference.rsplit('/').next());
    let schema = name.and_then(|name| generator.definitions().get(name)).unwrap_or(schema);
    let required: Vec<&str> =
        schema.get("required").and_then(Value::as_array).into_iter().flatten().filter_map(Value::as_str).collect();
    let properties = schema.get("properties").and_then(Value::as_object).into_iter().flatten();
    properties
        .map(|(name, kind)| json!({ "name": name, "in": "query", "required": required.contains(&name.as_str()), "schema": kind }))
        .collect()
}

fn operation_id(operation: &Operation) -> String {
    let path: String =
        operation.path.chars().map(|letter| if letter.is_ascii_alphanumeric() { letter } else { '_' }).collect();
    format!("{}{}", operation.method, path)
}

pub fn access_name(access: Access) -> String {
    match access {
        Access::Public => "public".into(),
        Access::SignedIn => "signed_in".into(),
        Access::May(action) => action.name().into(),
    }
}

pub fn document(operations: &[Operation], version: &str) -> Value {
    let settings = SchemaSettings::draft2020_12().with(|settings| {
        settings.definitions_path = "/components/schemas".into();
        settings.meta_schema = None;
    });
    let mut generator = settings.into_generator();
    let mut paths: Map<String, Value> = Map::new();
    for operation in operations {
        let value = operation_json(operation, &mut generator);
        let path = paths.entry(operation.path.replace("{*", "{")).or_insert_with(|| json!({}));
        path[operation.method] = value;
    }
    let schemas = generator.take_definitions(true);
    json!({
        "openapi": "3.1.0",
        "info": {
            "title": "青山 Qingshan",
            "version": version,
            "license": { "name": "Apache-2.0", "identifier": "Apache-2.0" },
            "description": "Ids and decimals are strings; times are ISO 8601 at +08:00. A request that changes something carries the header X-Qingshan: 1.",
        },
        "paths": paths,
        "components": {
            "schemas": schemas,
            "securitySchemes": { "session": { "type": "apiKey", "in": "cookie", "name": "qingshan_session" } },
            "responses": { "Problem": {
                "description": "RFC 9457 problem details; the codes are explained in docs/errors.md",
                "content": { "application/problem+json": { "schema": {
                    "type": "object",
                    "required": ["type", "title", "title_zh", "status", "code", "detail"],
                    "properties": {
                        "type": { "type": "string" }, "title": { "type": "string" }, "title_zh": { "type": "string" },
                        "status": { "type": "integer" }, "code": { "type": "string" }, "detail": { "type": "string" },
                    },
                } } },
            } },
        },
    })
}
