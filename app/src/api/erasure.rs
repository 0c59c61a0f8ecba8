//! What is stored of a customer, before he is erased.
//!
//! The page is made on the server and loads no program, so nothing here is a server function.

use crate::api::imports::count;
use crate::error::AppError;
use crate::error::ssr::answer;
use analysis::period::Calendar;
use analysis::words;
use leptos::prelude::expect_context;
use store::{Store, StoreError};

/// What is stored of a customer, in words; `None` for somebody who is not stored.
///
/// # Errors
/// [`AppError::NotFound`] for a workspace, or when the data base can't answer.
pub async fn traces(slug: &str, customer: &str) -> Result<Option<String>, AppError> {
    let store = expect_context::<Store>();
    let found = async {
        let workspace = store.workspace(slug).await?;
        let calendar = Calendar::new(&workspace.zone, workspace.week_start)
            .map_err(|_| StoreError::Zone(workspace.zone.clone()))?;
        match store.traces(workspace.id, customer).await {
            Ok(found) => Ok(Some((found, calendar))),
            Err(StoreError::NotFound) => Ok(None),
            Err(error) => Err(error),
        }
    };
    let Some((found, calendar)) = answer(found.await)? else {
        return Ok(None);
    };
    let traits = count(found.traits, "trait");
    Ok(Some(match found.span {
        None => format!("No event and {traits} are stored of him."),
        Some((first, last)) => format!(
            "{} from {} to {} and {traits} are stored of him.",
            count(found.events, "event"),
            words::date(calendar.date(first)),
            words::date(calendar.date(last))
        ),
    }))
}
