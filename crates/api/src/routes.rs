//! The registry of routes.

use axum::Router;
use axum::handler::Handler;
use axum::routing::{MethodFilter, on};
use kernel::{Action, Name};
use schemars::{JsonSchema, Schema, SchemaGenerator};

/// Who may call a route at all; handlers narrow it to rows with [`crate::Caller::need`].
#[derive(Clone, Copy, Debug, PartialEq, Eq, PartialOrd, Ord)]
pub enum Access {
    /// Everybody, without signing in.
    Public,
    /// Everybody who has signed in.
    SignedIn,
    /// Those who may do this somewhere.
    May(Action),
}

type SchemaOf = fn(&mut SchemaGenerator) -> Schema;

/// What the OpenAPI document says of a route.
#[derive(Clone, Debug)]
pub struct Operation {
    pub method: &'static str,
    pub path: String,
    pub tag: &'static str,
    pub summary: Name,
    pub access: Access,
    pub query: Option<SchemaOf>,
    pub body: Option<SchemaOf>,
    /// Content type of a body that is not JSON.
    pub raw_body: Option<&'static str>,
    pub response: Option<SchemaOf>,
    /// Content types of the answer beside JSON.
    pub also: Vec<&'static str>,
}

/// Starts the description of a route.
pub fn operation(summary_zh: &str, summary_en: &str, access: Access) -> Operation {
    Operation {
        method: "",
        path: String::new(),
        tag: "",
        summary: Name::new(summary_zh, summary_en),
        access,
        query: None,
        body: None,
        raw_body: None,
        response: None,
        also: Vec::new(),
    }
}

fn schema_of<T: JsonSchema>(generator: &mut SchemaGenerator) -> Schema {
    generator.subschema_for::<T>()
}

impl Operation {
    pub fn query<T: JsonSchema>(mut self) -> Self {
        self.query = Some(schema_of::<T>);
        self
    }

    pub fn body<T: JsonSchema>(mut self) -> Self {
        self.body = Some(schema_of::<T>);
        self
    }

    pub fn raw_body(mut self, content_type: &'static str) -> Self {
        self.raw_body = Some(content_type);
        self
    }

    pub fn returns<T: JsonSchema>(mut self) -> Self {
        self.response = Some(schema_of::<T>);
        self
    }

    pub fn also(mut self, content_type: &'static str) -> Self {
        self.also.push(content_type);
        self
    }
}

/// Routes of one mechanism. Handlers capture their state, so that routers of all mechanisms merge.
pub struct Routes {
    tag: &'static str,
    pub router: Router,
    pub operations: Vec<Operation>,
}

impl Routes {
    pub fn new(tag: &'static str) -> Self {
        Self { tag, router: Router::new(), operations: Vec::new() }
    }

    fn add<H, T>(
        mut self,
        filter: MethodFilter,
        method: &'static str,
        path: &str,
        operation: Operation,
        handler: H,
    ) -> Self
    where
        H: Handler<T, ()>,
        T: 'static,
    {
        self.router = self.router.route(path, on(filter, handler));
        self.operations.push(Operation { method, path: path.to_owned(), tag: self.tag, ..operation });
        self
    }

    pub fn get<H: Handler<T, ()>, T: 'static>(self, path: &str, operation: Operation, handler: H) -> Self {
        self.add(MethodFilter::GET, "get", path, operation, handler)
    }

    pub fn post<H: Handler<T, ()>, T: 'static>(self, path: &str, operation: Operation, handler: H) -> Self {
        self.add(MethodFilter::POST, "post", path, operation, handler)
    }

    pub fn put<H: Handler<T, ()>, T: 'static>(self, path: &str, operation: Operation, handler: H) -> Self {
        self.add(MethodFilter::PUT, "put", path, operation, handler)
    }

    pub fn patch<H: Handler<T, ()>, T: 'static>(self, path: &str, operation: Operation, handler: H) -> Self {
        self.add(MethodFilter::PATCH, "patch", path, operation, handler)
    }

    pub fn delete<H: Handler<T, ()>, T: 'static>(self, path: &str, operation: Operation, handler: H) -> Self {
        self.add(MethodFilter::DELETE, "delete", path, operation, handler)
    }

    pub fn merge(mut self, other: Routes) -> Self {
        self.router = self.router.merge(other.router);
        self.operations.extend(other.operations);
        self
    }
}
