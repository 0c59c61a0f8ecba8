//! The parts of a form that brings in a file. The browser sends it, whatever its size.

use crate::api::imports::Refused;
use leptos::prelude::*;

/// Why the file that came with this request was not taken, if one came.
pub(super) fn refused() -> Option<Refused> {
    use_context()
}

/// The reason, above the form it belongs to.
pub(super) fn refusal(refused: Option<&Refused>) -> Option<AnyView> {
    let sentence = refused?.sentence.clone();
    Some(view! { <p class="notice refusal" role="alert">{sentence}</p> }.into_any())
}

/// The file, and the button that sends it.
pub(super) fn file_field() -> AnyView {
    view! {
        <label class="labelled">
            <span>"A CSV file of events, or of customers with their traits"</span>
            <input type="file" name="file" class="field" accept=".csv,.gz,.tsv,.txt,text/csv,application/gzip" required aria-describedby="file-hint"/>
        </label>
        <p class="quiet" id="file-hint">
            ".csv or .csv.gz, up to 20 GB. You see its columns first; nothing is stored before you say so."
        </p>
        <div class="acts"><button type="submit" class="btn main">"Send the file"</button></div>
    }
    .into_any()
}
