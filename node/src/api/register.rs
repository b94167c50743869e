//! What the register holds: instruments, titles, powers, consents, parties.

use axum::Json;
use axum::extract::rejection::QueryRejection;
use axum::extract::{Query, State};
use deedbook_schemas::api::{
    AccessesView, ConsentView, InstrumentView, PartyView, PowerView, Problem, TitleView,
};
use deedbook_schemas::digest::RecordId;
use deedbook_schemas::instrument::Status;
use deedbook_schemas::limits::CADASTRAL_NUMBER_BYTES_MAX;
use deedbook_schemas::party::PartyId;
use deedbook_schemas::text::is_identifier;

use super::problem::{Answer, ApiProblem};
use super::{Segment, Shared, Wait, parse, wait};

/// An instrument, and exactly what it still needs. With `wait`, until it is no longer pending.
#[utoipa::path(get, path = "/v1/instruments/{id}", tag = "register",
    params(("id" = String, Path), Wait),
    responses((status = 200, body = InstrumentView),
        (status = 404, body = Problem, content_type = "application/problem+json")))]
pub(super) async fn instrument(
    State(api): Shared,
    Segment(id): Segment,
    query: Result<Query<Wait>, QueryRejection>,
) -> Answer<Json<InstrumentView>> {
    let id: RecordId = parse("instrument", &id)?;
    let deadline = wait(query)?.deadline();
    let mut tips = api.ledger.tips();
    loop {
        tips.borrow_and_update();
        let view = api
            .blocking(move |api| api.ledger.instrument_view(&id))
            .await?;
        let settled = view
            .as_ref()
            .is_some_and(|view| view.status != Status::Pending);
        let more = !settled
            && matches!(
                tokio::time::timeout_at(deadline, tips.changed()).await,
                Ok(Ok(()))
            );
        if !more {
            return view
                .map(Json)
                .ok_or_else(|| ApiProblem::not_found("instrument", &id.to_string()));
        }
    }
}

/// The title of a property.
#[utoipa::path(get, path = "/v1/properties/{cadastral_number}", tag = "register",
    params(("cadastral_number" = String, Path)),
    responses((status = 200, body = TitleView),
        (status = 404, body = Problem, content_type = "application/problem+json")))]
pub(super) async fn title(
    State(api): Shared,
    Segment(cadastral_number): Segment,
) -> Answer<Json<TitleView>> {
    if !is_identifier(&cadastral_number, CADASTRAL_NUMBER_BYTES_MAX) {
        let detail = "that is not a cadastral number".to_owned();
        return Err(ApiProblem::bad_request("api.path", detail));
    }
    let name = cadastral_number.clone();
    let view = api
        .blocking(move |api| api.ledger.title_view(&cadastral_number))
        .await?;
    view.map(Json)
        .ok_or_else(|| ApiProblem::not_found("property", &name))
}

/// A power of attorney, and whether it is in force.
#[utoipa::path(get, path = "/v1/powers/{id}", tag = "register", params(("id" = String, Path)),
    responses((status = 200, body = PowerView),
        (status = 404, body = Problem, content_type = "application/problem+json")))]
pub(super) async fn power(State(api): Shared, Segment(id): Segment) -> Answer<Json<PowerView>> {
    let id: RecordId = parse("power of attorney", &id)?;
    let view = api.blocking(move |api| api.ledger.power_view(&id)).await?;
    view.map(Json)
        .ok_or_else(|| ApiProblem::not_found("power of attorney", &id.to_string()))
}

/// A spousal consent.
#[utoipa::path(get, path = "/v1/consents/{id}", tag = "register", params(("id" = String, Path)),
    responses((status = 200, body = ConsentView),
        (status = 404, body = Problem, content_type = "application/problem+json")))]
pub(super) async fn consent(State(api): Shared, Segment(id): Segment) -> Answer<Json<ConsentView>> {
    let id: RecordId = parse("consent", &id)?;
    let view = api
        .blocking(move |api| api.ledger.consent_view(&id))
        .await?;
    view.map(Json)
        .ok_or_else(|| ApiProblem::not_found("consent", &id.to_string()))
}

/// A party: a pseudonym and its keys.
#[utoipa::path(get, path = "/v1/parties/{id}", tag = "register", params(("id" = String, Path)),
    responses((status = 200, body = PartyView),
        (status = 404, body = Problem, content_type = "application/problem+json")))]
pub(super) async fn party(State(api): Shared, Segment(id): Segment) -> Answer<Json<PartyView>> {
    let id: PartyId = parse("party", &id)?;
    let view = api.blocking(move |api| api.ledger.party_view(&id)).await?;
    view.map(Json)
        .ok_or_else(|| ApiProblem::not_found("party", &id.to_string()))
}

/// From where a listing goes on.
#[derive(Debug, serde::Deserialize, utoipa::IntoParams)]
#[serde(deny_unknown_fields)]
pub(super) struct After {
    /// Only entries behind this leaf index.
    after: Option<u64>,
}

/// Who read a party's rights, with which consent or on which legal ground.
#[utoipa::path(get, path = "/v1/parties/{id}/accesses", tag = "register",
    params(("id" = String, Path), After),
    responses((status = 200, body = AccessesView),
        (status = 400, body = Problem, content_type = "application/problem+json")))]
pub(super) async fn accesses(
    State(api): Shared,
    Segment(id): Segment,
    query: Result<Query<After>, QueryRejection>,
) -> Answer<Json<AccessesView>> {
    let id: PartyId = parse("party", &id)?;
    let Query(After { after }) =
        query.map_err(|error| ApiProblem::bad_request("api.query", error.body_text()))?;
    let view = api
        .blocking(move |api| api.ledger.accesses_view(&id, after))
        .await?;
    Ok(Json(view))
}
