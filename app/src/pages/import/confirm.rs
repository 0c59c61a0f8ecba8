//! The questions before an import: a form that is asked again until nothing is open.

use crate::api::imports::{ColumnView, PreviewView};
use leptos::prelude::*;

/// Columns, questions and rows of a file, and the buttons that bring it in or drop it.
pub(super) fn form(preview: PreviewView, here: &str) -> AnyView {
    let kind = |name: &'static str, label: &'static str| {
        let on = preview.kind == name;
        let href = format!("{here}?kind={name}");
        view! { <a href=href aria-current=on.then_some("true")>{label}</a> }
    };
    let kinds = view! {
        <div class="seg" role="group" aria-label="What a row is">
            {kind("events", "A row is an event")}
            {kind("customers", "A row is a customer")}
        </div>
    };
    let heads: Vec<String> = preview
        .columns
        .iter()
        .map(|column| column.name.clone())
        .collect();
    let columns = columns(preview.columns, &preview.roles);
    view! {
        {notes(preview.ignored, "Part of this address was not understood")}
        <form class="stack" method="post" action=format!("{here}/confirm") autocomplete="off">
            <input type="hidden" name="kind" value=preview.kind.clone()/>
            {notes(preview.problems, "Before it can be brought in")}
            {(!preview.dates.is_empty()).then(|| view! {
                <fieldset class="card asked">
                    <legend>"How are the dates written?"</legend>
                    {preview.dates.into_iter().map(|date| view! {
                        <label>
                            <input type="radio" name="dates" value=date.value required checked=date.chosen/>
                            {date.label}
                        </label>
                    }).collect_view()}
                </fieldset>
            }.into_any())}
            {preview.event.map(|event| view! {
                <div class="card asked">
                    <label class="labelled">
                        <span>"One name for the event of every row, if no column tells"</span>
                        <input type="text" name="event" class="field" value=event maxlength="200" autocomplete="off" placeholder="order placed"/>
                    </label>
                </div>
            }.into_any())}
            <section class="card">
                <header><h2>"Columns"</h2>{kinds}</header>
                {columns}
            </section>
            <div class="acts">
                <button type="submit" class="btn main">{format!("Bring in {}", preview.size)}</button>
            </div>
            <p class="method">{preview.dialect}</p>
        </form>
        {first_rows(heads, preview.rows)}
        {discard(here)}
    }
    .into_any()
}

/// A form of its own: what it does can't be mixed up with the other's.
pub(super) fn discard(here: &str) -> AnyView {
    view! {
        <form method="post" action=format!("{here}/discard")>
            <button type="submit" class="btn">"Drop this file"</button>
        </form>
    }
    .into_any()
}

fn notes(notes: Vec<String>, title: &'static str) -> Option<AnyView> {
    (!notes.is_empty()).then(|| {
        view! {
            <div class="notice" role="status">
                <h2>{title}</h2>
                <ul>{notes.into_iter().map(|note| view! { <li>{note}</li> }).collect_view()}</ul>
            </div>
        }
        .into_any()
    })
}

fn columns(columns: Vec<ColumnView>, roles: &[(String, String)]) -> AnyView {
    view! {
        <div class="scroll" tabindex="0" role="region" aria-label="Columns of the file">
            <table class="rows columns">
                <thead>
                    <tr><th scope="col">"Column"</th><th scope="col">"Used as"</th><th scope="col">"For example"</th></tr>
                </thead>
                <tbody>{columns.into_iter().map(|column| self::column(column, roles)).collect_view()}</tbody>
            </table>
        </div>
    }
    .into_any()
}

fn column(column: ColumnView, roles: &[(String, String)]) -> AnyView {
    let ColumnView {
        name,
        role,
        samples,
    } = column;
    let used = if name.is_empty() {
        // A column that can't be named can't be used, but it keeps its place.
        view! { <input type="hidden" name="role" value="ignored"/>"Left out" }.into_any()
    } else {
        let options = roles
            .iter()
            .map(|(value, label)| {
                let on = *value == role;
                view! { <option value=value.clone() selected=on>{label.clone()}</option> }
            })
            .collect_view();
        view! { <select name="role" class="field" aria-label=format!("Use of the column {name}")>{options}</select> }
            .into_any()
    };
    let name = if name.is_empty() {
        "(no name)".to_owned()
    } else {
        name
    };
    view! { <tr><th scope="row">{name}</th><td>{used}</td><td class="sample">{samples}</td></tr> }
        .into_any()
}

fn first_rows(heads: Vec<String>, rows: Vec<Vec<String>>) -> AnyView {
    view! {
        <section class="card">
            <header><h2>"The first rows"</h2></header>
            <div class="scroll" tabindex="0" role="region" aria-label="The first rows of the file">
                <table class="rows raw">
                    <thead><tr>{heads.into_iter().map(|head| view! { <th scope="col">{head}</th> }).collect_view()}</tr></thead>
                    <tbody>
                        {rows.into_iter().map(|row| view! {
                            <tr>{row.into_iter().map(|value| view! { <td>{value}</td> }).collect_view()}</tr>
                        }).collect_view()}
                    </tbody>
                </table>
            </div>
        </section>
    }
    .into_any()
}
