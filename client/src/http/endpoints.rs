//! One method an endpoint of the REST API.
//!
//! Does not live here: retries and fail-over (`super`). Ids and cadastral numbers stand in paths
//! percent-encoded.

use std::time::Duration;

use deedbook_schemas::api::{
    AccessesView, BlockView, ConsentView, DraftRequest, DraftView, Health, InstrumentView,
    PartyView, PowerView, RecordView, SubmissionView, TitleView, WitnessesView,
};
use deedbook_schemas::block::Height;
use deedbook_schemas::digest::RecordId;
use deedbook_schemas::genesis::Genesis;
use deedbook_schemas::limits::{
    CHECKPOINT_BYTES_MAX, COSE_RECEIPT_BYTES_MAX, ENTRY_BYTES_MAX, GENESIS_BYTES_MAX,
    RECEIPT_BYTES_MAX, RECORD_BYTES_MAX, STATE_RECEIPT_BYTES_MAX, TILE_WIDTH,
};
use deedbook_schemas::party::PartyId;
use deedbook_schemas::state_receipt::{OBJECT_MEDIA_TYPE, TITLE_MEDIA_TYPE};
use deedbook_schemas::tile::{Tile, TileKind, decode_entries};
use serde::de::DeserializeOwned;

use super::{ApiError, Ask, Client};
use crate::drafting::bundle;

const TEXT: &str = "text/plain";
const BINARY: &str = "application/octet-stream";
const COSE: &str = "application/cose";
const COSE_SEQUENCE: &str = "application/cbor-seq";

/// Bytes of an entry bundle: 256 entries, each after two bytes of length.
const BUNDLE_TILE_BYTES_MAX: usize = TILE_WIDTH as usize * (ENTRY_BYTES_MAX + 2);

impl Client {
    async fn json<T: DeserializeOwned>(&self, ask: Ask) -> Result<T, ApiError> {
        let bytes = self.ask(&ask).await?;
        serde_json::from_slice(&bytes).map_err(|error| self.unreadable(&error.to_string()))
    }

    async fn text(&self, ask: Ask) -> Result<String, ApiError> {
        let bytes = self.ask(&ask).await?;
        String::from_utf8(bytes).map_err(|error| self.unreadable(&error.to_string()))
    }

    /// `POST /v1/records`: one record, or several as one atomic bundle. With `wait`, the node
    /// answers when all are final or the time is over. Safe to repeat.
    ///
    /// # Errors
    /// [`ApiError::Refused`] with the law's codes if the ledger does not take them.
    pub async fn submit(
        &self,
        records: &[Vec<u8>],
        wait: Option<Duration>,
    ) -> Result<SubmissionView, ApiError> {
        let content_type = if records.len() == 1 {
            COSE
        } else {
            COSE_SEQUENCE
        };
        self.json(Ask::post("/v1/records", content_type, bundle(records)?).wait(wait))
            .await
    }

    /// `GET /v1/records/{id}`. With `wait`, answers when the record is final or time is over.
    ///
    /// # Errors
    /// [`ApiError`]; 404 if the node does not know the record.
    pub async fn record(
        &self,
        id: &RecordId,
        wait: Option<Duration>,
    ) -> Result<RecordView, ApiError> {
        self.json(Ask::get(format!("/v1/records/{id}")).wait(wait))
            .await
    }

    /// The record's bytes.
    ///
    /// # Errors
    /// [`ApiError`]; 404 if the node does not know the record.
    pub async fn record_bytes(&self, id: &RecordId) -> Result<Vec<u8>, ApiError> {
        let ask = Ask::get(format!("/v1/records/{id}")).accept(COSE, RECORD_BYTES_MAX);
        self.ask(&ask).await
    }

    /// `POST /v1/drafts`: the bytes to sign for a draft, as the node computes them.
    ///
    /// # Errors
    /// [`ApiError::Refused`] if the draft is impossible.
    pub async fn draft(&self, request: &DraftRequest) -> Result<DraftView, ApiError> {
        let body =
            serde_json::to_vec(request).map_err(|error| ApiError::Setup(error.to_string()))?;
        self.json(Ask::post("/v1/drafts", "application/json", body))
            .await
    }

    /// `GET /v1/instruments/{id}`. With `wait`, answers when it is no longer pending or time is
    /// over.
    ///
    /// # Errors
    /// [`ApiError`]; 404 if there is no such instrument.
    pub async fn instrument(
        &self,
        id: &RecordId,
        wait: Option<Duration>,
    ) -> Result<InstrumentView, ApiError> {
        self.json(Ask::get(format!("/v1/instruments/{id}")).wait(wait))
            .await
    }

    /// `GET /v1/properties/{cadastral number}`.
    ///
    /// # Errors
    /// [`ApiError`]; 404 if there is no such title.
    pub async fn title(&self, cadastral_number: &str) -> Result<TitleView, ApiError> {
        self.json(Ask::get(format!(
            "/v1/properties/{}",
            segment(cadastral_number)
        )))
        .await
    }

    /// `GET /v1/powers/{id}`.
    ///
    /// # Errors
    /// [`ApiError`]; 404 if there is no such power.
    pub async fn power(&self, id: &RecordId) -> Result<PowerView, ApiError> {
        self.json(Ask::get(format!("/v1/powers/{id}"))).await
    }

    /// `GET /v1/consents/{id}`.
    ///
    /// # Errors
    /// [`ApiError`]; 404 if there is no such consent.
    pub async fn consent(&self, id: &RecordId) -> Result<ConsentView, ApiError> {
        self.json(Ask::get(format!("/v1/consents/{id}"))).await
    }

    /// `GET /v1/parties/{id}`.
    ///
    /// # Errors
    /// [`ApiError`]; 404 if there is no such party.
    pub async fn party(&self, id: &PartyId) -> Result<PartyView, ApiError> {
        self.json(Ask::get(format!("/v1/parties/{id}"))).await
    }

    /// `GET /v1/parties/{id}/accesses`: those behind the leaf `after`.
    ///
    /// # Errors
    /// [`ApiError`].
    pub async fn accesses(
        &self,
        id: &PartyId,
        after: Option<u64>,
    ) -> Result<AccessesView, ApiError> {
        let ask = Ask::get(format!("/v1/parties/{id}/accesses"));
        self.json(ask.query("after", after)).await
    }

    /// `GET /v1/receipts/{id}`: a `.tlog-proof`, unverified; `verified::verify_receipt` believes it
    /// or not. With `wait`, answers once enough validators have cosigned.
    ///
    /// # Errors
    /// [`ApiError`]; 404 if there is nothing to prove, 503 if it is not cosigned yet.
    pub async fn receipt(&self, id: &RecordId, wait: Option<Duration>) -> Result<String, ApiError> {
        self.witnessed_receipt(id, 0, wait).await
    }

    /// As [`Client::receipt`], and so many witnesses must have cosigned as well.
    ///
    /// # Errors
    /// As [`Client::receipt`]; 503 also if they have not.
    pub async fn witnessed_receipt(
        &self,
        id: &RecordId,
        witnesses: u8,
        wait: Option<Duration>,
    ) -> Result<String, ApiError> {
        let ask = Ask::get(format!("/v1/receipts/{id}")).accept(TEXT, RECEIPT_BYTES_MAX);
        let witnesses = (witnesses > 0).then_some(witnesses);
        self.text(ask.query("witnesses", witnesses).wait(wait))
            .await
    }

    /// `GET /v1/witnesses`: how the node's witnesses stand.
    ///
    /// # Errors
    /// [`ApiError`].
    pub async fn witnesses(&self) -> Result<WitnessesView, ApiError> {
        self.json(Ask::get("/v1/witnesses")).await
    }

    /// `GET /v1/certificates/{cadastral number}`: a `.deedbook-title`, unverified;
    /// `deedbook_schemas::title_certificate` believes it or not. With `wait`, answers once a signed
    /// checkpoint covers what is on the ledger now.
    ///
    /// # Errors
    /// [`ApiError`]; 503 if it is not cosigned yet.
    pub async fn title_certificate(
        &self,
        cadastral_number: &str,
        powers: &[RecordId],
        wait: Option<Duration>,
    ) -> Result<Vec<u8>, ApiError> {
        let path = format!("/v1/certificates/{}", segment(cadastral_number));
        let mut ask = Ask::get(path).accept(TITLE_MEDIA_TYPE, STATE_RECEIPT_BYTES_MAX);
        for power in powers {
            ask = ask.query("power", Some(power));
        }
        self.ask(&ask.wait(wait)).await
    }

    /// `GET /v1/state/{key}`: what one key of the state holds, with its proof, unverified;
    /// `deedbook_schemas::state_receipt` believes it or not.
    ///
    /// # Errors
    /// [`ApiError`]; 503 if it is not cosigned yet.
    pub async fn state_receipt(
        &self,
        key: &[u8],
        wait: Option<Duration>,
    ) -> Result<Vec<u8>, ApiError> {
        let ask = Ask::get(format!("/v1/state/{}", hex::encode(key)));
        let ask = ask.accept(OBJECT_MEDIA_TYPE, STATE_RECEIPT_BYTES_MAX);
        self.ask(&ask.wait(wait)).await
    }

    /// `GET /entries/{id}` (SCRAPI): a COSE receipt of the record's own leaf, unverified;
    /// `verified::scitt` believes it or not. With `wait`, answers once the log has signed.
    ///
    /// # Errors
    /// [`ApiError`]; 404 if the node does not know the record, 302 if it is not on the ledger yet.
    pub async fn cose_receipt(
        &self,
        id: &RecordId,
        wait: Option<Duration>,
    ) -> Result<Vec<u8>, ApiError> {
        let ask = Ask::get(format!("/entries/{id}")).accept(COSE, COSE_RECEIPT_BYTES_MAX);
        self.ask(&ask.wait(wait)).await
    }

    /// `GET /v1/log/checkpoint`: the signed checkpoint, unverified.
    ///
    /// # Errors
    /// [`ApiError`].
    pub async fn checkpoint(&self) -> Result<String, ApiError> {
        self.text(Ask::get("/v1/log/checkpoint").accept(TEXT, CHECKPOINT_BYTES_MAX))
            .await
    }

    /// `GET /v1/log/tile/…`: a hash tile or entry bundle, unverified.
    ///
    /// # Errors
    /// [`ApiError`]; 404 if the log is not that long.
    pub async fn tile(&self, tile: &Tile) -> Result<Vec<u8>, ApiError> {
        let ask = Ask::get(format!("/v1/log/{tile}")).accept(BINARY, BUNDLE_TILE_BYTES_MAX);
        self.ask(&ask).await
    }

    /// The entries of bundle `index` in a log of `size` leaves; none if it is not that long.
    ///
    /// # Errors
    /// [`ApiError`], also if the bundle has another number of entries.
    pub async fn entries(&self, index: u64, size: u64) -> Result<Vec<Vec<u8>>, ApiError> {
        let Some(tile) = Tile::of_tree(TileKind::Entries, index, size) else {
            return Ok(Vec::new());
        };
        let bytes = self.tile(&tile).await?;
        let entries = decode_entries(&bytes, tile.width)
            .map_err(|error| self.unreadable(&error.to_string()))?;
        Ok(entries.into_iter().map(<[u8]>::to_vec).collect())
    }

    /// `GET /v1/blocks/{height}`.
    ///
    /// # Errors
    /// [`ApiError`]; 404 if there is no such block, or it was empty and is forgotten.
    pub async fn block(&self, height: Height) -> Result<BlockView, ApiError> {
        self.json(Ask::get(format!("/v1/blocks/{height}"))).await
    }

    /// `GET /v1/genesis`, as the node tells it.
    ///
    /// # Errors
    /// [`ApiError`].
    pub async fn genesis(&self) -> Result<Genesis, ApiError> {
        self.json(Ask::get("/v1/genesis").accept("application/json", GENESIS_BYTES_MAX))
            .await
    }

    /// `GET /v1/health`.
    ///
    /// # Errors
    /// [`ApiError`].
    pub async fn health(&self) -> Result<Health, ApiError> {
        self.json(Ask::get("/v1/health")).await
    }
}

/// Text as one segment of a path.
fn segment(text: &str) -> String {
    let mut segment = String::new();
    for byte in text.bytes() {
        if byte.is_ascii_alphanumeric() || matches!(byte, b'-' | b'_' | b'.' | b'~') {
            segment.push(char::from(byte));
        } else {
            segment.push_str(&format!("%{byte:02X}"));
        }
    }
    segment
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn a_cadastral_number_is_one_segment_of_the_path() {
        assert_eq!(segment("20-315/7:4?"), "20-315%2F7%3A4%3F");
        let mut url = reqwest::Url::parse("http://node.example").unwrap();
        url.set_path(&format!("/v1/properties/{}", segment("a/b")));
        assert_eq!(url.as_str(), "http://node.example/v1/properties/a%2Fb");
    }
}
