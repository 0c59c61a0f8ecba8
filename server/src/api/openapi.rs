//! The description of the interface, made from the types that it takes and gives.

use super::activities::{NewActivity, Saved, SavedActivity};
use super::error::Problem;
use super::features::NewFeature;
use super::segments::{CountedSegment, SegmentToSave, ToCount};
use analysis::annotation::Annotation;
use analysis::document::{
    ChurnDocument, Detail, LifecycleDocument, LostDocument, QuartileDocument, QuietDocument,
    RetentionDocument, ScanDocument, SegmentsDocument, StickinessDocument, SurvivalDocument,
};
use analysis::quartiles::FeatureSet;
use analysis::query::{ChurnQuery, ComparisonQuery, QuartileQuery, RetentionQuery};
use analysis::segment::SegmentCount;
use schemars::generate::SchemaSettings;
use schemars::{JsonSchema, SchemaGenerator};
use serde_json::{Value, json};

/// The version 3.1 of its format, whose schemas are JSON Schema 2020-12.
pub(super) fn description() -> Value {
    let settings = SchemaSettings::draft2020_12().with(|settings| {
        settings.definitions_path = "/components/schemas".into();
        settings.meta_schema = None;
    });
    let mut types = settings.into_generator();
    let cells = json!({
        "name": "cells", "in": "query", "schema": types.subschema_for::<Detail>(),
        "description": "What is said of each cell of a matrix.",
    });
    let mut retention = report::<RetentionQuery, RetentionDocument<'_>>(
        &mut types,
        "Retention by signup cohort",
        "Of the customers who signed up in each period, how many were active in the periods after?",
    );
    let saves = asked::<NewActivity, Saved>(
        &mut types,
        "Save a definition of activity",
        "A new one, or the next version of a saved one. It answers questions once it is filled in from the events \
         stored so far; a definition by plain events at once.",
        "Under which name it was saved.",
    );
    let lists = listed::<SavedActivity>(
        &mut types,
        &saves,
        "Saved definitions of activity",
        "By age, with how far each is filled in.",
    );
    let keeps = asked::<SegmentToSave, CountedSegment>(
        &mut types,
        "Save a segment",
        "A condition on traits and behaviour under a name: living, or with `frozen` a list of those who meet it now.",
        "The segment.",
    );
    let kept = listed::<CountedSegment>(
        &mut types,
        &keeps,
        "Saved segments",
        "By name, each with how many belong to it now.",
    );
    let counts = asked::<ToCount, SegmentCount>(
        &mut types,
        "Count a segment",
        "How many customers meet a condition now, without saving it.",
        "How many.",
    );
    let names = asked::<NewFeature, FeatureSet>(
        &mut types,
        "Save a feature",
        "Events that are one feature together, under a name; questions about features take it as `set`.",
        "The feature.",
    );
    let named = listed::<FeatureSet>(&mut types, &names, "Saved features", "By name.");
    let annotates = asked::<Annotation, Annotation>(
        &mut types,
        "Annotate a day",
        "A release, an outage, a campaign, as charts show it. A write key may do so, too.",
        "The annotation.",
    );
    let annotated = listed::<Annotation>(
        &mut types,
        &annotates,
        "Annotations",
        "The newest day first.",
    );
    let quartiles = report::<QuartileQuery, QuartileDocument<'_>>(
        &mut types,
        "Groups by usage of a feature",
        "Do those who use a feature more leave less? Groups by usage, what became of them, and a verdict.",
    );
    let scan = report::<QuartileQuery, ScanDocument<'_>>(
        &mut types,
        "All features",
        "Every event as a feature, by what remains of its difference after accounting for overall activity. `feature` of the question is passed over.",
    );
    let mut segments = report::<ComparisonQuery, SegmentsDocument<'_>>(
        &mut types,
        "Segments side by side",
        "The retention of each segment, its differences from a baseline, which segments differ, and what a change of the \
         total comes from.",
    );
    let survival = report::<ComparisonQuery, SurvivalDocument<'_>>(
        &mut types,
        "How long customers stay, by segment",
        "Kaplan-Meier curves, median lifetimes, and log-rank tests of all segments and of every two.",
    );
    let churn = report::<ChurnQuery, ChurnDocument<'_>>(
        &mut types,
        "Churn by period",
        "Of the customers who were active at the start of each period, how many were no longer active at its end?",
    );
    let lifecycle = report::<ChurnQuery, LifecycleDocument<'_>>(
        &mut types,
        "Coming and going",
        "New, retained, returned and dormant customers of each period, with the growth ratio.",
    );
    let stickiness = report::<ChurnQuery, StickinessDocument<'_>>(
        &mut types,
        "Stickiness",
        "On how many of the days up to each period's end customers were active.",
    );
    let lost = report::<ChurnQuery, LostDocument<'_>>(
        &mut types,
        "Customers lost",
        "All customers lost in the period that holds the date `period`, or in the newest that has ended.",
    );
    let quiet = report::<ChurnQuery, QuietDocument<'_>>(
        &mut types,
        "Customers who are quietly leaving",
        "Active customers whose activity fell below a share of their own earlier pace.",
    );
    for report in [&mut retention, &mut segments] {
        if let Some(parameters) = report["parameters"].as_array_mut() {
            parameters.push(cells.clone());
        }
    }
    json!({
        "openapi": "3.1.0",
        "info": {
            "title": "Holdfast",
            "version": env!("CARGO_PKG_VERSION"),
            "description": "Who stays, who leaves, and what keeps them. Numbers are unrounded.",
            "license": { "name": "MIT", "identifier": "MIT" },
        },
        "servers": [{ "url": "/api/v1" }],
        "paths": {
            "/workspaces/{workspace}/reports/retention": { "post": retention },
            "/workspaces/{workspace}/reports/segments": { "post": segments },
            "/workspaces/{workspace}/reports/survival": { "post": survival },
            "/workspaces/{workspace}/activities": { "get": lists, "post": saves },
            "/workspaces/{workspace}/annotations": { "get": annotated, "post": annotates },
            "/workspaces/{workspace}/features": { "get": named, "post": names },
            "/workspaces/{workspace}/segments": { "get": kept, "post": keeps },
            "/workspaces/{workspace}/segments/count": { "post": counts },
            "/workspaces/{workspace}/reports/quartiles": { "post": quartiles },
            "/workspaces/{workspace}/reports/scan": { "post": scan },
            "/workspaces/{workspace}/reports/churn": { "post": churn },
            "/workspaces/{workspace}/reports/lifecycle": { "post": lifecycle },
            "/workspaces/{workspace}/reports/stickiness": { "post": stickiness },
            "/workspaces/{workspace}/reports/lost": { "post": lost },
            "/workspaces/{workspace}/reports/quiet": { "post": quiet },
        },
        "security": [{ "key": [] }],
        "components": {
            "schemas": types.take_definitions(true),
            "securitySchemes": { "key": {
                "type": "http", "scheme": "bearer", "description": "A read key of the workspace: rk_…",
            } },
        },
    })
}

/// What is listed where `saves` saves.
fn listed<One: JsonSchema>(
    types: &mut SchemaGenerator,
    saves: &Value,
    summary: &str,
    description: &str,
) -> Value {
    let mut lists = saves.clone();
    lists["summary"] = json!(summary);
    lists["description"] = json!(description);
    if let Some(lists) = lists.as_object_mut() {
        lists.remove("requestBody");
    }
    lists["responses"]["200"] = json!({
        "description": "All of them.",
        "content": { "application/json": { "schema": types.subschema_for::<Vec<One>>() } },
    });
    lists
}

/// A report that is asked for by posting a question.
fn report<Question: JsonSchema, Answer: JsonSchema>(
    types: &mut SchemaGenerator,
    summary: &str,
    description: &str,
) -> Value {
    asked::<Question, Answer>(types, summary, description, "The report.")
}

/// What is asked by posting JSON, and answered with `answer`.
fn asked<Question: JsonSchema, Answer: JsonSchema>(
    types: &mut SchemaGenerator,
    summary: &str,
    description: &str,
    answer: &str,
) -> Value {
    let problem = types.subschema_for::<Problem>();
    let mut refusals: Vec<(&str, Value)> = [
        ("400", "The body is not JSON."),
        ("401", "There is no key, or none that is in use."),
        ("403", "The key or the role does not allow this."),
        ("404", "There is no such workspace."),
        ("413", "The body is too large."),
        ("415", "The body is not said to be JSON."),
        (
            "422",
            "What was asked can't be done as it stands; the message says why.",
        ),
        (
            "503",
            "The data base is away, or the definition of activity is still being filled in; try again.",
        ),
    ]
    .map(|(status, words)| {
        let content = json!({ "application/json": { "schema": problem } });
        (status, json!({ "description": words, "content": content }))
    })
    .to_vec();
    refusals.push((
        "200",
        json!({
            "description": answer,
            "content": { "application/json": { "schema": types.subschema_for::<Answer>() } },
        }),
    ));
    let responses: serde_json::Map<String, Value> = refusals
        .into_iter()
        .map(|(status, response)| (status.to_owned(), response))
        .collect();
    json!({
        "summary": summary,
        "description": description,
        "parameters": [{
            "name": "workspace", "in": "path", "required": true, "schema": { "type": "string" },
            "description": "The workspace's name in addresses.",
        }],
        "requestBody": {
            "required": true,
            "content": { "application/json": { "schema": types.subschema_for::<Question>() } },
        },
        "responses": responses,
    })
}
